/** The state of a saga, folded from its events. Pure: this file knows no runtime. */

import * as z from "zod";
import { type Answer, StreamName, Time, Version, Whole } from "../../core/answer.ts";
import type { JsonValue } from "../../core/event.ts";
import { START_SAGA } from "./process-events.ts";
import { UNDO } from "./saga-steps.ts";

export const Parent = z.object({
  saga: z.string(),
  id: z.string(),
  step: z.string(),
  /** This step is being undone by the child. */
  undo: z.literal(true).optional(),
});
/** The saga and step that started this one. */
export type Parent = z.infer<typeof Parent>;

/** A value that is JSON already: it was checked at its source. */
const Json = z.custom<JsonValue>();
const StepName = z.string();
/** Without the format that times in answers have: the schemas of stored events stay as they are. */
const StoredTime = z.string();
const Why = { reason: z.string(), detail: z.string().optional() };

/** A saga's own events, besides those of every process. Names and shapes are stored: add optional fields, change nothing. */
export const SAGA_EVENTS = {
  SagaStarted: z.object({
    input: z.record(z.string(), Json),
    /** The order is stored as it was when the saga started. */
    steps: z.array(z.object({ name: StepName, after: z.array(StepName) })),
    parent: Parent.optional(),
  }),
  /** Its command was accepted; now it waits for an event, until this time. If it started a saga, it waits without a limit. */
  StepWaiting: z.object({ step: StepName, version: z.int(), until: StoredTime.optional() }),
  /** An event ended the step before the step waited for it: kept until it does. With a reason, the step fails. */
  StepSignalled: z.object({
    step: StepName,
    result: Json.optional(),
    reason: z.string().optional(),
    detail: z.string().optional(),
    /** The step was done, although its result cannot be kept: so it has to be undone. */
    accepted: z.literal(true).optional(),
  }),
  StepCompleted: z.object({ step: StepName, version: z.int().optional(), result: Json.optional() }),
  /** It will be tried again at that time. */
  StepRetryAwaiting: z.object({ step: StepName, ...Why, until: StoredTime }),
  /** `accepted`: its command was carried out all the same, so it has to be undone. */
  StepFailed: z.object({ step: StepName, ...Why, accepted: z.literal(true).optional(), version: z.int().optional() }),
  StepTimedOut: z.object({ step: StepName }),
  StepUndone: z.object({ step: StepName }),
  /** The step has no `undo`. */
  StepUndoBypassed: z.object({ step: StepName }),
  StepUndoRetryAwaiting: z.object({ step: StepName, ...Why, until: StoredTime }),
  StepUndoFailed: z.object({ step: StepName, ...Why }),
  SagaCompleted: z.object({ parent: Parent.optional() }),
  SagaFailed: z.object({
    /** Absent: the saga failed for another reason than a step of its own. */
    step: StepName.optional(),
    ...Why,
    /** Steps that could not be undone: a person has to look at them. */
    undoFailed: z.array(StepName).optional(),
    parent: Parent.optional(),
  }),
};

const SagaStatus = z.enum(["not-started", "in-progress", "failure-pending", "in-failure", "completed", "failed"]);
export type SagaStatus = z.infer<typeof SagaStatus>;

const StepStatus = z.enum([
  "pending",
  "in-progress",
  "waiting",
  "retry-awaiting",
  "completed",
  "failed",
  "timed-out",
  "undo-in-progress",
  "undo-retry-awaiting",
  "undone",
  "undo-bypassed",
  "undo-failed",
]);
export type StepStatus = z.infer<typeof StepStatus>;

/** What an event reports about a step. With a reason, the step has failed. */
const Signalled = z.object({
  result: z.unknown().optional(),
  reason: z.string().optional(),
  detail: z.string().optional(),
  accepted: z.literal(true).optional().describe("The step was done, but its result cannot be kept, so it will be undone."),
});
export type Signalled = Answer<typeof Signalled>;

const StepState = z.object({
  name: z.string(),
  after: z.array(z.string()).describe("Steps that must end before this one begins."),
  status: StepStatus,
  attempts: Whole,
  undoAttempts: Whole,
  reason: z.string().optional(),
  detail: z.string().optional(),
  until: Time.optional().describe("When the step is tried again, or stops waiting."),
  version: Version.optional().describe("The target's version after the action."),
  result: z.unknown().optional(),
  signal: Signalled.optional().describe("How the step will end as soon as it waits: the event that decides it has already arrived."),
  child: StreamName.optional().describe("The saga that the step's last command started."),
  accepted: z.literal(true).optional().describe("The step has failed, but its command was carried out, so it will be undone."),
});
export type StepState = Answer<typeof StepState>;

