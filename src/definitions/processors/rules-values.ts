/** What the expressions of a step give at an event, and the mistake that it is when they give something else. */

import { CodeMistake, messageOf } from "../../core/mistake.ts";
import type { JsonObject, JsonValue } from "../../core/event.ts";
import { kindOf } from "../../core/misfit.ts";
import { type Expression, type Span, placeOfError } from "../expressions/expression.ts";
import type { Maker, Member } from "./rules.ts";
import { type Effort, isMap, requireBounded, withMember } from "./rules-data.ts";

/** What would have been emitted. */
export interface Refused {
  readonly to: string;
  readonly type: string;
  readonly data: JsonObject;
}

/** A step that cannot be done at this event: trying it again is pointless. */
export class StepMistake extends CodeMistake {
  /** The place in the definition. */
  readonly path: string;
  /** The message without the place. */
  readonly problem: string;
  /** What the category does not take. */
  readonly refused: Refused | undefined;
  /** The part of the expression that failed, if one did. */
  readonly at: Span | undefined;

  constructor(path: string, problem: string, more: { readonly refused?: Refused; readonly at?: Span | undefined } = {}) {
    super(`${path}: ${problem}`);
    this.path = path;
    this.problem = problem;
    this.refused = more.refused;
    this.at = more.at;
  }
}

/** The names in scope. */
export type InScope = Readonly<Record<string, JsonValue>> & { readonly [EFFORT]: Effort };

/** The names that a step sees: `data` is as the steps so far have left it. */
export type Values = InScope & { readonly data: JsonObject };

/** Where the names keep what the event may still take: a symbol, so that no expression comes across it. */
export const EFFORT: unique symbol = Symbol("effort");

/** The expression's result. Whatever goes wrong is a mistake of the definition, at this place. */
function evaluated(path: string, expression: Expression, values: InScope): JsonValue {
  try {
    return expression.evaluate(values, values[EFFORT]);
  } catch (error) {
    throw new StepMistake(path, messageOf(error), { at: placeOfError(error) });
  }
}

export function condition(path: string, expression: Expression, values: InScope): boolean {
  const result = evaluated(path, expression, values);
  if (typeof result === "boolean") return result;
  throw new StepMistake(path, `it must give true or false, and gave ${kindOf(result)}`);
}

export function text(path: string, expression: Expression, values: InScope): string {
  const result = evaluated(path, expression, values);
  if (typeof result === "string") return result;
  throw new StepMistake(path, `it must give a string, and gave ${kindOf(result)}`);
}

/** A number is an id as JSON writes it, as for the key of a fact. */
export function idOf(path: string, expression: Expression, values: InScope, mayBeNull: boolean): string | undefined {
  const result = evaluated(path, expression, values);
  if (typeof result === "string") return result;
  if (typeof result === "number") return String(result);
  if (mayBeNull && (result === null || result === undefined)) return undefined;
  throw new StepMistake(path, `it must give a string or a number, and gave ${kindOf(result)}`);
}

export function made(path: string, make: Maker, values: InScope): JsonObject {
  if (isMembers(make)) return membersOf(path, make, values, {});
  const result = evaluated(path, make, values);
  if (!isMap(result)) throw new StepMistake(path, `it must give an object, and gave ${kindOf(result)}`);
  bounded(path, result, values[EFFORT]);
  return result;
}

function isMembers(make: Maker): make is readonly Member[] {
  return Array.isArray(make);
}

/** Every expression sees the data as it was before the step. */
export function membersOf(path: string, members: readonly Member[], values: InScope, before: JsonObject): JsonObject {
  let data = before;
  for (const { names, value } of members) {
    const at = `${path}.${names.join(".")}`;
    const result = evaluated(at, value, values);
    try {
      data = withMember(data, names, result, values[EFFORT]);
    } catch (error) {
      throw new StepMistake(at, messageOf(error));
    }
  }
  bounded(path, data, values[EFFORT]);
  return data;
}

function bounded(path: string, data: JsonObject, effort: Effort): void {
  try {
    requireBounded(data, effort);
  } catch (error) {
    throw new StepMistake(path, messageOf(error));
  }
}
