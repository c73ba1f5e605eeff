/** Checks of the expressions of a definition over HTTP: that they compile, and give what their place wants. Pure. */

import type { Issue } from "../../core/issue.ts";
import { EVENT_TYPE } from "../../core/names.ts";
import type { JsonSchema } from "../../schemas/json-schema.ts";
import { type Expression, type Scope, compileExpression } from "../expressions/expression.ts";
import { RULES_NAMES } from "../limits.ts";
import { RESULTS_CALLED, expressionIssue } from "./expression-issue.ts";
import type { MakerDefinition } from "./processor-form.ts";
import { EMPTY, schemaOfResult, withMember } from "./processor-scope.ts";
import type { CategoryShape } from "./surroundings.ts";

/** Where mistakes are noted. */
export interface Check {
  readonly issues: Issue[];
}

type Result = Expression["result"];
export const CONDITION: readonly Result[] = ["boolean"];
const OBJECT: readonly Result[] = ["map"];
export const TEXT: readonly Result[] = ["string"];
export const ID: readonly Result[] = ["string", "number"];

/** @param wanted the kinds of results that it may have; absent: any */
export function expression(check: Check, text: string, path: string, scope: Scope, wanted?: readonly Result[]): Expression | undefined {
  const compiled = compileExpression(text, scope);
  if ("problem" in compiled) {
    check.issues.push(expressionIssue(path, compiled.problem));
    return undefined;
  }
  const { result } = compiled;
  if (wanted && result !== "any" && !wanted.includes(result))
    check.issues.push({
      path,
      message: `it must give ${wanted.map((one) => RESULTS_CALLED[one]).join(" or ")}, and gives ${RESULTS_CALLED[result]}`,
      at: { start: 0, end: text.length },
    });
  return compiled;
}

/** Returns what is known of the object that these members are set in. */
export function members(check: Check, given: Readonly<Record<string, string>>, path: string, scope: Scope, before: JsonSchema): JsonSchema {
  let schema = before;
  const names = Object.keys(given);
  for (const [name, text] of Object.entries(given)) {
    const at = `${path}.${name}`;
    const parts = name.split(".");
    const outer = names.find((other) => name.startsWith(`${other}.`));
    if (parts.includes("")) check.issues.push({ path: at, message: "names between dots must not be empty" });
    else if (parts.length > RULES_NAMES) check.issues.push({ path: at, message: `at most ${RULES_NAMES} names with dots between them` });
    else if (outer !== undefined) check.issues.push({ path: at, message: `\`${outer}\` is set in the same step, and this is part of it` });
    const compiled = expression(check, text, at, scope);
    schema = withMember(schema, parts, compiled ? schemaOfResult(compiled) : true);
  }
  return schema;
}

export function maker(check: Check, given: MakerDefinition, path: string, scope: Scope): JsonSchema {
  if (typeof given !== "string") return members(check, given, path, scope, EMPTY);
  const compiled = expression(check, given, path, scope, OBJECT);
  if (!compiled) return true;
  // One name alone: the whole of what it stands for.
  const name = given.trim();
  return Object.hasOwn(scope, name) ? (scope[name] as JsonSchema) : schemaOfResult(compiled);
}

/** A type that depends on nothing is known already. */
export function constantType(check: Check, compiled: Expression, { name, strict, events }: CategoryShape, path: string): void {
  if (compiled.uses.size > 0) return;
  let type: unknown;
  try {
    type = compiled.evaluate({});
  } catch {
    return; // it fails at each event, with its reason
  }
  if (typeof type !== "string") return;
  if (!EVENT_TYPE.test(type) || type.startsWith("$"))
    check.issues.push({ path, message: `an event type must match ${EVENT_TYPE.source}, and not begin with $` });
  else if (strict && !Object.hasOwn(events, type))
    check.issues.push({ path, message: `${name} has no event type ${type}; it has ${listed(Object.keys(events))}` });
}

/** Names in a message. Ours: nobody would read more. */
const NAMES = 20;

export function listed(names: readonly string[]): string {
  if (names.length === 0) return "none";
  return names.slice(0, NAMES).join(", ") + (names.length > NAMES ? ` and ${names.length - NAMES} more` : "");
}
