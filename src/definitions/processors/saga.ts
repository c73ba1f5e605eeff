/**
 * A saga: steps over several aggregates that are all done, or all undone. It is a process manager whose handlers are made from its steps:
 * every step's command and outcome is an event of its stream. Pure: this file knows no runtime.
 *
 * The names of the saga and its steps are stored: change them with care.
 */

import * as z from "zod";
import { type DecideContext, refuse } from "../../core/command.ts";
import { type SendAction } from "../../core/sending.ts";
import { type Retry, retryPolicy } from "../retry.ts";
import { DELETED, type DataSchema, type DataSchemas, type Frozen, type RecordedEvent, categoryOf } from "../../core/event.ts";
import { isLonger } from "../../core/json.ts";
import { EVENT_DATA_BYTES } from "../../core/limits.ts";
import { SAGA_STEPS } from "../limits.ts";
import { CodeMistake, messageOf } from "../../core/mistake.ts";
import { requireName } from "../../core/names.ts";
import { type EventOf, type EventOfType, type Followed, requireKnownTypes } from "../followed.ts";
import { START_SAGA } from "./process-events.ts";
import { type Answer, type Part, complete } from "./process-answer.ts";
import { type Process, defineProcess } from "./process.ts";
import type { AtDeletion } from "../../core/deletion.ts";
import { type ChildEnd, type Signal, endOf } from "./saga-signals.ts";
import { ALREADY_STARTED, Run, WAKE } from "./saga-run.ts";
import type { Course } from "./saga-course.ts";
import { EVOLVE, NOT_STARTED, Parent, SAGA_EVENTS, type SagaState, stepsDone } from "./saga-state.ts";
import { type Plan, PlanError, placed } from "./saga-steps.ts";
import { withoutUnknown } from "../../core/strict-schema.ts";
import { isZodError } from "../../core/zod-form.ts";

/** What the steps of a saga may depend on besides its input. */
export interface SagaContext {
  /** The saga's own id within its category. */
  readonly id: string;
}

export interface SagaDefinition<Input extends DataSchema, From extends Followed> {
  readonly description?: string;
  /** The schema of the input that it is started with. */
  readonly input: Input;
  /** Its steps, from its input alone: the same input gives the same steps in every run. */
  readonly steps: (input: z.output<Input>, context: SagaContext) => Plan;
  /** The categories whose events start it, or end steps that wait. */
  readonly from?: From | readonly From[];
  /** What those events mean to the saga. */
  readonly on?: NoInfer<{
    readonly [Type in EventOf<From>["type"]]?: (event: EventOfType<From, Type>) => Signal<Frozen<z.input<Input>>> | undefined;
  }>;
  /** Sagas that its steps start. */
  readonly sagas?: readonly Saga[];
  /** Where a new one begins in the log. Default: at its beginning. */
  readonly start?: "beginning" | "head";
  /** How often and when to try again while a part of the store is unavailable. Steps have a `retry` of their own. */
  readonly retry?: Retry;
}

/** A saga. It can be followed and read, and can receive commands, like an aggregate; its command is `Start`. */
export interface Saga<Name extends string = string, Input extends DataSchema = DataSchema> extends Process {
  readonly name: Name;
  readonly commands: { readonly Start: Input };
  readonly events: typeof SAGA_EVENTS & DataSchemas;
  readonly saga: { readonly input: Input };
}

/**
 * A step's action that starts another saga, and is done when that saga is.
 *
 * @example
 * step("pay", { action: () => start(transfer, "42", { from: "a customer", to: "the shop", amount: 500 }) });
 */
export function start<const Name extends string, Input extends DataSchema>(
  saga: Saga<Name, Input>,
  id: string,
  input: Frozen<z.input<Input>>,
): SendAction<Name, typeof START_SAGA> {
  const known = withoutUnknown(saga.saga.input, input);
  return {
    kind: "send",
    aggregate: saga.name,
    id,
    command: START_SAGA,
    data: { input: known.data },
    ...(known.exact ? { exact: true } : {}),
  };
}

/**
 * Declares a saga.
 *
 * @param name names the category of its instances: `checkout` for `checkout/42`
 * @throws {TypeError} when the name is not valid or an event is not declared
 *
 * @example
 * export const transfer = saga("transfer", {
 *   input: z.object({ from: z.string(), to: z.string(), amount: z.int() }),
 *   steps: ({ from, to, amount }) =>
 *     series(
 *       step("take", {
 *         action: () => send(account, from, "Withdraw", { amount }),
 *         undo: () => send(account, from, "Deposit", { amount }),
 *       }),
 *       step("give", { action: () => send(account, to, "Deposit", { amount }) }),
 *     ),
 * });
 */
