/** What becomes of stored categories and events under other code. */

import { incompatibility } from "../../schemas/schema-change.ts";
import { schemaIssues } from "../../schemas/schema-check.ts";
import type { JsonSchema } from "../../schemas/json-schema.ts";
import { openly } from "../../schemas/openly.ts";
import type { Deployed, DeployedCategory } from "./deployed.ts";
import { type Finding, counted, listed } from "./finding.ts";
import type { Inspected } from "./inspect.ts";
import type { Stored, Unreadable } from "./stored.ts";

type Category = Inspected["categories"][number];

/** What may be stored although the part of the log that was read does not have it. */
export interface Elsewhere {
  streams(category: string): Promise<boolean>;
  events(category: string, type: string): Promise<boolean | undefined>;
}

export async function compareCategories(app: Inspected, deployed: Deployed, stored: Stored, elsewhere: Elsewhere): Promise<Finding[]> {
  const own = new Map(app.categories.map((one) => [one.name, one]));
  const before = new Map(deployed.categories.flatMap((one) => (one.origin === "code" ? [[one.name, one]] : [])));
  const processes = new Set(deployed.processors.map(({ name }) => name));
  const findings: Finding[] = stored.unreadable.map(unreadable);
  const isUnreadable = (category: string, type: string) => stored.unreadable.some((one) => one.category === category && one.type === type);
  for (const { name, kind, events } of before.values()) {
    const now = own.get(name);
    if (now === undefined) {
      // A process that is gone is reported as a consumer.
      if (!processes.has(name)) findings.push(removedCategory(name, kind, await elsewhere.streams(name)));
      continue;
    }
    if (now.kind !== kind) findings.push(otherKind(now, kind, await elsewhere.streams(name)));
    const versions = new Map(now.events.map(({ type, schemaVersion }) => [type, schemaVersion]));
    for (const { type, schemaVersion = 1 } of events) {
      if (isOurs(type) || isUnreadable(name, type)) continue;
      const known = versions.get(type);
      if (known === undefined) findings.push(await removedType(now, type, stored, elsewhere));
      else if (known < schemaVersion) findings.push(lowerVersion(name, type, known, schemaVersion));
    }
  }
  for (const category of app.categories) {
    const found = deployed.category(category.name);
    if (found === "retired") findings.push(retired(category.name));
    else if (found !== undefined) findings.push(...(await compared(category, found, before.get(category.name)?.commands)));
  }
  return findings;

  async function compared(now: Category, found: DeployedCategory, commands: readonly string[] = []): Promise<Finding[]> {
    const others: Finding[] = [];
    if (found.origin === "api" && now.kind === "aggregate") others.push(declaredOverHttp(now.name));
    else if (found.removed && found.kind !== now.kind) others.push(otherKind(now, found.kind, await elsewhere.streams(now.name)));
    if (now.kind === "plain" && found.kind === "plain" && !found.removed && found.key !== now.key)
      others.push(otherKey(now.name, found.key, now.key));
    const gone = commands.filter((command) => now.kind === "aggregate" && !("commands" in now && now.commands?.includes(command)));
    if (gone.length > 0) others.push(goneCommands(now.name, gone));
    if (found.origin === "api") {
      const types = new Set(now.events.map(({ type }) => type));
      for (const type of Object.keys(found.events ?? {}))
        if (!types.has(type)) others.push(await removedType(now, type, stored, elsewhere));
    }
    for (const { eventType, version, schema } of now.schemas) {
      const old = Object.hasOwn(found.events ?? {}, eventType) ? found.events?.[eventType] : undefined;
      if (old === undefined || versionIn(old) !== version || isUnreadable(now.name, eventType)) continue;
      const stricter = stricterThan(old, schema);
      if (stricter) others.push(stricterSchema(now.name, eventType, stricter, stored));
    }
    return others;
  }
}

/** The store's own event types. */
function isOurs(type: string): boolean {
  return type.startsWith("$");
}

function versionIn(schema: unknown): number {
  const version = typeof schema === "object" && schema !== null && "x-version" in schema ? schema["x-version"] : 1;
  return typeof version === "number" ? version : 1;
}

function stricterThan(old: unknown, text: string): { readonly path: string; readonly reason: string } | undefined {
  const next = openly(JSON.parse(text) as JsonSchema);
  if (schemaIssues(old).length > 0 || schemaIssues(next).length > 0) return undefined;
  return incompatibility(old as JsonSchema, next);
}

const ADD_VERSION =
  "Declare the new schema as a further version, upcast(earlier, next, lift): docs/commands.md, Versions of an event type.";

function unreadable({ category, type, kind, count, first, path, what }: Unreadable): Finding {
  const { stream, version, position } = first;
  const about = `${category}/${type}`;
  const details = { events: count, stream, version, position, schemaVersion: first.schemaVersion, ...(path === "" ? {} : { path }) };
  const where = `the first is ${stream}@${version} at position ${position}`;
  const events = counted(count, `stored ${type} event`);
  switch (kind) {
    case "misfit":
      return {
        severity: "breaks",
        code: "event-does-not-fit",
        about,
        what: `${events} of ${category} ${count === 1 ? "does" : "do"} not fit the schema of the code: ${where}, ${what}`,
        remedy: ADD_VERSION,
        details,
      };
    case "upcast":
      return {
        severity: "breaks",
        code: "upcast-fails",
        about,
        what: `${events} of ${category} cannot be lifted: ${where}, ${what}`,
        remedy: "What needs such an event would stop at it. Make the upcast take everything that was stored with the earlier schema.",
        details,
      };
    case "newer":
      return {
        severity: "breaks",
        code: "event-version-newer",
        about,
        what: `${events} of ${category} ${count === 1 ? "was" : "were"} stored by newer code: ${where}, which ${what}`,
        remedy: "Aggregates and consumers of this code would wait there for newer code. Deploy code that has the version.",
        details,
      };
  }
}

