/** Kinds of JSON values, and sets of them as bits: what is known of a value before it is there. */

import type { JsonObject, JsonValue } from "../../core/event.ts";

export const NULL = 1;
export const BOOLEAN = 2;
export const NUMBER = 4;
export const STRING = 8;
export const LIST = 16;
export const MAP = 32;
export const ANY = NULL | BOOLEAN | NUMBER | STRING | LIST | MAP;

const WORDS: readonly (readonly [kind: number, word: string, shown: string])[] = [
  [STRING, "string", "a string"],
  [NUMBER, "number", "a number"],
  [BOOLEAN, "boolean", "a boolean"],
  [LIST, "list", "a list"],
  [MAP, "map", "a map"],
  [NULL, "null", "null"],
];

/** The kind of a value; 0: it is not JSON. */
export function kindOf(value: unknown): number {
  switch (typeof value) {
    case "string":
      return STRING;
    case "number":
      return NUMBER;
    case "boolean":
      return BOOLEAN;
    case "object":
      return value === null ? NULL : Array.isArray(value) ? LIST : MAP;
    default:
      return 0;
  }
}

export function isMap(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isList(value: unknown): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** The own member of a map, or undefined. Nothing is ever read from a prototype. */
export function memberOf(map: JsonObject, name: string): JsonValue {
  return Object.hasOwn(map, name) ? map[name] : undefined;
}

/** The word for a set of one kind. */
export function wordOf(kinds: number): "null" | "boolean" | "number" | "string" | "list" | "map" | "any" {
  return (WORDS.find(([kind]) => kind === kinds)?.[1] ?? "any") as ReturnType<typeof wordOf>;
}

/** As messages name a set of kinds: "a string, a list or null". */
export function shown(kinds: number): string {
  const words = WORDS.flatMap(([kind, , one]) => ((kinds & kind) === 0 ? [] : [one]));
  const last = words.pop() ?? "a value outside of JSON";
  return words.length === 0 ? last : `${words.join(", ")} or ${last}`;
}
