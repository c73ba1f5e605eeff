/**
 * What each keyword of JSON Schema requires of a value: two tables, one of the keywords that check the value itself and one of those that
 * apply further schemas. The checker goes through them and counts every step. Pure.
 */

import { canonical } from "../core/json.ts";
import { kindOf, withArticle } from "../core/misfit.ts";
import type { Run } from "./check-run.ts";
import { FORMATS } from "../core/formats.ts";
import { type TypeName, isOfType } from "./json-schema.ts";
import { compilePattern } from "./pattern.ts";

/** Characters of a string in the data that cost a step when a rule reads it. Measured, like all of these: a step is about a microsecond. */
const READ_PER_STEP = 200;
/** Characters that cost a step when an array or object is written as JSON to be compared. */
const WRITTEN_PER_STEP = 5;
/** Digits that cost a step when they are added to numbers to check whether one is a multiple of the other. */
const DIGITS_PER_STEP = 50;

/** A string that is the same for equal values, and only for those. */
function keyOf(value: unknown, run?: Run): string {
  const isWritten = typeof value === "object" && value !== null;
  const key = isWritten ? canonical(value) : typeof value === "string" ? `"${value}` : String(value);
  run?.spend(key.length / (isWritten ? WRITTEN_PER_STEP : READ_PER_STEP));
  return key;
}

function typeAsked(type: TypeName): string {
  return type === "null" ? "null" : type === "integer" ? "a whole number" : withArticle(type);
}

/** Digits and power of ten of a number as JSON writes it, so that 0.3 is a multiple of 0.1. */
function decimal(value: number): [digits: bigint, exponent: number] {
  const [digits = "", exponent = 0] = Math.abs(value).toString().split("e");
  const [whole = "", fraction = ""] = digits.split(".");
  return [BigInt(whole + fraction), Number(exponent) - fraction.length];
}

function isMultiple(value: number, of: number, run: Run): boolean {
  if (!Number.isFinite(value)) return false;
  const [[a, m], [b, n]] = [decimal(value), decimal(of)];
  const least = Math.min(m, n);
  run.spend((m - least + n - least) / DIGITS_PER_STEP);
  return (a * 10n ** BigInt(m - least)) % (b * 10n ** BigInt(n - least)) === 0n;
}

/** Characters of Unicode. */
function lengthOf(text: string, run: Run): number {
  run.spend(text.length / READ_PER_STEP);
  let pairs = 0;
  for (let at = 1; at < text.length; at++) {
    if ((text.charCodeAt(at) & 0xfc00) === 0xdc00 && (text.charCodeAt(at - 1) & 0xfc00) === 0xd800) pairs++;
  }
  return text.length - pairs;
}

/** What is wrong with a value; undefined: nothing. */
type Test = (data: never, run: Run) => string | undefined;

function number(says: string, holds: (value: number, limit: number, run: Run) => boolean) {
  return (limit: number): Test =>
    (value: number, run) =>
      holds(value, limit, run) ? undefined : `must be ${says} ${limit}, got ${value}`;
}

function count(bound: "at least" | "at most", one: string, many: string, counted: (data: never, run: Run) => number) {
  return (limit: number): Test =>
    (data, run) => {
      const found = counted(data, run);
      if (bound === "at least" ? found >= limit : found <= limit) return undefined;
      return `must have ${bound} ${limit} ${limit === 1 ? one : many}, got ${found}`;
    };
}

const characters = ["character", "characters", lengthOf] as const;
const items = ["item", "items", (data: readonly unknown[]) => data.length] as const;
const properties = ["property", "properties", (data: object, run: Run) => run.namesIn(data).length] as const;

function oneOf(values: readonly unknown[]): Test {
  const keys = new Set(values.map((value) => keyOf(value)));
  const asked = `must be ${values.length === 1 ? "" : "one of "}${values.map((value) => JSON.stringify(value)).join(", ")}`;
  return (data: unknown, run) => (keys.has(keyOf(data, run)) ? undefined : `${asked}, got ${kindOf(data)}`);
}

/** Keywords that check the value alone. A keyword for which `LOOKS_AT` has a type applies to values of that type only. */
export const ASSERTIONS: Readonly<Record<string, (value: never) => Test>> = {
  type: (value: TypeName | readonly TypeName[]): Test => {
    const types = [value].flat();
    const asked = `must be ${types.map(typeAsked).join(" or ")}`;
    return (data: unknown) =>
      types.some((type) => isOfType(type, data))
        ? undefined
        : `${asked}, got ${typeof data === "number" && types.includes("integer") ? "a fraction" : kindOf(data)}`;
  },
  const: (value: unknown) => oneOf([value]),
  enum: oneOf,
  multipleOf: number("a multiple of", isMultiple),
  minimum: number("at least", (value, limit) => value >= limit),
  exclusiveMinimum: number("more than", (value, limit) => value > limit),
  maximum: number("at most", (value, limit) => value <= limit),
  exclusiveMaximum: number("less than", (value, limit) => value < limit),
  minLength: count("at least", ...characters),
  maxLength: count("at most", ...characters),
  pattern: (source: string): Test => {
    const matches = compilePattern(source);
    return (text: string, run) => (matches(text, run.spend) ? undefined : `must match the pattern ${source}`);
  },
  format: (name: string): Test => {
    const is = FORMATS.get(name) ?? (() => true);
    return (text: string, run) => {
      run.spend(text.length / READ_PER_STEP);
      return is(text) ? undefined : `must be of the format "${name}"`;
    };
  },
  minItems: count("at least", ...items),
  maxItems: count("at most", ...items),
  uniqueItems: (unique: boolean): Test => {
    return (data: readonly unknown[], run) => {
      run.spend(unique ? data.length : 0);
      const found = new Map<string, number>();
      for (const [index, item] of unique ? data.entries() : []) {
        const key = keyOf(item, run);
        const same = found.get(key);
        if (same !== undefined) return `must not repeat an item: items ${same} and ${index} are the same`;
        found.set(key, index);
      }
      return undefined;
    };
  },
  minProperties: count("at least", ...properties),
  maxProperties: count("at most", ...properties),
  required: (names: readonly string[]): Test => {
    return (data: object) => {
      const missing = names.filter((name) => !Object.hasOwn(data, name));
      return missing.length === 0
        ? undefined
        : `must have the ${missing.length === 1 ? "property" : "properties"} ${missing.map((name) => `"${name}"`).join(", ")}`;
    };
  },
  dependentRequired: (needed: Readonly<Record<string, readonly string[]>>): Test => {
    const pairs = Object.entries(needed).flatMap(([name, others]) => others.map((other) => [name, other] as const));
    return (data: object) => {
      const pair = pairs.find(([name, other]) => Object.hasOwn(data, name) && !Object.hasOwn(data, other));
      return pair && `must have "${pair[1]}" because it has "${pair[0]}"`;
    };
  },
};
