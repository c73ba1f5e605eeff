/** Compares the code's views with those that the store has: which are new, gone, or built again, and from how many events. */

import { isDeepStrictEqual } from "node:util";
import type { Deployed, DeployedView } from "./deployed.ts";
import { type Finding, listed } from "./finding.ts";
import { type Follows, eventsFor } from "./followed-events.ts";
import type { Inspected } from "./inspect.ts";
import type { Stored } from "./stored.ts";

type View = Inspected["views"][number];

const BUILDS = "in the background, from the first event, query or cron run (every five minutes) after the deployment";

/** What is different about views. */
export function compareViews(code: Inspected, deployed: Deployed, stored: Stored): Finding[] {
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
