/** From a command's text to the events it leads to: validates, decides, validates what was decided. Pure. */

import type { z } from "zod";
import { byteLength } from "../json.ts";
import { EVENT_DATA_BYTES } from "../limits.ts";
import type { DecideContext, Decision } from "../command.ts";
import type { DataSchemas } from "../event.ts";
import type { Issue } from "../protocol.ts";
import type { AnyAggregate } from "./aggregate.ts";

export type Decided =
  | { readonly kind: "events"; readonly events: readonly { readonly type: string; readonly data: string }[] }
  | { readonly kind: "refused"; readonly reason: string; readonly details?: string };

/** What any `decide` answers, its event types forgotten. */
type AnyDecision =
  | { readonly kind: "event"; readonly type: string; readonly data: unknown }
  | Exclude<Decision<DataSchemas>, { kind: "event" }>;

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
  if ("kind" in decision) {
    if (decision.kind === "refusal") {
      const { reason, details } = decision;
      return { kind: "refused", reason, ...(details === undefined ? {} : { details: JSON.stringify(details) }) };
    }
    return { kind: "events", events: decision.kind === "nothing" ? [] : [checked(aggregate, decision)] };
  }
  return { kind: "events", events: decision.map((event) => checked(aggregate, event)) };
}

function checked(aggregate: AnyAggregate, event: { type: string; data: unknown }): { type: string; data: string } {
  const schema = aggregate.events[event.type] as z.ZodType | undefined;
  if (!schema) throw new Error(`decide returned an event "${event.type}", which aggregate "${aggregate.name}" does not declare`);
  const data = JSON.stringify(schema.parse(event.data));
  if (byteLength(data) > EVENT_DATA_BYTES)
    throw new Error(`decide returned an event "${event.type}" of more than ${EVENT_DATA_BYTES} bytes`);
  return { type: event.type, data };
}
