/**
 * What process managers and sagas are made of: an aggregate whose commands are inputs. It keeps the commands that it sends, and their
 * outcomes, as events of its own stream. Pure: this file knows no runtime.
 *
 * An instance is a stream of this aggregate. Everything that an input leads to (events, timers and outgoing commands) is stored in one
 * transaction of its stream; `process-consumer.ts` reads the outgoing commands from the log. So nothing depends on memory.
 */

import * as z from "zod";
import type { CancelAll, Cancellation, DecideContext, Nothing, Refusal, SendAction, Timer } from "../../core/command.ts";
import type { Code } from "../../core/code-hash.ts";
import type { RetryPolicy } from "../retry.ts";
import { type DataSchema, type NewEvent, type RecordedEvent, categoryOf } from "../../core/event.ts";
import { CodeMistake, FAIL } from "../../core/mistake.ts";
import { derivedId } from "../../core/ids.ts";
import type { AtDeletion } from "../../core/deletion.ts";
import { freeze, settle } from "../../core/plain-json.ts";
import { NOT_KNOWN } from "../other-code.ts";
import type { Source } from "../source.ts";
import { liftInput, tooNewFor } from "../upcast.ts";
import { COMMAND_SENT, type CommandSent, Failing, INPUT, OUTCOME, Outcome, PROCESS_EVENTS } from "./process-events.ts";

const Input = z.object({ event: z.custom<RecordedEvent>((event) => typeof event === "object" && event !== null) });

/** What an instance remembers, besides its own state. */
export interface ProcessState<State = unknown> {
  readonly own: State;
  /** Commands whose outcome is not known yet, in the order in which they were sent. */
  readonly inFlight: readonly CommandSent[];
  readonly completed: boolean;
  /** It has ended because an input could not be processed. */
  readonly failure?: Failing;
}

/** The process has reached its end. Made by {@link complete}. */
export interface Completion {
  readonly kind: "complete";
}

/** Ends a process: its timers are cancelled, and later inputs have no effect. */
export function complete(): Completion {
  return { kind: "complete" };
}

/** A command to send, with what only sagas add to it. */
export type Sending = SendAction & Pick<CommandSent, "label" | "expected">;

/** What a process answers to an input, without its types. */
export type Part = NewEvent<string, unknown, PropertyKey> | Sending | Timer<string, unknown, PropertyKey> | Cancellation | Completion;
export type Answer = Part | readonly Part[] | Nothing | undefined | void;

/** Data of any event or command: each handler was checked with its own type, and is found by name. */
// oxlint-disable-next-line typescript/no-explicit-any
type AnyData = any;
type EvolveHandler = (state: AnyData, data: AnyData, event: AnyData) => unknown;

/** A process: pure handlers of inputs. Their types were checked where they were written. */
export interface ProcessDefinition {
  readonly name: string;
  readonly description?: string;
  readonly sources: readonly Source[];
  readonly events: Readonly<Record<string, DataSchema>>;
  /** Commands that any client may send. */
  readonly commands: Readonly<Record<string, DataSchema>>;
  /** Those of them that only other processes may send. */
  readonly internal?: readonly string[];
  /** Commands that it sends to itself by timers. */
  readonly timeouts: Readonly<Record<string, DataSchema>>;
  readonly initialState: () => unknown;
  readonly evolve: Readonly<Record<string, EvolveHandler>>;
  /** For each event type of its sources: the instance that an event goes to; undefined: none. */
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
  /** Aggregates that it sends commands to; undefined: any. */
  readonly targets?: ReadonlySet<string>;
  readonly revision?: string | number;
  readonly start?: "beginning" | "head";
  readonly retry?: RetryPolicy;
}