export const SagaState = z.object({
  status: SagaStatus,
  failure: z
    .object({ step: z.string().optional(), reason: z.string(), detail: z.string().optional() })
    .optional()
    .describe("Why the saga fails or has failed: the first cause."),
  parent: Parent.optional().describe("The saga and the step that started this one, either to do the step or to undo it."),
  input: z.unknown(),
  steps: z.array(StepState),
});
export type SagaState = Answer<typeof SagaState>;

export const NOT_STARTED: SagaState = { status: "not-started", input: null, steps: [] };

/** Steps whose effects remain: done, and not undone. */
export function stepsDone({ steps }: SagaState): string[] {
  return steps.filter(({ status, accepted }) => STANDING.has(status) || (accepted === true && status === "failed")).map(({ name }) => name);
}
const STANDING: ReadonlySet<StepStatus> = new Set([
  "in-progress",
  "waiting",
  "completed",
  "timed-out",
  "undo-in-progress",
  "undo-retry-awaiting",
  "undo-failed",
]);

/** The step waits for something else: a target, a timer, an event. */
const IN_FLIGHT: ReadonlySet<StepStatus> = new Set(["in-progress", "waiting"]);

export function isInFlight({ status }: StepState): boolean {
  return IN_FLIGHT.has(status);
}

type Data = Readonly<Record<string, unknown>>;

/** Data of any of the events: found by the type's name alone. */
// oxlint-disable-next-line typescript/no-explicit-any
type AnyData = any;

/** How each event changes the state. */
export const EVOLVE: Readonly<Record<string, (state: SagaState, data: AnyData) => SagaState>> = {
  SagaStarted: (_state, { input, steps, parent }: z.infer<typeof SAGA_EVENTS.SagaStarted>) => ({
    status: "in-progress",
    input,
    steps: steps.map(({ name, after }) => ({ name, after, status: "pending", attempts: 0, undoAttempts: 0 })),
    ...(parent === undefined ? {} : { parent }),
  }),
  $CommandSent: (state, { label = "", command, aggregate, id }: { label?: string; command?: string; aggregate?: string; id?: string }) => {
    const child = command === START_SAGA ? { child: `${aggregate}/${id}` } : {};
    if (!label.startsWith(UNDO))
      return changed(state, label, (one) => ({ ...over(one), ...child, status: "in-progress", attempts: one.attempts + 1 }));
    return changed(state, label.slice(UNDO.length), (one) => ({
      ...over(one),
      ...child,
      status: "undo-in-progress",
      undoAttempts: one.undoAttempts + 1,
    }));
  },
  StepWaiting: becomes("waiting"),
  StepSignalled: (state, { step, ...signal }: Signalled & { step: string }) => changed(state, step, (one) => ({ ...one, signal })),
  StepCompleted: becomes("completed"),
  StepRetryAwaiting: becomes("retry-awaiting"),
  StepFailed: failing("failed"),
  StepTimedOut: failing("timed-out"),
  StepUndone: becomes("undone"),
  StepUndoBypassed: becomes("undo-bypassed"),
  StepUndoRetryAwaiting: becomes("undo-retry-awaiting"),
  StepUndoFailed: becomes("undo-failed"),
  SagaCompleted: (state) => ({ ...state, status: "completed" }),
  SagaFailed: (state, { step, reason, detail }: z.infer<typeof SAGA_EVENTS.SagaFailed>) => {
    const why = { ...(step === undefined ? {} : { step }), reason, ...(detail === undefined ? {} : { detail }) };
    return { ...state, status: "failed", failure: state.failure ?? why };
  },
};

/** Statuses in which a step has not ended yet. */
const KEEPS_SIGNAL: ReadonlySet<StepStatus> = new Set(["waiting", "retry-awaiting"]);

function becomes(status: StepStatus) {
  return (state: SagaState, { step, ...facts }: Data & { step: string }): SagaState =>
    changed(state, step, (one) => ({ ...(KEEPS_SIGNAL.has(status) ? over(one) : unsignalled(over(one))), ...facts, status }));
}

function failing(status: StepStatus) {
  const change = becomes(status);
  return (state: SagaState, data: Data & { step: string; reason?: string; detail?: string }): SagaState => {
    const { step, reason = status, detail } = data;
    const failure = state.failure ?? { step, reason, ...(detail === undefined ? {} : { detail }) };
    return change({ ...state, failure }, data);
  };
}

/** A step without the details of the state that it leaves. */
function over({ reason: _reason, detail: _detail, until: _until, ...step }: StepState): StepState {
  return step;
}

/** A step without its signal, whose outcome is in the event that it led to. */
function unsignalled({ signal: _signal, ...step }: StepState): StepState {
  return step;
}

/** The state with one step changed, and the status that follows from it. */
function changed(state: SagaState, name: string, change: (step: StepState) => StepState): SagaState {
  const steps = state.steps.map((one) => (one.name === name ? change(one) : one));
  const status = !state.failure ? state.status : steps.some(isInFlight) ? "failure-pending" : "in-failure";
  return { ...state, steps, status };
}
