/** The configuration of a folder's worker: wrangler.json, wrangler.jsonc or wrangler.toml, as wrangler looks for them. */

import { existsSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import * as jsonc from "jsonc-parser";
import { parse as parseToml } from "smol-toml";

const NAMES = ["wrangler.json", "wrangler.jsonc", "wrangler.toml"];

/** A value in a file that people write: anything may be missing or wrong. */
export type Loose = Readonly<Record<string, unknown>>;

export interface ConfigFile {
  readonly path: string;
  readonly isToml: boolean;
  readonly text: string;
  /** What the file has. */
  readonly whole: Loose;
  /** The environment that is meant: `[env.NAME]`. */
  readonly environment: string | undefined;
  /** What holds: in an environment that is the file's with the environment's own. */
  readonly value: Loose;
}

/** What an environment does not take over from the rest of the file (wrangler, "Environments", non-inheritable keys), as far as it matters here. */
const NOT_INHERITED: ReadonlySet<string> = new Set(["vars", "durable_objects", "queues", "d1_databases"]);

/**
 * @param file its path from the folder; undefined: it is looked for
 * @throws {Error} when there is none, or it cannot be parsed
 */
export function configIn(
  folder: string,
  { file, environment }: { readonly file?: string | undefined; readonly environment?: string | undefined } = {},
): ConfigFile {
  const name = file ?? NAMES.find((one) => existsSync(join(folder, one)));
  if (name === undefined) throw new Error(`there is no ${NAMES.join(", ")} in ${folder}: call it in the folder of a worker`);
  const path = resolve(folder, name);
  if (!existsSync(path)) throw new Error(`there is no ${name} in ${folder}`);
  return { path, ...parsed(readFileSync(path, "utf8"), basename(path), environment) };
}

export function parsed(text: string, name: string, environment?: string): Omit<ConfigFile, "path"> {
  const isToml = name.endsWith(".toml");
  const whole = tableOf(valueOf(text, name, isToml));
  return { isToml, text, whole, environment, value: environment === undefined ? whole : inEnvironment(whole, environment, name) };
}

function inEnvironment(whole: Loose, environment: string, name: string): Loose {
  const environments = tableOf(whole.env);
  if (!Object.hasOwn(environments, environment)) {
    const known = Object.keys(environments);
    throw new Error(`${name} has no environment ${environment}${known.length === 0 ? "" : `: it has ${known.join(", ")}`}`);
  }
  const inherited = Object.entries(whole).filter(([key]) => key !== "env" && !NOT_INHERITED.has(key));
  const worker = typeof whole.name === "string" ? { name: `${whole.name}-${environment}` } : {};
  return { ...Object.fromEntries(inherited), ...worker, ...tableOf(environments[environment]) };
}

/** Where the file has, or is to have, what holds at this path. */
export function placeOf<Path extends readonly (string | number)[]>(
  path: Path,
  { whole, environment }: Pick<ConfigFile, "whole" | "environment">,
): Path {
  const key = String(path[0]);
  if (environment === undefined) return path;
  const own = tableOf(tableOf(whole.env)[environment]);
  return NOT_INHERITED.has(key) || Object.hasOwn(own, key) ? (["env", environment, ...path] as unknown as Path) : path;
}

function valueOf(text: string, name: string, isToml: boolean): unknown {
  if (isToml) return parseToml(text);
  const errors: jsonc.ParseError[] = [];
  const value: unknown = jsonc.parse(text, errors, { allowTrailingComma: true });
  const [error] = errors;
  if (error) {
    const line = text.slice(0, error.offset).split("\n").length;
    throw new Error(`${name} cannot be parsed: ${jsonc.printParseErrorCode(error.error)} in line ${line}`);
  }
  return value;
}

/** The value as a table; one that is something else counts as empty. */
export function tableOf(value: unknown): Loose {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Loose) : {};
}

/** The value as a list of tables. */
export function tablesOf(value: unknown): readonly Loose[] {
  return Array.isArray(value) ? value.map(tableOf) : [];
}
