/** Turns a command's text into the events it leads to: validates it, decides, validates the decision. Pure. */

import type * as z from "zod";
import { byteLength, isLonger } from "../core/json.ts";
import { APPEND_BYTES, APPEND_EVENTS, COMMAND_BYTES, EVENT_DATA_BYTES, LAST_TIME_MS } from "../core/limits.ts";
import { TIMER_KEY_BYTES } from "./limits.ts";
import type { CancelAll, Cancellation, DecideContext, Nothing, Refusal, Timer } from "../core/command.ts";
import type { NewEvent } from "../core/event.ts";
import { Misfit, fitting, partsOf } from "../core/misfit.ts";
import { freeze } from "../core/plain-json.ts";
import { droppedMembers } from "../core/strict-schema.ts";
import type { AnyAggregate } from "../definitions/aggregate.ts";

export type Decided =
  | {
      readonly kind: "events";
      /** `data` is JSON text. */
      readonly events: readonly { readonly type: string; readonly data: string }[];
      readonly timers: readonly TimerChange[];
    }
  | { readonly kind: "refused"; readonly reason: string; readonly details?: string };

/** A timer that is set (`due` in milliseconds since 1970, `data` as JSON text), or cancelled, or all of them. Key `""`: none. */
export type TimerChange =
  | { readonly command: string; readonly key: string; readonly due: number; readonly data: string; readonly cancelled?: never }
  | { readonly command: string; readonly key: string; readonly cancelled: true }
  | { readonly cancelled: "all" };

/** What any `decide` answers, without its types. */
type AnyPart = NewEvent | Timer | Cancellation | CancelAll;
const ANSWERS: readonly (AnyPart | Nothing | Refusal)["kind"][] = ["event", "after", "cancel", "cancel-all", "nothing", "refusal"];

/**
 * Runs `decide` and turns its answer into events to store.
 *
 * @throws what `decide` throws, and an error when its events do not fit their schemas or the limits: both are bugs in the aggregate
 */
export function decide(aggregate: AnyAggregate, command: string, state: unknown, data: unknown, context: DecideContext): Decided {
  const handler = aggregate.decide[command];
  if (!handler) throw new Error(`aggregate "${aggregate.name}" has no decide handler for "${command}"`);
  const answer: unknown = handler(state, freeze(data), context);
  const answered = partsOf<AnyPart | Nothing | Refusal>(
    `command \`${command}\` of aggregate \`${aggregate.name}\`: \`decide\``,
    answer,
    ANSWERS,
  );
  const [first] = answered;
  if (first?.kind === "refusal") {
    const { reason, details } = first;
    return { kind: "refused", reason, ...(details === undefined ? {} : { details: JSON.stringify(details) }) };
  }
  const parts = answered.filter((part): part is AnyPart => part.kind !== "nothing" && part.kind !== "refusal");
  const events = parts.flatMap((part) => (part.kind === "event" ? checkedEvent(aggregate, part) : []));
  const bytes = events.reduce((sum, { data }) => sum + byteLength(data), 0);
  if (events.length > APPEND_EVENTS || bytes > APPEND_BYTES) {
    throw new Misfit(
      `command \`${command}\` of aggregate \`${aggregate.name}\`: \`decide\` returned ${events.length} events of ${bytes} bytes; at most ${APPEND_EVENTS} events and ${APPEND_BYTES} bytes go in one answer`,
    );
  }
  return {
    kind: "events",
    events,
    timers: parts.flatMap((part) => (part.kind === "event" ? [] : checkedTimer(aggregate, part, context.now))),
  };
}

function checkedEvent(aggregate: AnyAggregate, event: NewEvent): { type: string; data: string } {
  const schema = Object.hasOwn(aggregate.events, event.type) ? (aggregate.events[event.type] as z.ZodType) : undefined;
  if (!schema) throw new Error(`decide returned an event "${event.type}", which ${undeclared(aggregate, aggregate.events)}`);
  const part = `event \`${event.type}\` of aggregate \`${aggregate.name}\``;
  const parsed = fitting(part, "data", schema, event.data);
  if (droppedMembers(event.data, parsed).length > 0)
    throw new Misfit(`${part}: \`data\` has a member \`__proto__\`, which its schema would drop`);
  const data = JSON.stringify(parsed);
  if (isLonger(data, EVENT_DATA_BYTES)) {
    throw new Misfit(`${part}: \`data\` has more than ${EVENT_DATA_BYTES} bytes`);
  }
  return { type: event.type, data };
}

function undeclared({ name }: AnyAggregate, declared: object): string {
  return `aggregate "${name}" does not declare; it has ${Object.keys(declared).join(", ") || "none"}`;
}

/** The data is checked now: if it could only fail when the timer goes off, the mistake would be found too late. */
function checkedTimer(aggregate: AnyAggregate, timer: Timer | Cancellation | CancelAll, now: Date): TimerChange {
  if (timer.kind === "cancel-all") return { cancelled: "all" };
  const { command, key = "" } = timer;
  const schema = Object.hasOwn(aggregate.commands, command) ? (aggregate.commands[command] as z.ZodType) : undefined;
  if (!schema) throw new Error(`decide set a timer for "${command}", which ${undeclared(aggregate, aggregate.commands)}`);
  if (typeof key !== "string" || isLonger(key, TIMER_KEY_BYTES)) {
    throw new TypeError(
      `the key of a timer for "${command}" of aggregate "${aggregate.name}" must be a string of at most ${TIMER_KEY_BYTES} bytes`,
    );
  }
  if (timer.kind === "cancel") return { command, key, cancelled: true };
  const due = dueOf(timer, now);
  const part = `timer for command \`${command}\` of aggregate \`${aggregate.name}\``;
  fitting(part, "data", schema, timer.data);
  const data = JSON.stringify(timer.data);
  if (isLonger(data, COMMAND_BYTES)) throw new Misfit(`${part}: \`data\` has more than ${COMMAND_BYTES} bytes`);
  return { command, key, due, data };
}

/**
 * When a timer is due, in milliseconds since 1970. A time in the past means now.
 *
 * @throws {RangeError} when a Date cannot hold it
 */
export function dueOf({ command, delayMs = 0, at }: Timer, now: Date): number {
  const due = Math.max(now.getTime(), at ?? now.getTime() + delayMs);
  // NaN compares as false, too.
  if (!(due <= LAST_TIME_MS)) {
    throw new RangeError(
      `a timer for "${command}" would be due after ${new Date(LAST_TIME_MS).toISOString()}, the last time that a Date can hold`,
    );
  }
  return due;
}