function removedCategory(name: string, kind: string, hasStreams: boolean): Finding {
  const follows =
    kind === "aggregate"
      ? "commands to it become 404 unknown-aggregate, and timers of its streams fail and are tried again for as long as they are stored"
      : "appends to it become 409 category-was-in-code, until it is declared over HTTP";
  return {
    severity: hasStreams ? "breaks" : "note",
    code: "category-removed",
    about: name,
    what: `the code no longer has the ${kind === "aggregate" ? "aggregate" : "category"} ${name}, which ${hasStreams ? "has" : "has no"} stored streams${hasStreams ? `: ${follows}. Its events can still be read` : ""}`,
    remedy:
      "A renamed category is another one: keep the name that is stored. If it is meant, --allow category-removed:" + name + " passes it.",
  };
}

function otherKind(now: Category, before: string, hasStreams: boolean): Finding {
  const [were, are] = [before, now.kind].map((kind) => (kind === "aggregate" ? "an aggregate" : "a plain category"));
  const follows =
    now.kind === "aggregate"
      ? "appends become 409 category-has-rules, and its rules fold events that they have not decided"
      : "anybody with the right to write appends to its streams without its rules, and its timers never fire";
  return {
    severity: hasStreams ? "breaks" : "note",
    code: "category-kind-changed",
    about: now.name,
    what: `${now.name} is ${were} in the store, and ${are} in the code: ${follows}`,
    remedy: "Give the new one another name.",
  };
}

function otherKey(name: string, before: string | undefined, now: string | undefined): Finding {
  const said = (key: string | undefined) => (key === undefined ? "without a key" : `by \`${key}\``);
  return {
    severity: "breaks",
    code: "category-key-changed",
    about: name,
    what: `facts of ${name} name their stream ${said(now)}, and so far ${said(before)}: what is sent from now on goes to other streams`,
    remedy: "Keep the key, or give the category another name.",
  };
}

async function removedType(now: Category, type: string, stored: Stored, elsewhere: Elsewhere): Promise<Finding> {
  const { name, kind } = now;
  const count = stored.count(name, type);
  const has = count > 0 || (stored.isWhole ? false : await elsewhere.events(name, type));
  const many = count > 0 && stored.isWhole ? counted(count, `stored ${type} event`) : `stored ${type} events`;
  const follows =
    kind === "aggregate"
      ? "`evolve` passes them by, so states differ from what they were, without an error"
      : "appends of the type are refused, and handlers cannot follow it any more";
  const what =
    has === false
      ? `the code no longer has the event type ${type} of ${name}, of which there is no stored event`
      : `${name} has ${has === undefined ? "perhaps " : ""}${many}, which the code no longer declares: ${follows}`;
  return {
    severity: has === false ? "note" : "breaks",
    code: "event-type-removed",
    about: `${name}/${type}`,
    what,
    remedy: `Keep the type and its handler in \`evolve\`, even if nothing makes it any more. A renamed type is another one.`,
    ...(count > 0 ? { details: { events: count } } : {}),
  };
}

function lowerVersion(name: string, type: string, known: number, deployed: number): Finding {
  return {
    severity: "breaks",
    code: "event-version-lower",
    about: `${name}/${type}`,
    what: `${type} of ${name} has version ${known} in the code, and ${deployed} in the store: what is stored as a newer version cannot be read`,
    remedy: "Keep the earlier versions with upcast: a version is never taken back.",
  };
}

function retired(name: string): Finding {
  return {
    severity: "breaks",
    code: "category-retired",
    about: name,
    what: `${name} was retired over HTTP, for good, and the code declares it: its streams could be read and written again`,
    remedy: "Take another name.",
  };
}

function declaredOverHttp(name: string): Finding {
  return {
    severity: "breaks",
    code: "category-declared-over-http",
    about: name,
    what: `${name} is a category that was declared over HTTP, and an aggregate in the code: appends become 409 category-has-rules, and its rules fold events that they have not decided`,
    remedy: "Give the aggregate another name.",
  };
}

function goneCommands(name: string, commands: readonly string[]): Finding {
  return {
    severity: "note",
    code: "command-removed",
    about: name,
    what: `${name} no longer has ${commands.length === 1 ? "the command" : "the commands"} ${listed(commands)}: clients get 404 unknown-command, and timers that send ${commands.length === 1 ? "it" : "them"} fail and are tried again`,
    remedy: "A command that stored timers may send can stay as an `internal` one.",
  };
}

function stricterSchema(name: string, type: string, { path, reason }: { path: string; reason: string }, stored: Stored): Finding {
  const count = stored.count(name, type);
  const read =
    count === 0
      ? "none of its events was read"
      : `${counted(count, "event")} that ${count === 1 ? "was" : "were"} read ${count === 1 ? "fits" : "fit"} it`;
  return {
    severity: "note",
    code: "schema-stricter",
    about: `${name}/${type}`,
    what: `the schema of ${type} of ${name} accepts less than the store's: ${path} (${reason}). ${read.charAt(0).toUpperCase()}${read.slice(1)}`,
    remedy: `The store logs it, and GET /streams/${name} has it as incompatible. ${ADD_VERSION}`,
    details: { path },
  };
}
