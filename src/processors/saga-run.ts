/**
 * How a saga goes on: from its state and what has just happened to the events, commands and the timer that follow.
 * Pure: the same state and input give the same answer, whatever happens to who asks.
 */

import type { DecideContext } from "../command.ts";
import { delayAfter } from "../delivery/retry.ts";
import type { JsonObject } from "../event.ts";
import { type CommandSent, type Outcome, START_SAGA } from "./process-events.ts";
import { type Part, complete } from "./process.ts";
import { EVOLVE, type Parent, type SagaState, type StepState, type StepStatus, isInFlight } from "./saga-state.ts";
import { type Done, type Placed, type Step, UNDO } from "./saga-steps.ts";

/** The one timer of a saga: it wakes for whatever is due first. */
export const WAKE = "$Wake";

/** A saga, as far as going on needs it. */
export interface Course {
  readonly name: string;
  /** The steps of the definition for this input, by name. */
  readonly steps: ReadonlyMap<string, Placed>;
  /** Sagas that it may start. */
  readonly sagas: ReadonlySet<string>;
}

/** Collects what follows, and keeps the state up to date with it. */
export class Run {
  readonly parts: Part[] = [];
  readonly #course: Course;
  readonly #context: DecideContext;
  readonly #hadTimer: boolean;
  #state: SagaState;

  constructor(course: Course, state: SagaState, context: DecideContext) {
    this.#course = course;
    this.#state = state;
    this.#context = context;
    this.#hadTimer = state.steps.some(({ until }) => until !== undefined);
  }

  /** An event of the saga's own. */
  tell(type: string, data: object): void {
    this.parts.push({ kind: "event", type, data });
    this.#state = EVOLVE[type]?.(this.#state, data) ?? this.#state;
  }

