/** Compares the code's views, processors and webhooks with those that the store has. */

import { isDeepStrictEqual } from "node:util";
import type { Deployed, DeployedView } from "./deployed.ts";
import { type Finding, counted, listed } from "./finding.ts";
import type { Inspected } from "./inspect.ts";
import type { Stored } from "./stored.ts";

type View = Inspected["views"][number];
type Processor = Inspected["processors"][number];
type Follows = readonly { readonly category: string; readonly types: readonly string[] }[];

/** Ids of webhooks that were added over HTTP begin with it. */
const ADDED = "wh_";

export function compareConsumers(code: Inspected, deployed: Deployed, stored: Stored): Finding[] {
  return [...compareViews(code, deployed, stored), ...compareProcessors(code, deployed, stored), ...compareWebhooks(code, deployed)];
}

/** How many events a consumer would read from the beginning on. */
function eventsFor(follows: Follows, stored: Stored, head: number): { readonly events: number; readonly said: string } {
  if (!stored.isWhole) return { events: head, said: `up to ${counted(head, "event")}` };
  const events = follows
    .flatMap(({ category, types }) => types.map((type) => stored.count(category, type)))
    .reduce((sum, one) => sum + one, 0);
  return { events, said: counted(events, "event") };
}

const BUILDS = "in the background, from the first event, query or cron run (every five minutes) after the deployment";

function compareViews(code: Inspected, deployed: Deployed, stored: Stored): Finding[] {
  const own = new Map(code.views.map((view) => [view.name, view]));
  const known = new Set(deployed.views.map(({ name }) => name));
  const findings: Finding[] = [];
  for (const before of deployed.views) {
    const now = own.get(before.name);
    if (now === undefined) findings.push(removedView(before.name));
    else findings.push(...changedView(before, now, deployed, code, stored));
  }
  for (const { name, follows } of code.views) {
    const { events, said } = eventsFor(follows, stored, deployed.head);
    if (known.has(name) || events === 0) continue;
    findings.push({
      severity: "costs",
      code: "view-new",
      about: name,
      what: `the view ${name} is new: it is built from ${said}, ${BUILDS}`,
      remedy: `Queries with minPosition wait for it; \`headspring consumers ${name}\` shows how far it is.`,
      details: { events },
    });
  }
  return findings;
}

function removedView(name: string): Finding {
  return {
    severity: "breaks",
    code: "view-removed",
    about: name,
    what: `the code no longer has the view ${name}: queries become 404 unknown-view, and an hour after the cron has noticed, its tables and checkpoint are dropped`,
    remedy: `A renamed view is another one, and is built from the first event on. If it is meant, --allow view-removed:${name} passes it.`,
  };
}

function changedView(before: DeployedView, now: View, deployed: Deployed, code: Inspected, stored: Stored): Finding[] {
  const changes = [
    ...(before.key === now.key ? [] : [`the key is \`${now.key}\` instead of \`${before.key}\``]),
    ...columnChanges(before.row, now.rows),
    ...sourceChanges(before.follows, now.follows),
    ...liftChanges(now.follows, deployed, code),
  ];
  if (changes.length === 0) return [];
  const { events, said } = eventsFor(now.follows, stored, deployed.head);
  return [
    {
      severity: "costs",
      code: "view-changed",
      about: now.name,
      what: `the view ${now.name} has changed (${changes.join("; ")}): it is built again from ${said}, ${BUILDS}. Until then the rows of the present code answer, marked as stale`,
      remedy: `Clients must be able to read both forms. \`headspring consumers ${now.name}\` shows how far it is.`,
      details: { events, changes },
    },
  ];
}

function columnChanges(before: Readonly<Record<string, unknown>>, rows: Readonly<Record<string, unknown>>): string[] {
  const now = JSON.parse(JSON.stringify(rows)) as Readonly<Record<string, unknown>>; // as it would arrive
  const [old, next] = [propertiesIn(before), propertiesIn(now)];
  const added = Object.keys(next).filter((name) => !Object.hasOwn(old, name));
  const gone = Object.keys(old).filter((name) => !Object.hasOwn(next, name));
  const other = Object.keys(next).filter((name) => Object.hasOwn(old, name) && !isDeepStrictEqual(old[name], next[name]));
  const changes = [
    ...(added.length === 0 ? [] : [`new columns ${listed(added)}`]),
    ...(gone.length === 0 ? [] : [`without ${listed(gone)}`]),
    ...(other.length === 0 ? [] : [`another schema of ${listed(other)}`]),
  ];
  return changes.length > 0 || isDeepStrictEqual(before, now) ? changes : ["another schema of its rows"];
}

function propertiesIn({ properties }: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return typeof properties === "object" && properties !== null ? { ...properties } : {};
}

function sourceChanges(before: Follows, now: Follows): string[] {
  const [old, next] = [before, now].map(
    (follows) => new Set(follows.flatMap(({ category, types }) => types.map((type) => `${category}/${type}`))),
  );
  const added = [...next!].filter((one) => !old!.has(one));
  const gone = [...old!].filter((one) => !next!.has(one));
  return [
    ...(added.length === 0 ? [] : [`it also handles ${listed(added)}`]),
    ...(gone.length === 0 ? [] : [`it no longer handles ${listed(gone)}`]),
  ];
}

/** A new version of an event type gives older events another form. */
function liftChanges(follows: Follows, deployed: Deployed, code: Inspected): string[] {
  const [old, next] = [versionsIn(deployed.categories), versionsIn(code.categories)];
  const lifted = follows
    .flatMap(({ category, types }) => types.map((type) => `${category}/${type}`))
    .filter((one) => old.has(one) && next.get(one)! > old.get(one)!);
  return lifted.length === 0 ? [] : [`a new version of ${listed(lifted)}`];
}

