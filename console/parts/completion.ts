/** What an expression may go on with: the names in scope, and functions. Pure. */

import { type Schema, membersOf, resolved, typeOf } from "./schema.ts";

export interface Name {
  /** `data.qty`, `size(`; a method begins with a dot. */
  readonly text: string;
  readonly type?: string;
  readonly about?: string;
}

/** Levels of members. */
const DEPTH = 3;
const SHOWN = 10;
/** What is being written: a path, with what may be missing on it. */
const WORD = /[\p{L}_][\p{L}\p{N}_.?]*$/u;

export function wordBefore(text: string, caret: number): string | undefined {
  const before = text.slice(0, caret);
  // Not within a string.
  const isQuoted = ["'", '"'].some((quote) => before.split(quote).length % 2 === 0);
  return isQuoted ? undefined : WORD.exec(before)?.[0];
}

/** What fits, with the text that takes the word's place. */
export function completionsOf(word: string, names: readonly Name[]): Name[] {
  const sought = word.toLowerCase();
  const dot = word.lastIndexOf(".");
  const found = names.flatMap((name) => {
    if (!name.text.startsWith(".")) return name.text.toLowerCase().startsWith(sought) && name.text !== word ? [name] : [];
    return dot > 0 && name.text.toLowerCase().startsWith(sought.slice(dot)) ? [{ ...name, text: word.slice(0, dot) + name.text }] : [];
  });
  return found.slice(0, SHOWN);
}

/** The members that a schema names, as paths. */
export function namesIn(path: string, schema: Schema, root: Schema = schema, depth = 0): Name[] {
  return membersOf(resolved(schema, root), root).flatMap(({ name, schema: its, isRequired }) => {
    if (!/^[A-Za-z_]\w*$/.test(name)) return [];
    const text = `${path}.${name}`;
    const type = its.enum ? (its.enum as unknown[]).map((one) => JSON.stringify(one)).join(" | ") : typeOf(its);
    const below = depth < DEPTH ? namesIn(text, its, root, depth + 1) : [];
    return [{ text, type: isRequired ? type : `${type}, may be missing`, about: its.description as string | undefined }, ...below];
  });
}
