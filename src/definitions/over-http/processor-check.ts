/** Checks what a processor's definition means: its names against what the store has, its expressions against the schemas. Pure. */

import { ISSUES } from "../../core/limits.ts";
import type { Issue } from "../../core/issue.ts";
import { EVENT_TYPE } from "../../core/names.ts";
import * as z from "zod";
import type { JsonSchema } from "../../schemas/json-schema.ts";
import { eventScope } from "../expressions/event-scope.ts";
import { type Expression, type Scope, compileExpression } from "../expressions/expression.ts";
import { RULES_NAMES } from "../limits.ts";
import { typeWithSql } from "../views/keys.ts";
import type { View } from "../views/view.ts";
import { RESULTS_CALLED, expressionIssue } from "./expression-issue.ts";
import type { BranchDefinition, MakerDefinition, ProcessorDefinition, StepDefinition } from "./processor-form.ts";
import { EMPTY, schemaOfResult, withMember } from "./processor-scope.ts";
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

interface Check {
  readonly issues: Issue[];
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

type Result = Expression["result"];
const CONDITION: readonly Result[] = ["boolean"];
const OBJECT: readonly Result[] = ["map"];
const TEXT: readonly Result[] = ["string"];
const ID: readonly Result[] = ["string", "number"];

/** @param wanted the kinds of results that it may have; absent: any */
function expression(check: Check, text: string, path: string, scope: Scope, wanted?: readonly Result[]): Expression | undefined {
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
function members(check: Check, given: Readonly<Record<string, string>>, path: string, scope: Scope, before: JsonSchema): JsonSchema {
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

function maker(check: Check, given: MakerDefinition, path: string, scope: Scope): JsonSchema {
  if (typeof given !== "string") return members(check, given, path, scope, EMPTY);
  const compiled = expression(check, given, path, scope, OBJECT);
  if (!compiled) return true;
  // One name alone: the whole of what it stands for.
  const name = given.trim();
  return Object.hasOwn(scope, name) ? (scope[name] as JsonSchema) : schemaOfResult(compiled);
}

type JoinStep = Extract<StepDefinition, { readonly join: unknown }>["join"];

function join({ around, ...check }: Check, { with: name, by, as, missing }: JoinStep, path: string, scope: Scope): Scope {
  expression({ around, ...check }, by, `${path}.by`, scope, ID);
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

/** A type that depends on nothing is known already. */
function constantType(check: Check, compiled: Expression, { name, strict, events }: CategoryShape, path: string): void {
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

function listed(names: readonly string[]): string {
  if (names.length === 0) return "none";
  return names.slice(0, NAMES).join(", ") + (names.length > NAMES ? ` and ${names.length - NAMES} more` : "");
}
