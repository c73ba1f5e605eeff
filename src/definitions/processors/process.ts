/**
 * What process managers and sagas are made of: an aggregate whose commands are inputs. It keeps the commands that it sends, and their
 * outcomes, as events of its own stream. Pure: this file knows no runtime.
 *
 * An instance is a stream of this aggregate. Everything that an input leads to (events, timers and outgoing commands) is stored in one
 * transaction of its stream; `process-consumer.ts` reads the outgoing commands from the log. So nothing depends on memory.
 */

import * as z from "zod";
import type { DecideContext, Refusal } from "../../core/command.ts";
import type { Code } from "../../core/code-hash.ts";
import type { RetryPolicy } from "../retry.ts";
import { type DataSchema, type NewEvent, type RecordedEvent, categoryOf } from "../../core/event.ts";
import { FAIL } from "../../core/mistake.ts";
import type { AtDeletion } from "../../core/deletion.ts";
import { NOT_KNOWN } from "../other-code.ts";
import type { Followed } from "../followed.ts";
import { liftInput, whyNotInput } from "../upcast.ts";
import { type Answer, type Answering, CANCEL_ALL, type Decided, type Part, type StoredPart, decided } from "./process-answer.ts";
import { type CommandSent, Failing, INPUT, OUTCOME, Outcome, PROCESS_EVENTS, eventOf } from "./process-events.ts";
import { type AnyData, type Folding, type ProcessState, evolveOwn, evolveWith } from "./process-fold.ts";

const Input = z.object({ event: z.custom<RecordedEvent>((event) => typeof event === "object" && event !== null) });

/** A process: pure handlers of inputs. Their types were checked where they were written. */
export interface ProcessDefinition extends Answering, Folding {
  readonly description?: string;
  readonly followed: readonly Followed[];
  readonly events: Readonly<Record<string, DataSchema>>;
  /** Commands that any client may send. */
  readonly commands: Readonly<Record<string, DataSchema>>;
  /** Those of them that only other processes may send. */
  readonly internal?: readonly string[];
  /** Commands that it sends to itself by timers. */
  readonly timeouts: Readonly<Record<string, DataSchema>>;
  readonly initialState: () => unknown;
  /** For each event type that it follows: the instance that an event goes to; undefined: none. */
  readonly correlate: ReadonlyMap<string, (event: RecordedEvent) => string | undefined>;
  onEvent(state: unknown, event: RecordedEvent, context: DecideContext): Answer;
  onCommand(state: unknown, command: string, data: unknown, context: DecideContext): Answer | Refusal;
  onTimeout(state: unknown, timeout: string, data: unknown, context: DecideContext): Answer;
  onOutcome(state: unknown, sent: CommandSent, outcome: Outcome, context: DecideContext): Answer;
  /** What the instance still stores of its own when a failure ends it. */
  onFail?(state: unknown, why: Failing, context: DecideContext): readonly Part[];
  /** What deleting an instance means: the reason not to delete it, and what the event that ends its stream tells others. */
  atDeletion?(state: unknown, completed: boolean): AtDeletion;
  /** Whether `onOutcome` wants the content of a command's events. */
  readonly wantsEvents: (sent: CommandSent) => boolean;
  readonly revision?: string | number;
  readonly start?: "beginning" | "head";
  readonly retry?: RetryPolicy;
}

/** A process manager or a saga as the engine sees it: an aggregate, and how events and outcomes reach it. */
export interface Process {
  readonly kind: "aggregate";
  readonly name: string;
  readonly description?: string;
  readonly followed: readonly Followed[];
  readonly events: Readonly<Record<string, DataSchema>>;
  readonly commands: Readonly<Record<string, DataSchema>>;
  readonly internal: ReadonlySet<string>;
  readonly initialState: () => ProcessState;
  readonly evolve: Readonly<Record<string, (state: ProcessState, data: AnyData, event: AnyData) => ProcessState>>;
  readonly decide: Readonly<Record<string, (state: ProcessState, data: AnyData, context: DecideContext) => Decided>>;
  readonly revision?: string | number;
  readonly folds: Code;
  readonly start: "beginning" | "head";
  /** What the consumer and the report of the app need to know about it. */
  readonly process: Pick<ProcessDefinition, "correlate" | "wantsEvents" | "retry" | "targets">;
  readonly atDeletion?: (state: ProcessState) => AtDeletion;
  readonly foreign: (state: ProcessState, command: string, data: AnyData, takes: (sent: CommandSent) => boolean) => string | undefined;
}

