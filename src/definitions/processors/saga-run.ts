/**
 * How a saga goes on: from its state and the input to the events, commands and timer that follow. Pure: the same state and input give the
 * same answer, whatever happens to the caller.
 */

import type { DecideContext } from "../../core/command.ts";
import { delayAfter } from "../retry.ts";
import type { JsonObject } from "../../core/event.ts";
import { LAST_TIME_MS } from "../../core/limits.ts";
import { attempt, fitting } from "./saga-attempt.ts";
import { type Course, doneOf, placedIn, sendingOf } from "./saga-course.ts";
import { type CommandSent, type Outcome, START_SAGA } from "./process-events.ts";
import { type Part, complete } from "./process-answer.ts";
import { EVOLVE, type Parent, type SagaState, type Signalled, type StepState, type StepStatus, isInFlight } from "./saga-state.ts";
import { type Placed, type Step, UNDO } from "./saga-steps.ts";
import { isToUndo, isUndoable } from "./saga-undo.ts";

/** The one timer of a saga: it goes off when the first thing is due. */
export const WAKE = "$Wake";

/** Why a second start with the same id is refused. */
export const ALREADY_STARTED = "saga-already-started";

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

  /** Adds one of the saga's own events. */
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
    // Only steps in progress send commands. Another label comes from a newer version of this code.
    if (state?.status !== (undoing ? "undo-in-progress" : "in-progress")) return;
    const { step } = this.#placed(name);
    const startsSaga = sent.command === START_SAGA;
    if (outcome.outcome !== "accepted") {
      const isTaken = startsSaga && outcome.outcome === "refused" && outcome.reason === ALREADY_STARTED;
      return this.#failed(step, state, outcome, undoing, isTaken);
    }
    // The saga that undoes the step has only started; the step ends when that saga does.
    if (undoing) return startsSaga ? undefined : this.tell("StepUndone", { step: name });
    const { version } = outcome;
    const waitsMs = step.waitsMs ?? (startsSaga ? Number.POSITIVE_INFINITY : undefined);
    if (waitsMs !== undefined) {
      this.tell("StepWaiting", { step: name, version, ...this.#until(waitsMs) });
      return state.signal && this.#end(name, state.signal);
    }
    const events = outcome.events.map(({ type, version, data = {} }) => ({ type, version, data: data as JsonObject }));
    const made = attempt("result-threw", () => fitting(step.result?.(events)));
    if (made.why) this.tell("StepFailed", { step: name, ...made.why, accepted: true, version });
    else this.tell("StepCompleted", { step: name, version, ...(made.value === undefined ? {} : { result: made.value }) });
  }

  /** An event ends a step: at once if the step already waits for it, else as soon as it does. */
  signalled(name: string, signal: Signalled): void {
    const state = this.#stateOf(name);
    if (state?.status === "waiting") return this.#end(name, signal);
    const isEarly = state !== undefined && EARLY.has(state.status) && state.signal === undefined && !this.#state.failure;
    // The first signal counts. A step that does not wait ignores them.
    if (!isEarly || this.#course.steps.get(name)?.step.waitsMs === undefined) return;
    const kept = attempt("result-threw", () => fitting(signal));
    this.tell("StepSignalled", { step: name, ...(kept.why ? { ...kept.why, accepted: true } : signal) });
  }

  /** A saga that a step started, to do or to undo its work, has ended. */
  childEnded({ step: name, undo }: Parent, child: string, failure: { readonly reason: string } | undefined): void {
    const state = this.#stateOf(name);
    if (state?.status !== (undo ? "undo-in-progress" : "waiting")) return;
    // The saga of an earlier attempt does not count.
    if (state.child !== undefined && state.child !== child) return;
    if (failure) this.#failed(this.#placed(name).step, state, { outcome: "failed", commandId: "", ...failure }, undo === true);
    else this.tell(undo ? "StepUndone" : "StepCompleted", { step: name });
  }

  #end(name: string, { result, ...why }: Signalled): void {
    const made = attempt("result-threw", () => fitting(result));
    if (why.reason !== undefined) this.tell("StepFailed", { step: name, ...why });
    else if (made.why) this.tell("StepFailed", { step: name, ...made.why, accepted: true });
    else this.tell("StepCompleted", { step: name, ...(result === undefined ? {} : { result }) });
  }

  /** The timer went off: tries again what is due, and ends what has waited long enough. */
  wake(): void {
    for (const { name, status, until } of this.#state.steps) {
      if (until === undefined || Date.parse(until) > this.#context.now.getTime()) continue;
      if (status === "waiting") this.tell("StepTimedOut", { step: name });
      // A saga that is already failing starts no step again.
      if (status === "retry-awaiting" && !this.#state.failure) this.#act(name);
      if (status === "undo-retry-awaiting") this.#undo(name);
    }
  }

  /** Starts every step that can start, ends the saga when all have ended, and sets the timer. */
  goOn(): void {
    if (!this.#state.failure) this.#goForward();
    if (this.#state.failure) this.#goBack();
    this.#setTimer();
  }

  #goForward(): void {
    for (const { name, status, after } of this.#state.steps) {
      if (this.#state.failure) return;
      if (status === "pending" && after.every((earlier) => this.#stateOf(earlier)?.status === "completed")) this.#act(name);
    }
    if (this.#state.steps.every(({ status }) => status === "completed")) this.#finish("SagaCompleted", {});
  }

  /** Undoes the finished steps in reverse order, once no command is in flight. */
  #goBack(): void {
    for (const { name, status, reason = "given-up" } of this.#state.steps) {
      if (status === "retry-awaiting") this.tell("StepFailed", { step: name, reason });
    }
    if (this.#state.steps.some(isInFlight)) return;
    // Later steps come later in the list: one pass backwards is enough.
    for (const one of this.#state.steps.toReversed()) {
      if (isUndoable(one, this.#state.steps)) this.#undo(one.name);
    }
    if (this.#state.steps.some(isToUndo)) return;
    const undoFailed = this.#state.steps.filter(({ status }) => status === "undo-failed").map(({ name }) => name);
    this.#finish("SagaFailed", { ...this.#state.failure, ...(undoFailed.length > 0 ? { undoFailed } : {}) });
  }

  #act(name: string): void {
    const { step } = this.#placed(name);
    const made = attempt("action-threw", () => {
      const done = doneOf(this.#course, this.#state);
      const expected = step.expects ? { expected: step.expects(done) } : {};
      const { attempts = 0 } = this.#stateOf(name) ?? {};
      return sendingOf(this.#course, this.#context.id, name, step.action(done), { label: name, ...expected }, attempts);
    });
    if (made.why) this.tell("StepFailed", { step: name, ...made.why });
    else this.#send(made.value);
  }

  #undo(name: string): void {
    const { step } = this.#placed(name);
    const { result, undoAttempts = 0 } = this.#stateOf(name) ?? {};
    const made = attempt("undo-threw", () => {
      const undo = step.undo?.(result, doneOf(this.#course, this.#state));
      return undo && sendingOf(this.#course, this.#context.id, name, undo, { label: UNDO + name }, undoAttempts);
    });
    if (made.why) this.tell("StepUndoFailed", { step: name, ...made.why });
    else if (made.value) this.#send(made.value);
    else this.tell("StepUndoBypassed", { step: name });
  }

  #send(part: Extract<Part, { kind: "send" }>): void {
    this.parts.push(part);
    this.#state = EVOLVE.$CommandSent?.(this.#state, part) ?? this.#state;
  }

  #failed(step: Step, state: StepState, outcome: Exclude<Outcome, { outcome: "accepted" }>, undoing: boolean, isFinal = false): void {
    const detail = "detail" in outcome ? outcome.detail : undefined;
    const why = { step: step.name, reason: outcome.reason, ...(detail === undefined ? {} : { detail }) };
    const policy = undoing ? step.undoRetry : step.retry;
    const delayMs = delayAfter(policy, undoing ? state.undoAttempts : state.attempts, 0);
    const again = delayMs !== undefined && !isFinal && (undoing || !this.#state.failure);
    if (again) this.tell(undoing ? "StepUndoRetryAwaiting" : "StepRetryAwaiting", { ...why, ...this.#until(delayMs) });
    else this.tell(undoing ? "StepUndoFailed" : "StepFailed", why);
  }

  #finish(type: "SagaCompleted" | "SagaFailed", data: object): void {
    const { parent } = this.#state;
    this.tell(type, { ...data, ...(parent === undefined ? {} : { parent }) });
    this.parts.push(complete());
  }

  /** Sets the one timer, for what is due first. */
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
    return Number.isFinite(ms) ? { until: new Date(Math.min(this.#context.now.getTime() + ms, LAST_TIME_MS)).toISOString() } : {};
  }

  #stateOf(name: string): StepState | undefined {
    return this.#state.steps.find((one) => one.name === name);
  }

  #placed(name: string): Placed {
    return placedIn(this.#course, name, this.#context.id);
  }
}

/** The step does not wait yet, but still may. */
const EARLY: ReadonlySet<StepStatus> = new Set(["pending", "in-progress", "retry-awaiting"]);