export function saga<const Name extends string, const Input extends DataSchema, From extends Followed = never>(
  name: Name,
  definition: SagaDefinition<Input, From>,
): Saga<Name, Input> {
  requireName("saga", name);
  const { description, input, steps, from = [], on = {}, sagas = [], start, retry } = definition;
  const followed: readonly Followed[] = Array.isArray(from) ? from : [from];
  requireKnownTypes(`saga "${name}"`, followed, Object.keys(on));
  const signals = on as Readonly<Record<string, ((event: RecordedEvent) => Signal<unknown> | undefined) | undefined>>;

  const started = new Set(sagas.map((one) => one.name));
  const signalOf = (event: RecordedEvent): Signal<unknown> | ChildEnd | undefined =>
    started.has(categoryOf(event.stream)) ? endOf(name, event) : signals[event.type]?.(event);
  const heard = [...Object.keys(on), ...(sagas.length > 0 ? ["SagaCompleted", "SagaFailed", DELETED] : [])];

  const courseOf = (input: unknown, id: string): Course => {
    const all = placed(steps(input as z.output<Input>, { id }));
    return { name, steps: new Map(all.map((one) => [one.step.name, one])), sagas: started };
  };
  const begin = (given: unknown, parent: Parent | undefined, context: DecideContext): Answer => {
    const course = courseOf(given, context.id);
    if (course.steps.size > SAGA_STEPS) throw new PlanError(`saga "${name}" has more than ${SAGA_STEPS} steps`);
    const order = [...course.steps].map(([name, { after }]) => ({ name, after: [...after] }));
    const run = new Run(course, NOT_STARTED, context);
    run.tell("SagaStarted", { input: given, steps: order, ...(parent === undefined ? {} : { parent }) });
    run.goOn();
    return run.parts;
  };
  /** A saga that cannot begin fails: nobody waits for an answer, so there is nobody to refuse. */
  const beginByEvent = (given: unknown, context: DecideContext): Answer => {
    try {
      return begin(input.parse(given), undefined, context);
    } catch (error) {
      if (error instanceof CodeMistake) throw error;
      const reason = isZodError(error) ? "invalid-input" : error instanceof PlanError ? INVALID_PLAN : "steps-threw";
      const kept = isStorable(given) ? given : {};
      return [
        { kind: "event", type: "SagaStarted", data: { input: kept, steps: [] } },
        {
          kind: "event",
          type: "SagaFailed",
          data: { reason, detail: messageOf(isZodError(error) ? z.prettifyError(error) : error) },
        },
        complete(),
      ];
    }
  };
  const goOn = (state: SagaState, context: DecideContext, happens: (run: Run) => void): Answer => {
    const run = new Run(courseOf(state.input, context.id), state, context);
    happens(run);
    run.goOn();
    return run.parts;
  };

  const process = defineProcess({
    name,
    ...(description === undefined ? {} : { description }),
    followed: [...followed, ...sagas],
    events: SAGA_EVENTS,
    commands: { Start: input, [START_SAGA]: z.object({ input, parent: Parent }) as unknown as DataSchema },
    internal: [START_SAGA],
    timeouts: { [WAKE]: z.object({}) },
    initialState: () => NOT_STARTED,
    evolve: EVOLVE,
    correlate: new Map(heard.map((type) => [type, (event) => signalOf(event)?.id])),
    onCommand(state, command, data, context) {
      if ((state as SagaState).status !== "not-started") return refuse(ALREADY_STARTED);
      const { input: given, parent } = command === START_SAGA ? (data as { input: unknown; parent: Parent }) : { input: data };
      try {
        return begin(given, parent, context);
      } catch (error) {
        if (error instanceof PlanError) return refuse(INVALID_PLAN, { message: error.message });
        throw error;
      }
    },
    onEvent(state, event, context) {
      const saga = state as SagaState;
      const signal = signalOf(event);
      if (!signal) return;
      if (signal.kind === "start") return saga.status === "not-started" ? beginByEvent(signal.input, context) : undefined;
      if (saga.status === "not-started") return;
      if (signal.kind === "child-ended") return goOn(saga, context, (run) => run.childEnded(signal.parent, signal.child, signal.failure));
      const how = signal.kind === "failed" ? { reason: signal.reason } : "result" in signal ? { result: signal.result } : {};
      return goOn(saga, context, (run) => run.signalled(signal.step, how));
    },
    onFail(state, { reason, detail }) {
      const { parent } = state as SagaState;
      const left = stepsDone(state as SagaState);
      const why = { reason, ...(detail === undefined ? {} : { detail }) };
      const more = { ...(left.length > 0 ? { undoFailed: left } : {}), ...(parent === undefined ? {} : { parent }) };
      return [{ kind: "event", type: "SagaFailed", data: { ...why, ...more } } satisfies Part];
    },
    atDeletion(state, completed): AtDeletion {
      const saga = state as SagaState;
      const { status, parent } = saga;
      const unfinished =
        completed || status === "not-started" ? {} : { unfinished: { detail: `the saga is ${status}`, steps: stepsDone(saga) } };
      return { ...unfinished, ...(parent === undefined ? {} : { data: { saga: { status, parent } } }) };
    },
    onTimeout: (state, _timeout, _data, context) => goOn(state as SagaState, context, (run) => run.wake()),
    onOutcome: (state, sent, outcome, context) => goOn(state as SagaState, context, (run) => run.outcome(sent, outcome)),
    wantsEvents: () => true,
    ...(start === undefined ? {} : { start }),
    ...(retry === undefined ? {} : { retry: retryPolicy(`saga "${name}"`, retry) }),
  });
  return { ...process, saga: { input } } as unknown as Saga<Name, Input>;
}

/** Why a saga is not started: its input does not give a plan. */
const INVALID_PLAN = "invalid-plan";

/** Whether the input fits into the event that records what a saga was started with. */
function isStorable(input: unknown): boolean {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return false;
  return !isLonger(JSON.stringify(input), EVENT_DATA_BYTES / 2);
}
