/** What is wrong with an expression, and where. */

import type { Span } from "../../core/issue.ts";

export type { Span } from "../../core/issue.ts";

export interface ExpressionProblem {
  readonly message: string;
  /** What is wrong. Empty at the end of the text, if something is missing there. */
  readonly at: Span;
  /** From 1, in the expression; absent: it has one line only. */
  readonly line?: number;
  /** From 1, in characters of that line. */
  readonly column: number;
}

/** A mistake that is found when an expression is declared. */
export class Mistake extends Error {
  /** The index in the expression's text. */
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/** The place of an index in an expression. */
export function placeOf(text: string, at: number): { line?: number; column: number } {
  const before = text.slice(0, at).split("\n");
  const column = Array.from(before.at(-1)!).length + 1;
  return text.includes("\n") ? { line: before.length, column } : { column };
}

/** A name, a number, a string, an operator. */
const WORD = /^(?:[\p{L}\p{N}_]+(?:\.\d+)?|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?|&&|\|\||[=!<>]=|\.\?|\[\?|.)/su;

/** The word at an index; without an index, all of the text. */
export function spanAt(text: string, at?: number): Span {
  if (at === undefined) return { start: 0, end: text.length };
  const start = Math.min(at, text.length);
  return { start, end: start + (WORD.exec(text.slice(start))?.[0].length ?? 0) };
}

/** Characters of an expression that a message repeats. Ours: enough to find it. */
const QUOTED = 80;

/** Part of an expression, as messages quote it. */
export function quoted(text: string): string {
  const tidy = text.replaceAll(/\s+/g, " ").trim();
  return `\`${tidy.length > QUOTED ? `${Array.from(tidy).slice(0, QUOTED).join("")}…` : tidy}\``;
}

/** Part of a line, as messages quote it: what is around an index. */
export function quotedAround(line: string, at: number): string {
  const from = line.length <= QUOTED ? 0 : Math.max(0, at - QUOTED / 2);
  return quoted(`${from === 0 ? "" : "…"}${line.slice(from)}`);
}

/** Names that a message lists. Ours: more would hide the nearest. */
const LISTED = 30;

/** Names for a message, the most similar first. */
export function nearestFirst(name: string, names: readonly string[]): string {
  const sorted = names
    .map((one) => ({ one, distance: distance(name.toLowerCase(), one.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance || (a.one < b.one ? -1 : 1))
    .map(({ one }) => quoted(one));
  return sorted.length > LISTED ? `${sorted.slice(0, LISTED).join(", ")} and ${sorted.length - LISTED} more` : sorted.join(", ");
}

/** Characters of names that are compared: the work is their product. */
const COMPARED = 40;

/** How many letters differ: added, left out or replaced (Levenshtein). */
function distance(one: string, other: string): number {
  const [a, b] = [one.slice(0, COMPARED), other.slice(0, COMPARED)];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
