/** What the word at the cursor may become: commands, options, and names of the store that the line talks to. */

import type { Command, Option } from "commander";
import { Connection } from "../../client/connection.ts";
import { type Name, Names } from "./names.ts";
import { type Typed, typedIn } from "./words.ts";

/** Milliseconds that a store has to answer, unless the environment says otherwise. Ours: a person who presses the key waits no longer. */
const PATIENCE_MS = 1_000;
const PATIENCE_VARIABLE = "HEADSPRING_COMPLETION_MS";
/** Candidates that are shown. Ours. */
const SHOWN = 200;
/** Characters of a description. Ours: two columns fit on a line. */
const DESCRIPTION_CHARACTERS = 60;

/** Completed by the shell itself. */
export const FILES = ":files";

/** A shell takes these as they are. A store's names that have others are not offered: a line must not become another command. */
const HARMLESS = /^[\p{L}\p{N}_.][\p{L}\p{N}_.:/@+,-]*=?$/u;

/**
 * Lines of `word\tdescription`, or {@link FILES}.
 *
 * @param patienceMs how long the store has to answer
 */
export async function candidatesFor(program: Command, words: readonly string[], patienceMs = patience()): Promise<string[]> {
  const line = typedIn(program, words);
  if (line === undefined) return [];
  const typed = lastOfList(line);
  const { current, prefix } = typed;
  const found = await namesFor(program, typed, patienceMs);
  if (found === FILES) return [FILES];
  const fitting = found.filter(({ name }) => name.startsWith(current) && name !== "");
  return fitting.slice(0, SHOWN).map(({ name, what }) => {
    const about = what === undefined ? "" : shortened(what);
    return about === "" ? prefix + name : `${prefix}${name}\t${about}`;
  });
}

function patience(): number {
  const text = process.env[PATIENCE_VARIABLE] ?? "";
  return /^\d{1,6}$/.test(text) ? Number(text) : PATIENCE_MS;
}

/** Options that take several names with commas between them. */
const LISTS: ReadonlySet<string> = new Set(["rights", "stores", "categories", "aggregates", "views", "sort"]);

/** The name that is being typed, where an option takes a list of them. */
function lastOfList(typed: Typed): Typed {
  const { option, current, prefix } = typed;
  const begin = option !== undefined && LISTS.has(option.attributeName()) ? current.lastIndexOf(",") + 1 : 0;
  return { ...typed, current: current.slice(begin), prefix: prefix + current.slice(0, begin) };
}

/** On one line, with nothing that could steer a terminal. */
function shortened(text: string): string {
  const line = text.replaceAll(/[\p{C}\p{Z}]+/gu, " ").trim();
  return line.length > DESCRIPTION_CHARACTERS ? `${line.slice(0, DESCRIPTION_CHARACTERS)}…` : line;
}

async function namesFor(program: Command, typed: Typed, patienceMs: number): Promise<readonly Name[] | typeof FILES> {
  const { command, option, current } = typed;
  if (option === undefined && current.startsWith("-")) return optionsOf(program, command);
  if (command === undefined && option === undefined) return commandsOf(program);
  if (isFile(typed)) return FILES;
  const fixed = fixedFor(typed);
  if (fixed !== undefined) return fixed.map((name) => ({ name }));
  try {
    const names = await storesNames(typed, namesOf(program, typed, patienceMs));
    return names.filter(({ name }) => HARMLESS.test(name));
  } catch {
    return []; // it does not answer, or not to this token: then there is nothing to offer
  }
}

function commandsOf(program: Command): Name[] {
  const visible = program.createHelp().visibleCommands(program);
  return visible.map((one) => ({ name: one.name(), what: one.description() }));
}

function optionsOf(program: Command, command: Command | undefined): Name[] {
  const shown = [...(command?.options ?? []), ...program.options].filter(({ hidden }) => !hidden);
  const own = shown.flatMap(({ long, description }) => (long ? [{ name: long, what: description }] : []));
  return [...own, { name: "--help", what: "how it is called, with examples" }];
}

function isFile({ option, argument }: Typed): boolean {
  const name = option === undefined ? argument?.name() : option.attributeName();
  return name === "file" || name === "app" || name === "list";
}

/** What no store needs to be asked for. Tokens and keys are nobody's business. */
function fixedFor({ command, option, argument }: Typed): readonly string[] | undefined {
  if (argument?.argChoices !== undefined && option === undefined) return argument.argChoices;
  switch (option?.attributeName()) {
    case "rights":
      return ["read", "write", "admin"];
    case "ifMatch":
      return ["absent"];
    default:
      return command?.name() === "token" && option === undefined ? [] : undefined;
  }
}

/** The store that the line names, or the environment. */
function namesOf(program: Command, { values }: Typed, patienceMs: number): Names {
  const valueOf = (name: string) => {
    const { envVar, defaultValue } = program.options.find((one) => one.attributeName() === name) ?? ({} as Partial<Option>);
    return values.get(name) ?? (envVar === undefined ? undefined : process.env[envVar]) ?? (defaultValue as string | undefined);
  };
  const [url = "", store, token] = [values.get("against") ?? valueOf("url"), valueOf("store"), valueOf("token")];
  return new Names(new Connection(url, { store, token }), new Connection(url, { token }), AbortSignal.timeout(patienceMs));
}

async function storesNames({ command, option, argument, before, current }: Typed, names: Names): Promise<readonly Name[]> {
  switch (option?.attributeName()) {
    case undefined:
      break;
    case "store":
    case "stores":
      return names.stores();
    case "type":
      return names.eventTypes();
    case "category":
    case "categories":
      return names.categories();
    case "aggregates": {
      // `order:PlaceOrder` is one command only.
      const [aggregate = "", ...commands] = current.split(":");
      if (commands.length === 0) return names.categories("aggregate");
      return (await names.commands(aggregate)).map(({ name }) => ({ name: `${aggregate}:${name}` }));
    }
    case "views":
      return names.views();
    case "stream":
      return streams(names, current);
    case "query":
      return names.queries(before[0] ?? "");
    case "sort":
      return (await names.columns(before[0] ?? "")).map((name) => ({ name }));
    default:
      return [];
  }
  const [first = ""] = before;
  switch (argument?.name()) {
    case "stream":
      return streams(names, current, command?.name());
    case "command":
      return names.commands(categoryIn(first));
    case "type":
      return names.eventTypes(categoryIn(first));
    case "consumer":
      return names.consumers();
    case "source":
      return names.sources();
    case "view":
      return names.views();
    case "id":
      return names.webhooks();
    case "name":
      return command?.name() === "consumers" ? names.consumers() : names.views();
    case "key-and-conditions":
      return (await names.columns(first)).map((name) => ({ name: `${name}=` }));
    default:
      return [];
  }
}

/** A category first, then its streams. */
async function streams(names: Names, current: string, command?: string): Promise<readonly Name[]> {
  if (current.includes("/")) return names.streams(categoryIn(current), current);
  const kind = command === "append" ? "plain" : command === "command" || command === "state" ? "aggregate" : undefined;
  return (await names.categories(kind)).map(({ name, what }) => ({ name: `${name}/`, what }));
}

function categoryIn(stream: string): string {
  return stream.slice(0, Math.max(0, stream.indexOf("/")));
}
