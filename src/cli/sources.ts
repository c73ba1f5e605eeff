/** `sources`: what brings data in from outside. Looks at it, declares it, stops it, lets it go on. */

import { Argument, type Command } from "commander";
import { problemOf } from "../client/problem.ts";
import { withExamples } from "./examples.ts";
import { UsageError } from "./failure.ts";
import { jsonOf } from "./input.ts";
import { ask } from "./question.ts";
import { type Session, acting } from "./session.ts";
import { note, print, printPretty, printTable, shown, toJson } from "./terminal.ts";

interface Source {
  readonly name: string;
  readonly kind: string;
  readonly to: string;
  readonly status?: string;
  readonly position?: string;
  readonly lag?: { readonly entries?: number; readonly bytes?: number; readonly seconds?: number };
  readonly appended?: number;
  readonly lastError?: { readonly message: string; readonly change?: string };
  readonly problem?: string;
  readonly warning?: string;
}

interface Flags {
  readonly change?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

const ACTIONS: Readonly<Record<string, (session: Session, name: string, definition: string | undefined, flags: Flags) => Promise<void>>> = {
  show: async (session, name) => printOne(await sourceOf(session, name), session),
  put,
  delete: remove,
  pause: (session, name) => act(session, name, "pause"),
  resume: (session, name) => act(session, name, "resume"),
  retry: (session, name) => act(session, name, "retry"),
  skip,
  reset,
};
const NAMES = ["list", ...Object.keys(ACTIONS)];

export function addSourceCommands(program: Command): void {
  withExamples(
    program
      .command("sources")
      .addArgument(new Argument("[action]", "what to do").choices(NAMES).default("list"))
      .argument("[source]", "its name")
      .argument("[definition]", "for put: JSON, or - for stdin")
      .description("what brings data in from outside: looks at it, declares it, stops it, lets it go on")
      .option("--change <position>", "skip: the position of the change; without it the one that the source fails at")
      .option("--dry-run", "put: only checks the definition")
      .option("--yes", "does not ask first: for scripts")
      .action(acting(sources)),
    "sources",
    "sources show stock-table",
    "sources put stock-table - < stock-table.json",
    "sources pause stock-table",
    "sources skip stock-table --yes",
  );
}

async function sources(session: Session, [action, name, definition]: [string, string?, string?], flags: Flags): Promise<void> {
  if (action !== "put" && definition !== undefined) throw new UsageError(`\`sources ${action}\` takes no definition`);
  const run = ACTIONS[action];
  if (run) {
    if (name === undefined) throw new UsageError(`which source? headspring sources ${action} <source>`);
    return run(session, name, definition, flags);
  }
  if (name !== undefined) throw new UsageError("`sources list` takes no name; `sources show` does");
  const all = (await session.connection.send("/sources")).body.sources as readonly Source[];
  if (session.isJson) for (const one of all) print(toJson(one));
  else if (all.length === 0) note("no sources");
  else printTable(all.map(summaryOf));
}

function summaryOf({ name, kind, to, status, position, lag, lastError, problem }: Source): Record<string, unknown> {
  return { name, kind, to, status: status ?? "?", position, lag: lagOf(lag), "last error": problem ?? lastError?.message };
}

function lagOf({ entries, bytes, seconds }: NonNullable<Source["lag"]> = {}): string {
  const known = [
    entries === undefined ? "" : `${entries} changes`,
    bytes === undefined ? "" : `${bytes} bytes`,
    seconds === undefined ? "" : `${Math.round(seconds)} s`,
  ];
  return known.filter(Boolean).join(", ");
}

function pathOf(name: string, rest = ""): string {
  return `/sources/${encodeURIComponent(name)}${rest}`;
}

async function sourceOf({ connection }: Session, name: string): Promise<Source> {
  return (await connection.send(pathOf(name))).body as Source;
}

function printOne(value: object, { isJson }: Session): void {
  if (isJson) print(toJson(value));
  else printPretty(value);
}

async function put(session: Session, name: string, definition: string | undefined, { dryRun }: Flags): Promise<void> {
  if (definition === undefined) throw new UsageError("which definition? JSON, or - for stdin");
  const response = await session.connection.open(pathOf(name, dryRun ? "?dryRun=true" : ""), { method: "PUT", body: jsonOf(definition) });
  if (!response.ok) throw await problemOf(response);
  printOne(await response.json<object>(), session);
}

async function remove(session: Session, name: string, _definition: string | undefined, { yes }: Flags): Promise<void> {
  await ask(`Delete ${shown(name)}, and what was made for it outside? What it has stored stays.`, yes);
  const response = await session.connection.open(pathOf(name), { method: "DELETE" });
  if (!response.ok) throw await problemOf(response);
  if (response.status === 204) return note(`${shown(name)} is deleted`);
  const { left } = await response.json<{ left: string }>();
  if (session.isJson) print(toJson({ left }));
  else note(shown(`${name} is deleted, but something is left outside: ${left}`));
}

/** Once: what a second call would do is for the person to decide. */
async function act(session: Session, name: string, action: string, body: object = {}): Promise<void> {
  const response = await session.connection.open(pathOf(name, `/${action}`), { method: "POST", body });
  if (!response.ok) throw await problemOf(response);
  const after = await response.json<Source>();
  if (session.isJson) return print(toJson(after));
  printTable([summaryOf(after)]);
  if (after.warning !== undefined) note(shown(after.warning));
}

async function skip(session: Session, name: string, _definition: string | undefined, { change, yes }: Flags): Promise<void> {
  const { lastError } = await sourceOf(session, name);
  const failed = change ?? lastError?.change;
  if (failed === undefined) throw new UsageError(`${name} fails at no change; --change names one`);
  if (!yes && lastError?.change === failed) note(shown(`the change at ${failed} cannot be stored: ${lastError.message}`));
  await ask(`Make ${shown(name)} pass over the change at ${shown(failed)} for good?`, yes);
  await act(session, name, "skip", { change: failed });
}

async function reset(session: Session, name: string, _definition: string | undefined, { yes }: Flags): Promise<void> {
  await ask(`Make ${shown(name)} read everything outside again? What it has stored before is not stored twice.`, yes);
  await act(session, name, "reset");
}
