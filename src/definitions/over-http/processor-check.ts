/** Checks what a processor's definition means: its names against what the store has, its expressions against the schemas. Pure. */

import { ISSUES } from "../../core/limits.ts";
import type { Issue } from "../../core/issue.ts";
import * as z from "zod";
import type { JsonSchema } from "../../schemas/json-schema.ts";
import { eventScope } from "../expressions/event-scope.ts";
import type { Scope } from "../expressions/expression.ts";
import { typeWithSql } from "../views/keys.ts";
import type { View } from "../views/view.ts";
import { CONDITION, type Check as Issues, ID, TEXT, constantType, expression, listed, maker, members } from "./expression-checks.ts";
import type { BranchDefinition, ProcessorDefinition, StepDefinition } from "./processor-form.ts";
import type { CategoryShape, Surroundings } from "./surroundings.ts";

/** What is wrong with the definition. Empty: it can be kept. */
export function checkProcessor(_name: string, { from, types, steps }: ProcessorDefinition, around: Surroundings): Issue[] {
  const issues: Issue[] = [];
  const names = [from].flat();
  const shapes = names.flatMap((name) => around.categories.get(name) ?? []);
  const isOpen = shapes.some(({ strict }) => !strict);
  const known = [...new Set(shapes.flatMap(({ events }) => Object.keys(events)))];
  for (const [index, name] of names.entries()) {
    if (!around.categories.has(name))
      issues.push({ path: Array.isArray(from) ? `from.${index}` : "from", message: `there is no category ${name}` });
  }
  for (const [index, type] of (types ?? []).entries()) {
    if (!isOpen && !known.includes(type))
      issues.push({ path: `types.${index}`, message: `none of its categories has this event type; they have ${listed(known)}` });
  }
  if (issues.length > 0) return issues.slice(0, ISSUES);
  const check: Check = { issues, around, types: types ?? known, isOpen: isOpen && types === undefined };
  checkSteps(check, steps, "steps", { ...eventScope(shapes, types) });
  return issues.slice(0, ISSUES);
}

interface Check extends Issues {
  readonly around: Surroundings;
  /** The event types that it may get. */
  readonly types: readonly string[];
  /** It may get others as well. */
  readonly isOpen: boolean;
}

function checkSteps(check: Check, steps: readonly StepDefinition[], path: string, scope: Scope): void {
  let known = scope;
  for (const [index, step] of steps.entries()) known = checkStep(check, step, `${path}.${index}`, known);
}

/** Returns the scope of the next step. */
function checkStep(check: Check, step: StepDefinition, path: string, scope: Scope): Scope {
  if ("filter" in step) expression(check, step.filter, `${path}.filter`, scope, CONDITION);
  else if ("set" in step) return { ...scope, data: members(check, step.set, `${path}.set`, scope, scope.data ?? true) };
  else if ("map" in step) return { ...scope, data: maker(check, step.map, `${path}.map`, scope) };
  else if ("join" in step) return join(check, step.join, `${path}.join`, scope);
  else if ("emit" in step) emit(check, step.emit, `${path}.emit`, scope);
  else branches(check, step.branch, `${path}.branch`, scope);
  return scope;
}

function branches(check: Check, list: readonly BranchDefinition[], path: string, scope: Scope): void {
  for (const [index, { when, steps }] of list.entries()) {
    if (when !== undefined) expression(check, when, `${path}.${index}.when`, scope, CONDITION);
    checkSteps(check, steps, `${path}.${index}.steps`, scope);
  }
}

type JoinStep = Extract<StepDefinition, { readonly join: unknown }>["join"];

function join(check: Check, { with: name, by, as, missing }: JoinStep, path: string, scope: Scope): Scope {
  const { around } = check;
  expression(check, by, `${path}.by`, scope, ID);
  const view = around.views.get(name);
  const shape = around.categories.get(name);
  const problem = view ? whyNotJoined(view) : shape ? undefined : `there is neither a view nor a category ${name}`;
  if (problem !== undefined) check.issues.push({ path: `${path}.with`, message: problem });
  if (RESERVED.has(as) || Object.hasOwn(scope, as))
    check.issues.push({
      path: `${path}.as`,
      message: Object.hasOwn(scope, as) ? `\`${as}\` is in use; take another name` : `expressions cannot have a name \`${as}\``,
    });
  const found = view ? rowSchema(view) : shape ? eventScope([shape]).data : true;
  return { ...scope, [as]: missing === "null" ? { anyOf: [found, { type: "null" }] } : found };
}

/** Words that mean something else in an expression, or nowhere anything that data should be called. */
const RESERVED: ReadonlySet<string> = new Set(
  "true false null in as break const continue else for function if import let loop package namespace return var void while __proto__".split(
    " ",
  ),
);

/** Why the rows of a view cannot be copied event by event; undefined: they can. */
export function whyNotJoined(view: Pick<View, "name" | "handlers">): string | undefined {
  const type = typeWithSql(view);
  return (
    type &&
    `the view ${view.name} changes rows by SQL at ${type}: what it had at an event's own position cannot be known later, so it cannot be joined`
  );
}

function rowSchema({ row }: View): JsonSchema {
  return z.toJSONSchema(row, { io: "output", unrepresentable: "any" }) as JsonSchema;
}

type EmitStep = Extract<StepDefinition, { readonly emit: unknown }>["emit"];

function emit(check: Check, { to, type, id, data }: EmitStep, path: string, scope: Scope): void {
  const target = check.around.categories.get(to);
  if (!target) check.issues.push({ path: `${path}.to`, message: `there is no category ${to}` });
  else if (target.kind === "aggregate")
    check.issues.push({ path: `${path}.to`, message: `${to} is an aggregate, which only commands write to; emit to a plain category` });
  else if (type === undefined) missingType(check, target, path);
  if (type !== undefined) {
    const compiled = expression(check, type, `${path}.type`, scope, TEXT);
    if (compiled && target?.kind === "plain") constantType(check, compiled, target, `${path}.type`);
  }
  if (id !== undefined) expression(check, id, `${path}.id`, scope, ID);
  if (data !== undefined) maker(check, data, `${path}.data`, scope);
}

/** Without `type` it is the fact type of the target, or the event's own. */
function missingType(check: Check, target: CategoryShape, path: string): void {
  if (target.factType !== undefined || !target.strict) return;
  const unknown = check.types.filter((type) => !Object.hasOwn(target.events, type));
  if (unknown.length === 0 && !check.isOpen) return;
  const why = unknown.length > 0 ? `${target.name} has no event type ${listed(unknown)}` : `events of any type may come`;
  check.issues.push({ path, message: `${why}: give \`type\`; ${target.name} takes ${listed(Object.keys(target.events))}` });
}