/** Makes the aggregate. */
export function defineProcess(definition: ProcessDefinition): Process {
  const { name, description, followed, revision, commands, timeouts } = definition;
  const inputs = { [INPUT]: Input, [OUTCOME]: Outcome, [FAIL]: Failing } as unknown as Record<string, DataSchema>; // their values are JSON objects
  const events = { ...definition.events, ...(PROCESS_EVENTS as unknown as Record<string, DataSchema>) };
  const answer = (context: DecideContext, reply: Answer, first: readonly NewEvent[] = []) => decided(definition, context, reply, first);
  return {
    kind: "aggregate",
    name,
    ...(description === undefined ? {} : { description }),
    ...(revision === undefined ? {} : { revision }),
    followed,
    start: definition.start ?? "beginning",
    events,
    commands: { ...commands, ...timeouts, ...inputs },
    internal: new Set([...(definition.internal ?? []), ...Object.keys(timeouts), ...Object.keys(inputs)]),
    // The engine makes the handlers below, and they are the same in every process.
    folds: { initialState: definition.initialState, evolve: definition.evolve, engine: evolveWith },
    initialState: () => ({ own: definition.initialState(), inFlight: [], completed: false }),
    evolve: Object.fromEntries(Object.keys(events).map((type) => [type, evolveWith(definition, type)])),
    decide: {
      ...Object.fromEntries(
        Object.keys(commands).map((command) => [
          command,
          (state: ProcessState, data: unknown, context: DecideContext) => {
            if (state.completed) return { kind: "refusal", reason: "process-completed" } as const;
            const reply = definition.onCommand(state.own, command, data, context);
            if (reply && "kind" in reply && reply.kind === "refusal") return reply;
            return answer(context, reply);
          },
        ]),
      ),
      ...Object.fromEntries(
        Object.keys(timeouts).map((timeout) => [
          timeout,
          (state: ProcessState, data: unknown, context: DecideContext) =>
            state.completed ? [] : answer(context, definition.onTimeout(state.own, timeout, data, context)),
        ]),
      ),
      [INPUT]: (state: ProcessState, { event }: z.infer<typeof Input>, context: DecideContext) =>
        // A completed process stays as it is. The event itself is in the log; nothing is lost by not repeating it here.
        state.completed ? [] : answer(context, definition.onEvent(state.own, liftInput(followed, event), context)),
      [OUTCOME]: (state: ProcessState, outcome: Outcome, context: DecideContext) => {
        const sent = state.inFlight.find(({ commandId }) => commandId === outcome.commandId);
        // The outcome arrived before: its receipt may have been pruned since.
        if (!sent) return [];
        const told = eventOf(outcome);
        if (state.completed) return [told];
        const own = evolveOwn(definition, state.own, told, context);
        return answer(context, definition.onOutcome(own, sent, outcome, context), [told]);
      },
      [FAIL]: (state: ProcessState, why: Failing, context: DecideContext) => {
        if (state.completed) return [];
        const own = decided(definition, context, definition.onFail?.(state.own, why, context) ?? [], []) as readonly StoredPart[];
        return [...own, { kind: "event", type: "$Failed", data: why }, CANCEL_ALL];
      },
    },
    process: definition,
    foreign: (state, command, data, takes) => foreign(definition, state, command, data, takes),
    ...(definition.atDeletion ? { atDeletion: ({ own, completed }: ProcessState) => definition.atDeletion?.(own, completed) ?? {} } : {}),
  };
}

/** Why an instance leaves an input to other code; undefined: it takes it. */
function foreign(
  { name, followed, correlate }: ProcessDefinition,
  { inFlight }: ProcessState,
  command: string,
  data: AnyData,
  takes: (sent: CommandSent) => boolean,
): string | undefined {
  if (command === INPUT) {
    const { event } = data as z.infer<typeof Input>;
    const category = categoryOf(event.stream);
    if (correlate.has(event.type) && followed.some((source) => source.name === category)) return whyNotInput(followed, event)?.message;
    return `the code that "${name}" runs here has no handler for ${event.type} of "${category}"`;
  }
  if (command !== OUTCOME) return undefined;
  const outcome = data as Outcome;
  if (outcome.outcome !== "failed" || !NOT_KNOWN.has(outcome.reason)) return undefined;
  const sent = inFlight.find(({ commandId }) => commandId === outcome.commandId);
  if (!sent || !takes(sent)) return undefined;
  return `the command ${sent.command} for "${sent.aggregate}" was not accepted (${outcome.reason}) by code older or newer than this, which declares it`;
}
