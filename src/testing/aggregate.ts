/** Given events, when a command, then the answer of `decide`: as the stream's object would run it. */

import type * as z from "zod";
import type { Cancellation, DecideContext, NewEventOf, Timer, TimerOf } from "../core/command.ts";
import type { DataSchemas, Frozen, JsonValue, NewEvent, RecordedEvent } from "../core/event.ts";
import { derivedId } from "../core/ids.ts";
import type { Issue } from "../core/issue.ts";
import type { AnyAggregate } from "../definitions/aggregate.ts";
import { type TimerChange, decide, dueOf } from "../streams/decide.ts";
import { parseData } from "../core/parse-data.ts";
import { evolved, initialStateOf } from "../streams/fold.ts";
import { NOW, asStored, dataOf, on, recorded } from "./recorded.ts";
import { plainState } from "./plain-state.ts";
import { same } from "./same.ts";

/** What has happened to an aggregate: the sentence goes on with a command. */
export interface GivenAggregate<Events extends DataSchemas, Commands extends DataSchemas> {
  /** @param context what `decide` gets, where it matters to the test */
  when<const Command extends keyof Commands & string>(
    command: Command,
    data: Frozen<z.input<Commands[Command]>>,
    context?: Partial<DecideContext>,
  ): ThenAggregate<Events, Commands>;
}

/** What a command has led to: the sentence ends here. */
export interface ThenAggregate<Events extends DataSchemas, Commands extends DataSchemas> {
  /** These events are stored, in this order, and these timers set or cancelled. */
  then(...parts: (NewEventOf<Events> | TimerOf<Commands>)[]): void;
  /** Nothing is stored, and that is not an error. */
  thenNothing(): void;
  /** The command is refused; without `details` with any details. */
  thenRefused(reason: string, details?: JsonValue): void;
  /** The command does not fit its schema, at these paths (`lines.0.sku`). */
  thenInvalid(...paths: string[]): void;
}

type Outcome =
  | { readonly stored: readonly { readonly type: string; readonly data: unknown }[]; readonly timers: readonly object[] }
  | { readonly refused: string; readonly details?: JsonValue }
  | { readonly invalid: readonly Issue[] };

export function givenAggregate(aggregate: AnyAggregate, events: readonly NewEvent[]): GivenAggregate<DataSchemas, DataSchemas> {
  return {
    when(command, data, context = {}) {
      const outcome = outcomeOf(aggregate, events, command, data, context);
      const history = events.length === 0 ? "nothing" : events.map(({ type }) => type).join(", ");
      const sentence = `${aggregate.name}: given ${history}, when ${command}`;
      const thenParts = (...expected: readonly (NewEvent | Timer | Cancellation)[]) => {
        const stored = expected.flatMap((part) =>
          part.kind === "event" ? { type: part.type, data: dataOf([aggregate], aggregate.name, part) } : [],
        );
        same(
          sentence,
          outcome,
          asStored({ stored, timers: expected.flatMap((part) => (part.kind === "event" ? [] : timerOf(part, context.now))) }),
        );
      };
      return {
        // oxlint-disable-next-line unicorn/no-thenable -- the word of given/when/then; awaiting an unfinished sentence fails
        then: thenParts,
        thenNothing: () => thenParts(),
        thenRefused(reason, details) {
          const actual = "refused" in outcome && details === undefined ? { refused: outcome.refused } : outcome;
          same(sentence, actual, asStored({ refused: reason, details }));
        },
        thenInvalid(...paths) {
          const actual = "invalid" in outcome ? { invalid: outcome.invalid.map(({ path }) => path) } : outcome;
          same(sentence, actual, { invalid: paths });
        },
      };
    },
  };
}

function outcomeOf(
  aggregate: AnyAggregate,
  given: readonly NewEvent[],
  command: string,
  body: unknown,
  overrides: Partial<DecideContext>,
): Outcome {
  const schema = Object.hasOwn(aggregate.commands, command) ? aggregate.commands[command] : undefined;
  if (!schema) throw new TypeError(`${aggregate.name} has no command "${command}" (${Object.keys(aggregate.commands).join(", ")})`);
  const { commandId = derivedId(command), id = "1", ...context } = overrides;
  const stream = `${aggregate.name}/${id}`;
  const history = given.map((event) => on(stream, event));
  const state = stateAfter(aggregate, recorded([aggregate], history));

  const parsed = parseData(schema, asStored(body));
  if ("issues" in parsed) return { invalid: parsed.issues };
  const decided = decide(aggregate, command, state, parsed.data, {
    now: new Date(NOW),
    version: given.length,
    meta: { correlationId: commandId, causationId: commandId },
    ...context,
    commandId,
    id,
  });
  if (decided.kind === "refused") {
    return { refused: decided.reason, ...(decided.details === undefined ? {} : { details: JSON.parse(decided.details) }) };
  }
  const events = decided.events.map(({ type, data }): NewEvent => ({ kind: "event", type, data: JSON.parse(data) }));
  // What is decided must also be foldable: the stream refuses to store what it could not read again.
  stateAfter(aggregate, recorded([aggregate], [...history, ...events.map((event) => on(stream, event))]));
  return {
    stored: events.map(({ type, data }) => ({ type, data })),
    timers: decided.timers.map(shown),
  };
}

/** An expected timer, as {@link shown} shows it. */
function timerOf(timer: Timer | Cancellation, now = new Date(NOW)): object {
  const { command, key } = timer;
  const name = { command, ...(key === undefined ? {} : { key }) };
  return timer.kind === "cancel"
    ? { ...name, cancelled: true }
    : { ...name, due: new Date(dueOf(timer, now)).toISOString(), data: timer.data };
}

/** A timer as the stream keeps it: `after` and `at` are the same. */
function shown(timer: TimerChange): object {
  if (timer.cancelled === "all") return timer;
  const { command, key } = timer;
  const name = { command, ...(key === "" ? {} : { key }) };
  return "due" in timer ? { ...name, due: new Date(timer.due).toISOString(), data: JSON.parse(timer.data) } : { ...name, cancelled: true };
}

function stateAfter(aggregate: AnyAggregate, events: readonly RecordedEvent[]): unknown {
  let state = plainState(aggregate, "the initial state", initialStateOf(aggregate));
  for (const event of events) state = plainState(aggregate, `the state after ${event.type}`, evolved(aggregate, state, event.data, event));
  return state;
}
