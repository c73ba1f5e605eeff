/** The findings about categories and their events, as sentences: what was found, what follows from it, and what to do. */

import { type Finding, counted, listed } from "./finding.ts";
import type { Inspected } from "./inspect.ts";
import type { Stored, Unreadable } from "./stored.ts";

export type Category = Inspected["categories"][number];

/** What may be stored although the part of the log that was read does not have it. */
export interface Elsewhere {
  streams(category: string): Promise<boolean>;
  events(category: string, type: string): Promise<boolean | undefined>;
}

const ADD_VERSION =
  "Declare the new schema as a further version, upcast(earlier, next, lift): docs/commands.md, Versions of an event type.";

export function unreadable({ category, type, kind, count, first, path, what }: Unreadable): Finding {
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
    case "evolve":
      return {
        severity: "breaks",
        code: "evolve-throws",
        about,
        what: `${counted(count, "stream")} of ${category} could not be loaded any more: ${where}, a ${type}, at which ${what}`,
        remedy: "Commands to such a stream would be 500 command-failed. `evolve` takes everything that is stored, and never throws.",
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

export function removedCategory(name: string, kind: string, hasStreams: boolean): Finding {
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

export function otherKind(now: Category, before: string, hasStreams: boolean): Finding {
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

export function otherKey(name: string, before: string | undefined, now: string | undefined): Finding {
  return {
    severity: "breaks",
    code: "category-key-changed",
    about: name,
    what: `facts of ${name} name their stream ${byKey(now)}, and so far ${byKey(before)}: what is sent from now on goes to other streams`,
    remedy: "Keep the key, or give the category another name.",
  };
}

function byKey(key: string | undefined): string {
  return key === undefined ? "without a key" : `by \`${key}\``;
}

export async function removedType(now: Category, type: string, stored: Stored, elsewhere: Elsewhere): Promise<Finding> {
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

export function lowerVersion(name: string, type: string, known: number, deployed: number): Finding {
  return {
    severity: "breaks",
    code: "event-version-lower",
    about: `${name}/${type}`,
    what: `${type} of ${name} has version ${known} in the code, and ${deployed} in the store: what is stored as a newer version cannot be read`,
    remedy: "Keep the earlier versions with upcast: a version is never taken back.",
  };
}

export function retired(name: string): Finding {
  return {
    severity: "breaks",
    code: "category-retired",
    about: name,
    what: `${name} was retired over HTTP, for good, and the code declares it: its streams could be read and written again`,
    remedy: "Take another name.",
  };
}

export function declaredOverHttp(name: string): Finding {
  return {
    severity: "breaks",
    code: "category-declared-over-http",
    about: name,
    what: `${name} is a category that was declared over HTTP, and an aggregate in the code: appends become 409 category-has-rules, and its rules fold events that they have not decided`,
    remedy: "Give the aggregate another name.",
  };
}

export function goneCommands(name: string, commands: readonly string[]): Finding {
  return {
    severity: "note",
    code: "command-removed",
    about: name,
    what: `${name} no longer has ${commands.length === 1 ? "the command" : "the commands"} ${listed(commands)}: clients get 404 unknown-command, and timers that send ${commands.length === 1 ? "it" : "them"} fail and are tried again`,
    remedy: "A command that stored timers may send can stay as an `internal` one.",
  };
}

export function stricterSchema(name: string, type: string, { path, reason }: { path: string; reason: string }, stored: Stored): Finding {
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
