/** The steps of a saga, in series and in parallel, and the order that follows from it. Pure. */

import type { SendAction } from "../../core/sending.ts";
import { type Retry, type RetryPolicy, retryPolicy } from "../retry.ts";
import { type Duration, milliseconds } from "../../core/duration.ts";
import type { JsonObject, JsonValue } from "../../core/event.ts";
import type { Expected } from "../../core/expected.ts";

/** An event that a step's action led to. */
export interface StepEvent {
  readonly type: string;
  readonly version: number;
  readonly data: JsonObject;
}

/** The results of earlier steps. */
export interface Done {
  /** What a step kept of its action: the return value of its `result`, or what came with the event that it waited for. */
  result<Result>(step: Step<Result>): Result;
  /** The version of the stream that a step's action was sent to, after the action. */
  version(step: Step): number;
}

export interface StepDefinition<Result> {
  /** The command that the step consists of: `send(…)`, or `start(…)` for another saga. */
  readonly action: (done: Done) => SendAction;
  /** What to keep of the action's events, for later steps and for `undo`. */
  readonly result?: (events: readonly StepEvent[]) => Result;
  /** The command that undoes the action when the saga fails later; undefined: there is nothing to undo. */
  readonly undo?: (result: Result, done: Done) => SendAction | undefined;
  /** What to do when the action is refused or fails. Default: `"none"`, the saga fails at once. */
  readonly retry?: Retry;
  /** The same for `undo`. Default: the same as `retry`. */
  readonly undoRetry?: Retry;
  /**
   * The step is not done when its command is accepted, but when an event ends it (`stepDone` in the saga's `on`). After this time it times
   * out: the saga fails, and the step is undone as well.
   */
  readonly waits?: Duration;
  /** The state that the target stream must be in. Otherwise the action fails with `version-conflict`. */
  readonly expects?: number | "absent" | "exists" | ((done: Done) => number);
}

/** One step. Made by {@link step}. */
export interface Step<Result = unknown> {
  readonly kind: "step";
  readonly name: string;
  readonly action: (done: Done) => SendAction;
  readonly result?: (events: readonly StepEvent[]) => Result;
  // A method, so that a step with a known result fits wherever any step does.
  undo?(result: Result, done: Done): SendAction | undefined;
  readonly retry: RetryPolicy;
  readonly undoRetry: RetryPolicy;
  readonly waitsMs?: number;
  readonly expects?: (done: Done) => Expected;
}

/** Steps in an order. Made by {@link step}, {@link series} and {@link parallel}. */
export type Plan = Step | { readonly kind: "series" | "parallel"; readonly parts: readonly Plan[] };

/** Labels of commands that undo a step begin with this; names of steps may not. */
export const UNDO = "undo:";

/**
 * A step of a saga.
 *
 * @param name stored with the saga; unique within it. Keep it while sagas that have it are running
 * @throws {PlanError} when the name or a duration is not valid
 *
 * @example
 * step("reserve", {
 *   action: () => send(product, "tea", "ReserveStock", { order: "1", quantity: 2 }),
 *   undo: () => send(product, "tea", "ReleaseStock", { order: "1" }),
 *   retry: { attempts: 3, delay: "10s" },
 * })
 */
export function step<Result extends JsonValue = undefined>(name: string, definition: StepDefinition<Result>): Step<Result> {
  try {
    return made(name, definition);
  } catch (error) {
    // Names and durations may come from the input that the plan is made from.
    throw error instanceof TypeError ? new PlanError(`step "${name}": ${error.message}`) : error;
  }
}

function made<Result extends JsonValue>(name: string, definition: StepDefinition<Result>): Step<Result> {
  if (name === "" || name.startsWith(UNDO)) throw new TypeError(`"${name}" is not a valid name for a step`);
  const { action, result, undo, retry = "none", undoRetry = retry, waits, expects } = definition;
  return {
    kind: "step",
    name,
    action,
    ...(result === undefined ? {} : { result }),
    ...(undo === undefined ? {} : { undo }),
    retry: retryPolicy("its `retry`", retry),
    undoRetry: retryPolicy("its `undoRetry`", undoRetry),
    ...(waits === undefined ? {} : { waitsMs: milliseconds(waits) }),
    ...(expects === undefined ? {} : { expects: (done) => expectedOf(typeof expects === "function" ? expects(done) : expects) }),
  };
}

function expectedOf(expects: number | "absent" | "exists"): Expected {
  return typeof expects === "number" ? { kind: "version", version: expects } : { kind: expects };
}

/**
 * One after the other: each begins when the one before is done.
 *
 * @example
 * series(step("reserve", { action: () => reserve }), step("confirm", { action: () => confirm }));
 */
export function series(...parts: readonly Plan[]): Plan {
  return { kind: "series", parts };
}

/**
 * All at the same time. What comes next begins when all are done.
 *
 * @example
 * series(parallel(step("reserve", { action: () => reserve }), step("pay", { action: () => pay })), step("confirm", { action: () => confirm }));
 */
export function parallel(...parts: readonly Plan[]): Plan {
  return { kind: "parallel", parts };
}

/** The plan that was made from an input is not valid. */
export class PlanError extends TypeError {
  override readonly name = "PlanError";
}

/** A step, and the steps that it comes after. */
export interface Placed {
  readonly step: Step;
  readonly after: readonly string[];
}

/**
 * All steps of a plan, in an order in which they can be done.
 *
 * @throws {PlanError} when two have the same name
 */
export function placed(plan: Plan): Placed[] {
  const steps = new Map<string, Placed>();
  place(plan, []);
  return [...steps.values()];

  /** Places a part after these steps, and returns the last steps in it. */
  function place(part: Plan, after: readonly string[]): readonly string[] {
    switch (part.kind) {
      case "step":
        if (steps.has(part.name)) throw new PlanError(`two steps of the saga are named "${part.name}"`);
        steps.set(part.name, { step: part, after });
        return [part.name];
      case "series":
        return part.parts.reduce((before, one) => place(one, before), after);
      case "parallel":
        return part.parts.length === 0 ? after : part.parts.flatMap((one) => place(one, after));
    }
  }
}
