/** Compares the code's processors with those that the store has: which are new, gone, renamed, or follow more. */

import { isDeepStrictEqual } from "node:util";
import type { Deployed } from "./deployed.ts";
import { type Finding, listed } from "./finding.ts";
import { eventsFor } from "./followed-events.ts";
import type { Inspected } from "./inspect.ts";
import type { Stored } from "./stored.ts";

type Processor = Inspected["processors"][number];

/** What is different about processors. */
export function compareProcessors(code: Inspected, deployed: Deployed, stored: Stored): Finding[] {
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
