/**
 * Regular expressions in linear time. A pattern becomes a small machine that reads a string once, in all possible ways at once, so that no
 * pattern and no string can hang a worker, as `^(a+)+$` does with the platform's own `RegExp`. Pure.
 *
 * The syntax is that of ECMAScript with the `u` flag, as JSON Schema requires, without what no such machine can do: back-references and
 * lookbehind.
 */

import { PATTERN_CHARACTERS } from "./limits.ts";
import { PATTERN_STATES } from "../core/limits.ts";

/** Counts the steps taken, and throws when they are too many. */
export type Spend = (steps: number) => void;

/** Whether a string has a match of the pattern anywhere in it. */
export type Matcher = (text: string, spend: Spend) => boolean;

/** What is wrong with a pattern; the message says what would be right. */
export class PatternError extends Error {
  override readonly name = "PatternError";
}

type Test = (character: string) => boolean;

/** The parts of a pattern. */
export type Part =
  | { readonly kind: "character"; readonly test: Test }
  | { readonly kind: "sequence"; readonly parts: readonly Part[] }
  | { readonly kind: "choice"; readonly parts: readonly Part[] }
  | { readonly kind: "repeat"; readonly part: Part; readonly min: number; readonly max: number }
  | { readonly kind: "assertion"; readonly holds: Assertion }
  | { readonly kind: "lookahead"; readonly part: Part; readonly wanted: boolean };

type Assertion = (text: readonly string[], at: number) => boolean;

/** A state of the machine, and the states that follow it. */
type State =
  | { readonly kind: "character"; readonly test: Test; readonly next: number }
  | { readonly kind: "fork"; readonly next: readonly number[] }
  | { readonly kind: "assertion"; readonly holds: Assertion; readonly next: number }
  | { readonly kind: "lookahead"; readonly start: number; readonly wanted: boolean; readonly next: number }
  | { readonly kind: "match" };

/** Visited states that cost as much as one step of a schema's interpreter. Measured: within a factor of two. */
const STATES_PER_STEP = 8;

/** How many more states the machines of some patterns may have, all together. */
export interface StateBudget {
  left: number;
}

/** @throws {PatternError} when the pattern is not valid, or not possible with such a machine */
export function compilePattern(source: string, budget: StateBudget = { left: PATTERN_STATES }): Matcher {
  if (source.length > PATTERN_CHARACTERS) throw new PatternError(`a pattern may have at most ${PATTERN_CHARACTERS} characters`);
  try {
    void new RegExp(source, "u");
  } catch (error) {
    throw new PatternError((error as Error).message);
  }
  const states: State[] = [{ kind: "match" }];
  const start = emit(states, parsePattern(source), 0, budget);
  return (text, spend) => run(states, start, Array.from(text), 0, false, spend);
}

const GROUP = /\((?:\?(?::|=|!|<=|<!|<[^>]*>|[a-z-]*:))?/uy;
const QUANTIFIER = /(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/uy;
const CLASS = /\[(?:\\.|[^\]\\])*\]/suy;
const ESCAPE = /\\(?:[pP]\{[^}]*\}|u\{[^}]*\}|u[dD][89abAB]..\\u[dD][c-fC-F]..|u.{4}|x..|c.|.)/suy;
const CHARACTER = /./suy;

const isWord = (character: string | undefined) => character !== undefined && /^\w$/.test(character);
const isBoundary: Assertion = (text, at) => isWord(text[at - 1]) !== isWord(text[at]);
const ASSERTIONS: Readonly<Record<string, Assertion>> = {
  "^": (_text, at) => at === 0,
  $: (text, at) => at === text.length,
  "\\b": isBoundary,
  "\\B": (text, at) => !isBoundary(text, at),
};

