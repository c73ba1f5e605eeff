/** What a delivery looks like outside of the machine that makes it: one attempt's outcome, and the ledger's record of all of them. Types and schemas only. */

import * as z from "zod";
import { type Answer, Position, StreamName, Time, Whole } from "../core/answer.ts";

/** Where a delivery is. `parked`: given up, until somebody retries it. */
export const DeliveryStatus = z.enum(["pending", "delivered", "parked", "skipped"]);
export type DeliveryStatus = z.infer<typeof DeliveryStatus>;

/** One attempt at a delivery. */
const DeliveryAttempt = z.object({
  at: Time.describe("When it ended."),
  durationMs: Whole,
  response: z.int().optional().describe("The HTTP status. Absent: no answer came."),
  error: z.string().optional().describe("Why it failed. Absent: it arrived."),
});
export type DeliveryAttempt = Answer<typeof DeliveryAttempt>;

/** One delivery as the ledger has it. */
export const DeliveryReport = z.object({
  /** The event's position, and after a hyphen the number of the replay it belongs to. */
  id: z.string(),
  webhookId: z.string().describe("The header `webhook-id` of every attempt."),
  stream: StreamName,
  position: Position,
  type: z.string(),
  status: DeliveryStatus.describe(
    "`skipped`: the event was erased before it was sent, or a predicate in code threw at first and then rejected the event.",
  ),
  attempts: Whole,
  lastAttemptAt: Time,
  durationMs: Whole,
  response: z.int().optional().describe("The HTTP status of the last attempt."),
  error: z.string().optional(),
  excerpt: z.string().optional().describe("The first bytes of the last answer."),
  nextAttemptAt: Time.optional(),
  behind: Whole.optional().describe("How many later events of the stream wait until this delivery has arrived or is parked. Absent: none."),
  history: z
    .array(DeliveryAttempt)
    .describe("The latest 20 attempts, the oldest first. A retry of a parked delivery sets `attempts` back to 0, and keeps these."),
});
export type DeliveryReport = Answer<typeof DeliveryReport>;

/** What a webhook has on record about some events, and where it sends them. */
export interface DeliveriesOfEvents {
  readonly url: string;
  readonly deliveries: readonly DeliveryReport[];
}

/** Which part of the ledger is asked for. */
export interface DeliveriesRequest {
  readonly status?: DeliveryStatus;
  /** A delivery's id: the list begins after it. */
  readonly after?: string;
  readonly limit: number;
}

/** A page of the ledger. */
export interface DeliveriesPage {
  readonly deliveries: readonly DeliveryReport[];
  /** The id to continue after, if there may be more. */
  readonly next?: string;
  /** Events that were taken but not tried yet: they have no entry so far. */
  readonly waiting: number;
}

/** The outcome of one attempt. */
export const Outcome = z.object({
  delivered: z.boolean(),
  response: z.int().optional(),
  error: z.string().optional(),
  excerpt: z.string().optional(),
  durationMs: Whole,
  retryAfterMs: Whole.optional(),
});
export type Outcome = Answer<typeof Outcome> & {
  /** The endpoint will never accept anything again. */
  readonly isGone?: boolean;
  /** Nothing was sent: the event is at fault, and the endpoint is not. */
  readonly ownFault?: boolean;
};
