/** The configuration of a folder's worker: wrangler.json, wrangler.jsonc or wrangler.toml, as wrangler looks for them. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as jsonc from "jsonc-parser";
import { parse as parseToml } from "smol-toml";

const NAMES = ["wrangler.json", "wrangler.jsonc", "wrangler.toml"];

/** A value in a file that people write: anything may be missing or wrong. */
export type Loose = Readonly<Record<string, unknown>>;

export interface ConfigFile {
  readonly path: string;
  readonly isToml: boolean;
  readonly text: string;
  readonly value: Loose;
}

/** @throws {Error} when there is none, or it cannot be parsed */
export function configIn(folder: string): ConfigFile {
  const name = NAMES.find((one) => existsSync(join(folder, one)));
  if (name === undefined) throw new Error(`there is no ${NAMES.join(", ")} in ${folder}: call it in the folder of a worker`);
  const path = join(folder, name);
  return { path, ...parsed(readFileSync(path, "utf8"), name) };
}

export function parsed(text: string, name: string): Omit<ConfigFile, "path"> {
  const isToml = name.endsWith(".toml");
  let value: unknown;
  if (isToml) {
    value = parseToml(text);
  } else {
    const errors: jsonc.ParseError[] = [];
    value = jsonc.parse(text, errors, { allowTrailingComma: true });
    const [error] = errors;
    if (error) {
      const line = text.slice(0, error.offset).split("\n").length;
      throw new Error(`${name} cannot be parsed: ${jsonc.printParseErrorCode(error.error)} in line ${line}`);
    }
  }
  return { isToml, text, value: tableOf(value) };
}

/** The value as a table; one that is something else counts as empty. */
export function tableOf(value: unknown): Loose {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Loose) : {};
}

/** The value as a list of tables. */
export function tablesOf(value: unknown): readonly Loose[] {
  return Array.isArray(value) ? value.map(tableOf) : [];
}
