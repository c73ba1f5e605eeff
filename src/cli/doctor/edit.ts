/** Changes of a configuration that leave everything else in the file as it is, comments included. */

import * as jsonc from "jsonc-parser";
import { type ConfigFile, type Loose, placeOf } from "./config-file.ts";

type Value = string | number | readonly string[];

type File = Pick<ConfigFile, "text" | "isToml" | "whole" | "environment">;

/** One change of what holds, as of an environment if one is meant. The path of a list's item is that of the list. */
export type Edit =
  | { readonly kind: "item" | "table"; readonly path: readonly string[]; readonly value: Readonly<Record<string, Value>> }
  | { readonly kind: "set"; readonly path: readonly string[]; readonly value: Value }
  | { readonly kind: "remove"; readonly path: readonly (string | number)[]; readonly value: string };

/** The change as lines for a person. */
export function shownEdit(given: Edit, file: File): string {
  const { isToml } = file;
  const edit = placed(given, file);
  if (edit.kind === "remove") return `without ${edit.path.at(-1)} = ${JSON.stringify(edit.value)}`;
  if (isToml) return tomlOf(edit);
  const value = edit.kind === "item" ? [edit.value] : edit.value;
  const whole = edit.path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value);
  return JSON.stringify(whole).slice(1, -1);
}

/** The file's text with the change. */
export function applied(file: File, edit: Edit): string {
  const { text, isToml, whole } = file;
  return isToml ? inToml(text, placed(edit, file)) : inJson(text, whole, placed(edit, file));
}

function placed(edit: Edit, file: File): Edit {
  // Two branches of the same: the types of the paths differ.
  if (edit.kind === "remove") return { ...edit, path: placeOf(edit.path, file) };
  return { ...edit, path: placeOf(edit.path, file) };
}

function inJson(text: string, config: Loose, edit: Edit): string {
  const formattingOptions = { insertSpaces: !/^\t/m.test(text), tabSize: 2, eol: "\n" };
  if (edit.kind === "remove") return jsonc.applyEdits(text, jsonc.modify(text, [...edit.path], undefined, { formattingOptions }));
  const list = edit.path.reduce<unknown>((inner, name) => (inner as Loose | undefined)?.[name], config);
  const isInList = edit.kind === "item" && Array.isArray(list);
  const path = isInList ? [...edit.path, list.length] : [...edit.path];
  const value = edit.kind === "item" && !isInList ? [edit.value] : edit.value;
  return jsonc.applyEdits(text, jsonc.modify(text, path, value, { formattingOptions, isArrayInsertion: isInList }));
}

function tomlOf(edit: Exclude<Edit, { kind: "remove" }>): string {
  const { path, value } = edit;
  if (edit.kind === "set") {
    const line = `${path.at(-1)} = ${tomlValue(edit.value)}`;
    return path.length === 1 ? line : `[${tomlPath(path.slice(0, -1))}]\n${line}`;
  }
  const header = edit.kind === "item" ? `[[${tomlPath(path)}]]` : `[${tomlPath(path)}]`;
  return [header, ...Object.entries(value).map(([name, one]) => `${name} = ${tomlValue(one as Value)}`)].join("\n");
}

function tomlPath(path: readonly string[]): string {
  return path.map((name) => (/^[\w-]+$/.test(name) ? name : JSON.stringify(name))).join(".");
}

/** Strings as JSON has them are strings of TOML, too. */
function tomlValue(value: Value): string {
  return Array.isArray(value) ? `[${value.map((one) => JSON.stringify(one)).join(", ")}]` : JSON.stringify(value);
}

function inToml(text: string, edit: Edit): string {
  if (edit.kind === "remove") {
    const line = new RegExp(`^[ \\t]*${String(edit.path.at(-1))}[ \\t]*=[ \\t]*${escaped(JSON.stringify(edit.value))}.*\\n?`, "m");
    return text.replace(line, "");
  }
  if (edit.kind === "set") return setInToml(text, edit);
  return `${text.trimEnd()}\n\n${tomlOf(edit)}\n`;
}

function setInToml(text: string, edit: Extract<Edit, { kind: "set" }>): string {
  const { path, value } = edit;
  const name = path.at(-1)!;
  const header =
    path.length === 1 ? undefined : new RegExp(`^\\[${escaped(tomlPath(path.slice(0, -1)))}\\][ \\t]*(?:#.*)?$`, "m").exec(text);
  if (header === null) return `${text.trimEnd()}\n\n${tomlOf(edit)}\n`;
  const from = header === undefined ? 0 : header.index + header[0].length;
  const next = /^\[/m.exec(text.slice(from));
  const to = next ? from + next.index : text.length;
  const section = text.slice(from, to);
  const known = new RegExp(`^([ \\t]*${escaped(name)}[ \\t]*=[ \\t]*)(?:"[^"\\n]*"|'[^'\\n]*'|\\[[^\\]]*\\])`, "m");
  const line = `${name} = ${tomlValue(value)}`;
  const changed = known.test(section)
    ? section.replace(known, (_all, before: string) => before + tomlValue(value))
    : header === undefined
      ? atTop(section, line)
      : `\n${line}${section}`;
  return text.slice(0, from) + changed + text.slice(to);
}

/** After the worker's name, which most files begin with. */
function atTop(section: string, line: string): string {
  const name = /^name[ \t]*=.*$/m.exec(section);
  if (!name) return `${line}\n${section}`;
  const end = name.index + name[0].length;
  return `${section.slice(0, end)}\n${line}${section.slice(end)}`;
}

function escaped(text: string): string {
  return text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);
}
