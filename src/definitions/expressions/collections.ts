/** Equality, and going through lists and maps. All of it is counted. */

import type { JsonObject, JsonValue } from "../../core/event.ts";
import { isList, isMap } from "./kinds.ts";
import { EXPRESSION_ELEMENTS } from "./limits.ts";
import { Fault, type Run } from "./run.ts";

/** Whether two values are equal as JSON. */
export function same(a: JsonValue, b: JsonValue, run: Run): boolean {
  run.spend(1);
  if (typeof a === "string" && typeof b === "string") {
    if (a.length !== b.length) return false;
    run.spendCharacters(a.length);
    return a === b;
  }
  if (typeof a !== "object" || typeof b !== "object") return a === b;
  if (isList(a) && isList(b)) return sameElements(a, b, run);
  if (isMap(a) && isMap(b)) return sameMembers(a, b, run);
  return a === b;
}

function sameElements(a: readonly JsonValue[], b: readonly JsonValue[], run: Run): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (!same(a[index], b[index], run)) return false;
  return true;
}

function sameMembers(a: JsonObject, b: JsonObject, run: Run): boolean {
  const names = namesOf(a, run);
  if (names.length !== namesOf(b, run).length) return false;
  for (const name of names) if (!Object.hasOwn(b, name) || !same(a[name], b[name], run)) return false;
  return true;
}

/** Steps for each member of a map that is listed. Measured: the platform makes a list of names, and looks each one up. */
const MEMBER_STEPS = 16;

/** The members of a map. `undefined` counts as absent. */
export function namesOf(map: JsonObject, run: Run): string[] {
  const names = Object.keys(map);
  run.spend(MEMBER_STEPS * names.length);
  return names.filter((name) => map[name] !== undefined);
}

export function isIn(list: readonly JsonValue[], searched: JsonValue, run: Run): boolean {
  for (const one of list) if (same(one, searched, run)) return true;
  return false;
}

/** A list that an expression goes through. */
export function elements<Value>(list: readonly Value[], what: string, at: number): readonly Value[] {
  if (list.length > EXPRESSION_ELEMENTS)
    throw new Fault(`${what} goes through at most ${EXPRESSION_ELEMENTS} elements, and there are more`, at, true);
  return list;
}
