/** The data of an event between two steps: how members are set, and how large it may get. Pure. */

import { CodeMistake } from "../../core/mistake.ts";
import type { JsonObject, JsonValue } from "../../core/event.ts";
import { kindOf } from "../../core/misfit.ts";
import { RULES_DATA_CHARACTERS } from "../limits.ts";

/** The steps that an event may still take, those of its expressions and those of copying and measuring data. */
export interface Effort {
  left: number;
}

/** @throws {CodeMistake} when there are no more */
function spend(effort: Effort, steps: number): void {
  effort.left -= steps;
  if (effort.left < 0) throw new CodeMistake("the steps take too much at this event: make fewer members of less data");
}

export function isMap(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The object with the member that these names lead to set. Objects that are missing on the way are made; the given one stays as it is. Only
 * own members count, whatever they are called.
 *
 * @throws {CodeMistake} when something on the way is not an object
 */
export function withMember(object: JsonObject, names: readonly string[], value: JsonValue, effort: Effort, at = "data"): JsonObject {
  const [name = "", ...rest] = names;
  spend(effort, Object.keys(object).length);
  if (rest.length === 0) return own(object, name, value);
  const path = `${at}.${name}`;
  const inner = Object.hasOwn(object, name) ? object[name] : {};
  if (!isMap(inner)) throw new CodeMistake(`\`${path}\` is ${kindOf(inner)}, so \`${path}.${rest.join(".")}\` cannot be set`);
  return own(object, name, withMember(inner, rest, value, effort, path));
}

/** `{ ...object, [name]: value }`, also for names that mean something to a prototype. */
function own(object: JsonObject, name: string, value: JsonValue): JsonObject {
  return Object.fromEntries([...Object.entries(object), [name, value]]);
}

/**
 * Steps that repeat what they are given double it each time: without a limit, twenty of them would make a million events of one.
 *
 * @throws {CodeMistake} when the value would be too large as JSON
 */
export function requireBounded(value: JsonValue, effort: Effort): void {
  if (charactersOf(value, RULES_DATA_CHARACTERS, effort) < 0)
    throw new CodeMistake(`\`data\` has more than ${RULES_DATA_CHARACTERS} characters as JSON after this step`);
}

/** How many of these characters are left after the value; negative: it has more. It looks no further than that. */
function charactersOf(value: JsonValue, left: number, effort: Effort): number {
  spend(effort, 1);
  if (typeof value === "string") return left - value.length - 2;
  if (typeof value !== "object" || value === null) return left - 5;
  let rest = left - 2;
  if (Array.isArray(value)) {
    for (const element of value) {
      rest = charactersOf(element, rest - 1, effort);
      if (rest < 0) return rest;
    }
    return rest;
  }
  for (const [name, member] of Object.entries(value)) {
    rest = charactersOf(member, rest - name.length - 4, effort);
    if (rest < 0) return rest;
  }
  return rest;
}