/** A process manager or a saga as the engine sees it: an aggregate, and how events and outcomes reach it. */
export interface Process {
  readonly kind: "aggregate";
  readonly name: string;
  readonly description?: string;
  readonly sources: readonly Source[];
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

/** The parts of an answer that its stream stores. */
type StoredPart = Exclude<Part, Sending | Completion>;
type Decided = readonly StoredPart[] | Refusal;

/** No other aggregate's `decide` may answer this part: hence the cast. */
const CANCEL_ALL = { kind: "cancel-all" } satisfies CancelAll as unknown as Cancellation;

/** Makes the aggregate. */
export function defineProcess(definition: ProcessDefinition): Process {
  const { name, description, sources, revision, commands, timeouts } = definition;
  const inputs = { [INPUT]: Input, [OUTCOME]: Outcome, [FAIL]: Failing } as unknown as Record<string, DataSchema>; // their values are JSON objects
  const events = { ...definition.events, ...(PROCESS_EVENTS as unknown as Record<string, DataSchema>) };
  const answer = (context: DecideContext, reply: Answer, first: readonly NewEvent[] = []) => decided(definition, context, reply, first);
  return {
    kind: "aggregate",
    name,
    ...(description === undefined ? {} : { description }),
    ...(revision === undefined ? {} : { revision }),
    sources,
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
        state.completed ? [] : answer(context, definition.onEvent(state.own, liftInput(sources, event), context)),
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
  { name, sources, correlate }: ProcessDefinition,
  { inFlight }: ProcessState,
  command: string,
  data: AnyData,
  takes: (sent: CommandSent) => boolean,
): string | undefined {
  if (command === INPUT) {
    const { event } = data as z.infer<typeof Input>;
    const category = categoryOf(event.stream);
    if (correlate.has(event.type) && sources.some((source) => source.name === category)) return tooNewFor(sources, event)?.message;
    return `the code that "${name}" runs here has no handler for ${event.type} of "${category}"`;
  }
  if (command !== OUTCOME) return undefined;
  const outcome = data as Outcome;
  if (outcome.outcome !== "failed" || !NOT_KNOWN.has(outcome.reason)) return undefined;
  const sent = inFlight.find(({ commandId }) => commandId === outcome.commandId);
  if (!sent || !takes(sent)) return undefined;
  return `the command ${sent.command} for "${sent.aggregate}" was not accepted (${outcome.reason}) by code older or newer than this, which declares it`;
}

/** The outcome as the instance's stream keeps it: without the content of the target's events, which is in the log. */
function eventOf(outcome: Outcome): NewEvent<string, object, never> {
  const { commandId } = outcome;
  switch (outcome.outcome) {
    case "accepted": {
      const events = outcome.events.map(({ type, version }) => ({ type, version }));
      return { kind: "event", type: "$CommandAccepted", data: { commandId, version: outcome.version, events } };
    }
    case "refused": {
      const { reason, details } = outcome;
      return { kind: "event", type: "$CommandRefused", data: { commandId, reason, ...(details === undefined ? {} : { details }) } };
    }
    case "failed": {
      const { reason, detail } = outcome;
      return { kind: "event", type: "$CommandFailed", data: { commandId, reason, ...(detail === undefined ? {} : { detail }) } };
    }
  }
}

/** A handler's answer as events and timers of the instance's stream. */
function decided(definition: ProcessDefinition, context: DecideContext, reply: Answer, first: readonly NewEvent[]): Decided {
  const parts: readonly Part[] = reply === undefined ? [] : "kind" in reply ? (reply.kind === "nothing" ? [] : [reply]) : reply;
  const completes = parts.some(({ kind }) => kind === "complete");
  let sent = 0;
  const stored = parts.flatMap((part): StoredPart | StoredPart[] => {
    switch (part.kind) {
      case "send": {
        const { aggregate, id, command, data, exact, label, expected } = part;
        if (definition.targets && !definition.targets.has(aggregate)) {
          throw new CodeMistake(`"${definition.name}" sends ${command} to "${aggregate}", which its \`to\` does not name`);
        }
        // The same input gives the same ids in every run. The instance is part of it, because a client's own
        // idempotency key may come to several instances.
        const commandId = derivedId("sent", definition.name, context.id, context.commandId, sent++);
        const extra = {
          ...(exact ? { exact } : {}),
          ...(label === undefined ? {} : { label }),
          ...(expected === undefined ? {} : { expected }),
        };
        return { kind: "event", type: COMMAND_SENT, data: { commandId, aggregate, id, command, data, ...extra } };
      }
      case "complete":
        return { kind: "event", type: "$Completed", data: {} };
      case "event":
        if (part.type.startsWith("$")) throw new Error(`"${part.type}": event types that begin with $ are the store's own`);
        return part;
      default:
        // A completed process has no timers, whether they were set earlier or in the same answer.
        return completes ? [] : part;
    }
  });
  return [...first, ...stored, ...(completes ? [CANCEL_ALL] : [])];
}

/** How an event changes what an instance remembers. */
function evolveWith(definition: ProcessDefinition, type: string) {
  const evolve = Object.hasOwn(definition.evolve, type) ? definition.evolve[type] : undefined;
  return (state: ProcessState, data: AnyData, event: AnyData): ProcessState => {
    const own = evolve ? evolve(state.own, data, event) : state.own;
    switch (type) {
      case COMMAND_SENT:
        return { ...state, own, inFlight: [...state.inFlight, data] };
      case "$CommandAccepted":
      case "$CommandRefused":
      case "$CommandFailed": {
        const { commandId } = data as { commandId: string };
        return { ...state, own, inFlight: state.inFlight.filter((sent) => sent.commandId !== commandId) };
      }
      case "$Completed":
        return { ...state, own, completed: true };
      case "$Failed":
        return { ...state, own, completed: true, failure: data };
      default:
        return { ...state, own };
    }
  };
}

/** The process's own state after an event that is about to be stored. */
function evolveOwn(definition: ProcessDefinition, own: unknown, { type, data }: NewEvent, context: DecideContext): unknown {
  const evolve = Object.hasOwn(definition.evolve, type) ? definition.evolve[type] : undefined;
  const at = context.now.toISOString();
  const event = { id: "", version: context.version + 1, type, meta: {}, time: at, recordedAt: at };
  return evolve ? settle(evolve(own, freeze(data), event)) : own;
}
