/** Checks what a source's definition means: its category, its expressions against what its kind gives, the names that it needs. Pure. */

import { ISSUES } from "../../core/limits.ts";
import type { Issue } from "../../core/issue.ts";
import { streamIdProblem } from "../../core/names.ts";
import type { Scope } from "../expressions/expression.ts";
import { CONDITION, type Check, ID, TEXT, constantType, expression, listed, maker } from "./expression-checks.ts";
import type { SourceForm } from "./source-form.ts";
import type { CategoryShape, Surroundings } from "./surroundings.ts";

/**
 * What is wrong with the definition. Empty: it can be kept.
 *
 * @param isBound whether the deployment has a variable, secret or binding of this name that a source may use
 */
export function checkSource({ definition, kind, settings }: SourceForm, around: Surroundings, isBound: (name: string) => boolean): Issue[] {
  const { to, stream, type, data, where } = definition;
  const check: Check = { issues: [] };
  const scope: Scope = { change: typeof kind.change === "function" ? kind.change(settings) : kind.change };
  const target = around.categories.get(to);
  if (!target) check.issues.push({ path: "to", message: `there is no category ${to}` });
  else if (target.kind === "aggregate")
    check.issues.push({ path: "to", message: `${to} is an aggregate, which only commands write to; a source feeds a plain category` });
  else if (type === undefined) missingType(check, target);
  const id = expression(check, stream, "stream", scope, ID);
  if (id && id.uses.size === 0) constantId(check, () => id.evaluate({}));
  if (type !== undefined) {
    const compiled = expression(check, type, "type", scope, TEXT);
    if (compiled && target?.kind === "plain") constantType(check, compiled, target, "type");
  }
  if (data !== undefined) maker(check, data, "data", scope);
  if (where !== undefined) expression(check, where, "where", scope, CONDITION);
  for (const name of kind.needs(settings)) {
    if (!isBound(name)) check.issues.push({ path: memberWith(definition, name), message: missing(name) });
  }
  return check.issues.slice(0, ISSUES);
}

function missing(name: string): string {
  return `the deployment has no variable, secret or binding ${name} that a source may use`;
}

/** The setting that has this value; empty: it is deeper inside. */
function memberWith(definition: Readonly<Record<string, unknown>>, value: string): string {
  return Object.keys(definition).find((member) => definition[member] === value) ?? "";
}

/** Without `type` it is the only one that the category has. */
function missingType(check: Check, { name, factType, events }: CategoryShape): void {
  const types = Object.keys(events);
  if (factType !== undefined || types.length === 1) return;
  check.issues.push({
    path: "type",
    message: `${name} has not one event type, but ${listed(types)}: give \`type\`, an expression such as "'${types[0] ?? "Changed"}'"`,
  });
}

/** An id that depends on nothing is known already. */
function constantId(check: Check, evaluate: () => unknown): void {
  let id: unknown;
  try {
    id = evaluate();
  } catch {
    return; // it fails at each change, with its reason
  }
  const problem = typeof id === "string" ? streamIdProblem(id) : undefined;
  if (problem !== undefined) check.issues.push({ path: "stream", message: problem });
}