  /** The outcome of a command that a step has sent. */
  outcome(sent: CommandSent, outcome: Outcome): void {
    const { label = "" } = sent;
    const undoing = label.startsWith(UNDO);
    const name = undoing ? label.slice(UNDO.length) : label;
    const state = this.#stateOf(name);
    // Commands are sent by steps in progress only; another label is of a version of this code that knew more.
    if (state?.status !== (undoing ? "undo-in-progress" : "in-progress")) return;
    const { step } = this.#placed(name);
    if (outcome.outcome !== "accepted") return this.#failed(step, state, outcome, undoing);
    if (undoing) return this.tell("StepUndone", { step: name });
    const waitsMs = sent.command === START_SAGA ? Number.POSITIVE_INFINITY : step.waitsMs;
    if (waitsMs !== undefined) return this.tell("StepWaiting", { step: name, version: outcome.version, ...this.#until(waitsMs) });
    const result = step.result?.(outcome.events.map(({ type, version, data = {} }) => ({ type, version, data: data as JsonObject })));
    this.tell("StepCompleted", { step: name, version: outcome.version, ...(result === undefined ? {} : { result }) });
  }

  /** An event says how a step has ended that waits for it. */
  ended(name: string, how: { readonly result?: unknown } | { readonly reason: string; readonly detail?: string }): void {
    if (this.#stateOf(name)?.status !== "waiting") return;
    if ("reason" in how) this.tell("StepFailed", { step: name, ...how });
    else this.tell("StepCompleted", { step: name, ...how });
  }

  /** The timer has gone off: what is due is tried again, or has waited long enough. */
  wake(): void {
    for (const { name, status, until } of this.#state.steps) {
      if (until === undefined || Date.parse(until) > this.#context.now.getTime()) continue;
      if (status === "waiting") this.tell("StepTimedOut", { step: name });
      // A saga that fails already begins nothing again.
      if (status === "retry-awaiting" && !this.#state.failure) this.#act(name);
      if (status === "undo-retry-awaiting") this.#undo(name);
    }
  }

  /** Begins what can begin now, ends what is at its end, and sets the timer. */
  goOn(): void {
    if (this.#state.failure) this.#goBack();
    else this.#goForward();
    this.#setTimer();
  }

  #goForward(): void {
    for (const { name, status, after } of this.#state.steps) {
      if (status === "pending" && after.every((earlier) => this.#stateOf(earlier)?.status === "completed")) this.#act(name);
    }
    if (this.#state.steps.every(({ status }) => status === "completed")) this.#end("SagaCompleted", {});
  }

  /** Takes back what was done, in the reverse order, once nothing is in flight any more. */
  #goBack(): void {
    for (const { name, status, reason = "given-up" } of this.#state.steps) {
      if (status === "retry-awaiting") this.tell("StepFailed", { step: name, reason });
    }
    if (this.#state.steps.some(isInFlight)) return;
    // What comes later stands later in the list: one pass back is enough.
    for (const { name, status } of this.#state.steps.toReversed()) {
      const isDone = DONE.has(status);
      if (isDone && !this.#state.steps.some((later) => later.after.includes(name) && this.#blocks(later))) this.#undo(name);
    }
    if (this.#state.steps.some(({ status }) => DONE.has(status) || UNDOING.has(status))) return;
    const undoFailed = this.#state.steps.filter(({ status }) => status === "undo-failed").map(({ name }) => name);
    this.#end("SagaFailed", { ...this.#state.failure, ...(undoFailed.length > 0 ? { undoFailed } : {}) });
  }

  /** Whether a step, or one that comes after it, is still to be undone. */
  #blocks({ name, status }: StepState): boolean {
    if (DONE.has(status) || UNDOING.has(status)) return true;
    return this.#state.steps.some((later) => later.after.includes(name) && this.#blocks(later));
  }

  #act(name: string): void {
    const { step } = this.#placed(name);
    const done = this.#done();
    const action = step.action(done);
    const expected = step.expects ? { expected: step.expects(done) } : {};
    const { saga, id } = { saga: this.#course.name, id: this.#context.id };
    const parent: Parent = { saga, id, step: name };
    if (action.command === START_SAGA && !this.#course.sagas.has(action.aggregate)) {
      throw new Error(`saga "${saga}" starts saga "${action.aggregate}", which its \`sagas\` does not name`);
    }
    const data = action.command === START_SAGA ? { ...(action.data as object), parent } : action.data;
    this.#send({ ...action, data, label: name, ...expected });
  }

  #undo(name: string): void {
    const { step } = this.#placed(name);
    const undo = step.undo?.(this.#stateOf(name)?.result, this.#done());
    if (undo) this.#send({ ...undo, label: UNDO + name });
    else this.tell("StepUndoBypassed", { step: name });
  }

  #send(part: Extract<Part, { kind: "send" }>): void {
    this.parts.push(part);
    this.#state = EVOLVE.$CommandSent?.(this.#state, part) ?? this.#state;
  }

  #failed(step: Step, state: StepState, outcome: Exclude<Outcome, { outcome: "accepted" }>, undoing: boolean): void {
    const detail = "detail" in outcome ? outcome.detail : undefined;
    const why = { step: step.name, reason: outcome.reason, ...(detail === undefined ? {} : { detail }) };
    const policy = undoing ? step.undoRetry : step.retry;
    const delayMs = delayAfter(policy, undoing ? state.undoAttempts : state.attempts, 0);
    const again = delayMs !== undefined && (undoing || !this.#state.failure);
    if (again) this.tell(undoing ? "StepUndoRetryAwaiting" : "StepRetryAwaiting", { ...why, ...this.#until(delayMs) });
    else this.tell(undoing ? "StepUndoFailed" : "StepFailed", why);
  }

  #end(type: "SagaCompleted" | "SagaFailed", data: object): void {
    const { parent } = this.#state;
    this.tell(type, { ...data, ...(parent === undefined ? {} : { parent }) });
    this.parts.push(complete());
  }

  /** There is one timer: for what is due first. */
  #setTimer(): void {
    if (this.#state.status === "completed" || this.#state.status === "failed") return;
    const dues = this.#state.steps.flatMap(({ until }) => (until === undefined ? [] : Date.parse(until)));
    if (dues.length === 0) {
      if (this.#hadTimer) this.parts.push({ kind: "cancel", command: WAKE });
      return;
    }
    const delayMs = Math.max(0, Math.min(...dues) - this.#context.now.getTime());
    this.parts.push({ kind: "after", command: WAKE, delayMs, data: {} });
  }

  #until(ms: number): { until?: string } {
    return Number.isFinite(ms) ? { until: new Date(this.#context.now.getTime() + ms).toISOString() } : {};
  }

  #stateOf(name: string): StepState | undefined {
    return this.#state.steps.find((one) => one.name === name);
  }

  /** @throws when the definition has no such step any more: a saga that runs needs the steps it has started with */
  #placed(name: string): Placed {
    const placed = this.#course.steps.get(name);
    if (!placed) throw new Error(`saga "${this.#course.name}" has no step "${name}" any more, but ${this.#context.id} is at it`);
    return placed;
  }

  #done(): Done {
    const of = ({ name }: Step) => {
      const state = this.#stateOf(name);
      if (!state) throw new Error(`saga "${this.#course.name}" has no step "${name}"`);
      return state;
    };
    return { result: (step) => of(step).result as never, version: (step) => of(step).version ?? 0 };
  }
}

/** There is something to undo. A step that has timed out was accepted, and may yet take effect. */
const DONE: ReadonlySet<StepStatus> = new Set(["completed", "timed-out"]);
const UNDOING: ReadonlySet<StepStatus> = new Set(["undo-in-progress", "undo-retry-awaiting"]);