/** Parses a pattern whose syntax `RegExp` has accepted. @throws {PatternError} when no such machine can do it */
export function parsePattern(source: string): Part {
  let at = 0;
  const take = (token: RegExp): RegExpExecArray | undefined => {
    token.lastIndex = at;
    const found = token.exec(source) ?? undefined;
    if (found) at += found[0].length;
    return found;
  };

  function choice(): Part {
    const parts = [sequence()];
    while (source[at] === "|") {
      at++;
      parts.push(sequence());
    }
    return parts.length === 1 ? (parts[0] as Part) : { kind: "choice", parts };
  }

  function sequence(): Part {
    const parts: Part[] = [];
    while (at < source.length && source[at] !== "|" && source[at] !== ")") parts.push(repeated(one()));
    return { kind: "sequence", parts };
  }

  function repeated(part: Part): Part {
    const [, sign, from, comma, to] = take(QUANTIFIER) ?? [];
    if (sign !== undefined) return { kind: "repeat", part, min: sign === "+" ? 1 : 0, max: sign === "?" ? 1 : Infinity };
    if (from === undefined) return part;
    const min = Number(from);
    return { kind: "repeat", part, min, max: to ? Number(to) : comma ? Infinity : min };
  }

  function one(): Part {
    const opening = take(GROUP)?.[0];
    if (opening === undefined) return character((take(CLASS) ?? take(ESCAPE) ?? take(CHARACTER))?.[0] ?? "");
    if (opening === "(?<=" || opening === "(?<!") throw new PatternError("lookbehind is not supported");
    if (opening.endsWith(":") && opening !== "(?:") throw new PatternError("flags within a pattern are not supported");
    const part = choice();
    at++; // the closing parenthesis
    return opening === "(?=" || opening === "(?!" ? { kind: "lookahead", part, wanted: opening === "(?=" } : part;
  }

  return choice();
}

function character(source: string): Part {
  const holds = Object.hasOwn(ASSERTIONS, source) ? ASSERTIONS[source] : undefined;
  if (holds) return { kind: "assertion", holds };
  if (/^\\[1-9k]/.test(source)) throw new PatternError("back-references are not supported");
  if (source !== "." && !/^[\\[]/.test(source)) return { kind: "character", test: (one) => one === source };
  const only = new RegExp(`^(?:${source})$`, "u");
  return { kind: "character", test: (one) => only.test(one) };
}

/** Adds the states that read a part and then continue at `next`; returns the first of them. */
function emit(states: State[], part: Part, next: number, budget: StateBudget): number {
  const add = (state: State) => states.push(state) - 1;
  // Every part costs, even one that needs no state: `(?:){1000000000}` must not take long either.
  if (budget.left-- <= 0) throw new PatternError(`with all repeats written out, the patterns have more than ${PATTERN_STATES} characters`);
  switch (part.kind) {
    case "character":
    case "assertion":
      return add({ ...part, next });
    case "sequence":
      return part.parts.reduceRight((after, one) => emit(states, one, after, budget), next);
    case "choice":
      return add({ kind: "fork", next: part.parts.map((one) => emit(states, one, next, budget)) });
    case "lookahead":
      return add({ kind: "lookahead", start: emit(states, part.part, 0, budget), wanted: part.wanted, next });
    case "repeat": {
      let start = next;
      if (part.max === Infinity) {
        start = add({ kind: "match" }); // reserves its index; it is filled in below, because the part leads back to it
        states[start] = { kind: "fork", next: [emit(states, part.part, start, budget), next] };
      } else {
        for (let count = part.min; count < part.max; count++)
          start = add({ kind: "fork", next: [emit(states, part.part, start, budget), next] });
      }
      for (let count = 0; count < part.min; count++) start = emit(states, part.part, start, budget);
      return start;
    }
  }
}

/** Reads the string from an index on; unless `anchored`, a match may begin anywhere. */
function run(states: readonly State[], start: number, text: readonly string[], from: number, anchored: boolean, spend: Spend): boolean {
  const seen = new Uint32Array(states.length); // the index, plus one, at which a state was last reached
  let reading: number[] = [];

  /** Enters a state, and from it all states that need no character. True: that is a match. */
  function reach(first: number, at: number): boolean {
    const open = [first];
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      if (seen[index] === at + 1) continue;
      seen[index] = at + 1;
      spend(1 / STATES_PER_STEP);
      const state = states[index] as State;
      if (state.kind === "match") return true;
      if (state.kind === "character") reading.push(index);
      else if (state.kind === "fork") open.push(...state.next);
      else if (state.kind === "assertion" ? state.holds(text, at) : run(states, state.start, text, at, true, spend) === state.wanted)
        open.push(state.next);
    }
    return false;
  }

  for (let at = from; ; at++) {
    if ((!anchored || at === from) && reach(start, at)) return true;
    if (at === text.length || (anchored && reading.length === 0)) return false;
    const ready = reading;
    reading = [];
    for (const index of ready) {
      const state = states[index] as State & { kind: "character" };
      spend(1 / STATES_PER_STEP);
      if (state.test(text[at] as string) && reach(state.next, at + 1)) return true;
    }
  }
}