function versionsIn(
  categories: readonly { readonly name: string; readonly events: readonly { type: string; schemaVersion?: number | undefined }[] }[],
): Map<string, number> {
  return new Map(categories.flatMap(({ name, events }) => events.map(({ type, schemaVersion = 1 }) => [`${name}/${type}`, schemaVersion])));
}

function compareProcessors(code: Inspected, deployed: Deployed, stored: Stored): Finding[] {
  const own = new Map(code.processors.map((one) => [one.name, one]));
  const known = new Map(deployed.processors.map((one) => [one.name, one]));
  const news = code.processors.filter(({ name }) => !known.has(name));
  const renamed = new Set<string>();
  const findings: Finding[] = [];
  for (const before of deployed.processors) {
    const now = own.get(before.name);
    if (now) {
      findings.push(...followsMore(before, now, deployed));
      continue;
    }
    const position = deployed.consumers.get(before.name)?.position;
    const next = news.find((one) => !renamed.has(one.name) && isLike(before, one));
    if (next) renamed.add(next.name);
    findings.push(next ? renamedProcessor(before.name, next, position, deployed, stored) : removedProcessor(before, position, deployed));
  }
  for (const one of news) {
    const { events, said } = eventsFor(one.follows, stored, deployed.head);
    if (renamed.has(one.name) || one.start === "head" || events === 0) continue;
    findings.push({
      severity: "costs",
      code: "processor-new",
      about: one.name,
      what: `the processor ${one.name} is new: it reacts to ${said} from the beginning of the log on`,
      remedy: 'If only what comes from now on concerns it, say so: start: "head".',
      details: { events },
    });
  }
  return findings;
}

function isLike(before: Deployed["processors"][number], now: Processor): boolean {
  return isDeepStrictEqual(bare(before), bare(now));
}

/** Without its name, which a process also has among what it emits to and follows. */
function bare({ name, kind, follows, emits }: Deployed["processors"][number] | Processor): unknown {
  return JSON.parse(JSON.stringify({ kind, follows, emits: emits ?? null }).replaceAll(JSON.stringify(name), '"$own"'));
}

function renamedProcessor(before: string, now: Processor, position: number | undefined, deployed: Deployed, stored: Stored): Finding {
  const { events, said } = eventsFor(now.follows, stored, deployed.head);
  const process = now.kind === "saga" || now.kind === "process-manager" ? `. The instances of ${before} get no input any more` : "";
  const follows =
    now.start === "head"
      ? `it begins with what comes after the deployment${position === undefined ? "" : `, not after position ${position}`}`
      : `it runs ${said} again, from the beginning of the log on, and the store does not recognise what ${before} has done`;
  return {
    severity: "breaks",
    code: "processor-renamed",
    about: before,
    what: `the processor ${before} is now called ${now.name}, for the store another one: ${follows}${process}`,
    remedy: `Keep the name ${before}: names of processors are stored.`,
    details: { now: now.name, ...(now.start === "head" ? {} : { events }) },
  };
}

function removedProcessor({ name, kind }: { name: string; kind: string }, position: number | undefined, { head }: Deployed): Finding {
  const waiting =
    position === undefined || position >= head ? "" : `, and it has yet to process the log after position ${position} (head ${head})`;
  const process =
    kind === "saga" || kind === "process-manager"
      ? " Its instances stop where they are: they take no input, and their timers fail and are tried again."
      : "";
  return {
    severity: "breaks",
    code: "processor-removed",
    about: name,
    what: `the code no longer has the ${kind.replace("-", " ")} ${name}${waiting}: nothing reacts in its place. Its checkpoint stays: if it comes back, it continues there.${process}`.replace(
      /\.$/,
      "",
    ),
    remedy: `A renamed processor is another one. If it is meant, --allow processor-removed:${name} passes it.`,
    details: position === undefined ? {} : { position, head },
  };
}

function followsMore(before: Deployed["processors"][number], now: Processor, { consumers }: Deployed): Finding[] {
  const old = new Set(before.follows.flatMap(({ category, types }) => types.map((type) => `${category}/${type}`)));
  const added = now.follows.flatMap(({ category, types }) => types.map((type) => `${category}/${type}`)).filter((one) => !old.has(one));
  const position = consumers.get(now.name)?.position;
  if (added.length === 0 || position === undefined || position === 0) return [];
  return [
    {
      severity: "note",
      code: "processor-follows-more",
      about: now.name,
      what: `the processor ${now.name} also handles ${listed(added)}: from position ${position} on, and not what is stored before`,
      remedy: `\`headspring reset ${now.name}\` lets it begin again; what it has done already is recognised for 30 days.`,
      details: { position, types: added },
    },
  ];
}

function compareWebhooks(code: Inspected, deployed: Deployed): Finding[] {
  return [...deployed.consumers].flatMap(([name, { kind, position }]): Finding[] =>
    kind !== "webhook" || name.startsWith(ADDED) || code.webhooks.includes(name)
      ? []
      : [
          {
            severity: "breaks",
            code: "webhook-removed",
            about: name,
            what: `the code no longer has the webhook ${name}, which is switched on there: nothing is sent any more, and what waits or is parked stays where it is. Its object keeps its place (position ${position}): if it comes back, it continues there`,
            remedy: `A renamed webhook is another one. If it is meant, --allow webhook-removed:${name} passes it.`,
            details: { position },
          },
        ],
  );
}
