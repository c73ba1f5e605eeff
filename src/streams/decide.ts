/** From a command's text to the events it leads to: validates, decides, validates what was decided. Pure. */

import type { z } from "zod";
import { isLonger } from "../json.ts";
import { APPEND_BYTES, APPEND_EVENTS, EVENT_DATA_BYTES } from "../limits.ts";
import type { Cancellation, DecideContext, Nothing, Refusal, Timer } from "../command.ts";
import type { NewEvent } from "../event.ts";
import type { Issue } from "../protocol.ts";
import type { AnyAggregate } from "./aggregate.ts";

export type Decided =
  | {
      readonly kind: "events";
      /** `data` is JSON text. */
      readonly events: readonly { readonly type: string; readonly data: string }[];
      readonly timers: readonly TimerChange[];
    }
  | { readonly kind: "refused"; readonly reason: string; readonly details?: string };

/** A timer that is set (`data` is JSON text), or taken back. */
export type TimerChange =
  | { readonly command: string; readonly delayMs: number; readonly data: string }
  | { readonly command: string; readonly cancelled: true };

/** What any `decide` answers, its types forgotten. */
type AnyPart = NewEvent | Timer | Cancellation;
type AnyDecision = AnyPart | readonly AnyPart[] | Nothing | Refusal;

/** The command's data as its schema gives it, or what is wrong with it. */
export function parseCommand(schema: z.ZodType, body: unknown): { data: unknown } | { issues: Issue[] } {
  const parsed = schema.safeParse(body);
  return parsed.success ? { data: parsed.data } : { issues: issuesOf(parsed.error) };
}

/** What zod found, in the form of the problem documents. */
export function issuesOf(error: z.ZodError): Issue[] {
  return error.issues.map((issue) => ({ path: issue.path.map(String).join("."), message: issue.message }));
}

/**
 * Runs `decide` and turns its answer into events to store.
 *
 * @throws whatever `decide` throws, and an error when its events do not fit their schemas or the limits: both are bugs in the aggregate
 */
export function decide(aggregate: AnyAggregate, command: string, state: unknown, data: unknown, context: DecideContext): Decided {
  const handler = aggregate.decide[command];
  if (!handler) throw new Error(`aggregate "${aggregate.name}" has no decide handler for "${command}"`);
  const decision = handler(state, data, context) as AnyDecision; // its types were checked where it was written
  if ("kind" in decision && decision.kind === "refusal") {
    const { reason, details } = decision;
    return { kind: "refused", reason, ...(details === undefined ? {} : { details: JSON.stringify(details) }) };
  }
  const parts = "kind" in decision ? (decision.kind === "nothing" ? [] : [decision]) : decision;
  const events = parts.flatMap((part) => (part.kind === "event" ? checkedEvent(aggregate, part) : []));
  const bytes = events.reduce((sum, { data }) => sum + data.length, 0);
  if (events.length > APPEND_EVENTS || bytes > APPEND_BYTES) {
    throw new Error(`decide returned more than ${APPEND_EVENTS} events, or more than ${APPEND_BYTES} bytes of them`);
  }
  return {
    kind: "events",
    events,
    timers: parts.flatMap((part) => (part.kind === "event" ? [] : checkedTimer(aggregate, part))),
  };
}

function checkedEvent(aggregate: AnyAggregate, event: NewEvent): { type: string; data: string } {
  const schema = aggregate.events[event.type] as z.ZodType | undefined;
  if (!schema) throw new Error(`decide returned an event "${event.type}", which aggregate "${aggregate.name}" does not declare`);
  const data = JSON.stringify(schema.parse(event.data));
  if (isLonger(data, EVENT_DATA_BYTES)) {
    throw new Error(`decide returned an event "${event.type}" of more than ${EVENT_DATA_BYTES} bytes`);
  }
  return { type: event.type, data };
}

/** The data is checked already now: a timer that could only fail when it fires would be found too late. */
function checkedTimer(aggregate: AnyAggregate, timer: Timer | Cancellation): TimerChange {
  const { command } = timer;
  const schema = aggregate.commands[command] as z.ZodType | undefined;
  if (!schema) throw new Error(`decide set a timer for "${command}", which aggregate "${aggregate.name}" does not declare`);
  if (timer.kind === "cancel") return { command, cancelled: true };
  schema.parse(timer.data);
  return { command, delayMs: timer.delayMs, data: JSON.stringify(timer.data) };
}
