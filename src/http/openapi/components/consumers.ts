/** Where consumers stand, and what is being rebuilt. */

import { z } from "zod";
import type { LagSeconds } from "../../../operations/lag.ts";
import type { ConsumerReport, RebuildReport } from "../../../consumers/report.ts";
import type { ResetCount } from "../../../consumers/reset-count.ts";
import type { BlockedReport } from "../../../store/webhook-protocol.ts";
import { KIND_NAMES } from "../../../definitions/kind.ts";
import { Name, Whole, Version, Position, Time, StreamName, Json } from "./parts.ts";

export const consumerError = z.object({
  message: z.string(),
  at: Time,
  event: z.object({ position: Position, stream: StreamName, version: Version, type: z.string() }).optional(),
});

const consumerStatus = z.enum(["live", "catching-up", "paused", "failed", "rebuilding"]);

export const blocked = z
  .object({
    streams: Whole,
    since: Time.describe("When the first of them began to wait."),
    fullSince: Time.optional().describe("Since when as many streams wait as may: until fewer do, the webhook accepts no further event."),
  })
  .describe("Streams of a webhook whose events wait for one that has failed.") satisfies z.ZodType<BlockedReport>;

const rebuild = z.object({
  status: z.enum(["building", "paused", "failed"]),
  position: Position,
  head: Position,
  startedAt: Time,
  eventsPerSecond: Whole.optional(),
  estimatedEnd: Time.optional(),
  lastError: consumerError.optional(),
}) satisfies z.ZodType<RebuildReport>;

export const viewReport = z.object({
  name: Name,
  description: z.string().optional(),
  key: z.string().describe("The column that identifies a row."),
  row: Json.describe("The JSON Schema of a row."),
  queries: z.array(Name).optional().describe("The names of its queries."),
  position: Position,
  status: consumerStatus,
  stale: z
    .literal(true)
    .optional()
    .describe("Until the table of this definition is built, the view answers from an earlier one, which is no longer updated."),
  rebuild: rebuild.optional(),
  deployment: z
    .string()
    .optional()
    .describe("The id of the code version whose table is on record: that table answers for every version that has none of its own."),
});

export const consumer = z.object({
  name: Name,
  kind: z.enum(KIND_NAMES),
  status: consumerStatus,
  position: Position.describe("The consumer has processed everything up to here: it has committed the effects, or had nothing to do."),
  head: Position,
  lag: Whole,
  lagSeconds: z
    .number()
    .nonnegative()
    .describe("Age in seconds of the first event that the consumer has yet to process. 0: it has processed all that it handles."),
  attempts: Whole.describe("Failed attempts at the event after `position`."),
  processed: Whole.describe("Events whose effects the consumer has committed since it began. For a webhook: deliveries that arrived."),
  failures: Whole.describe("Attempts that have failed since then."),
  lastProgressAt: Time.optional().describe("When the consumer last made progress. For a webhook: when a delivery last arrived."),
  lastError: consumerError.optional(),
  stale: viewReport.shape.stale,
  rebuild: rebuild.optional().describe("The table of a view that is being built next to the one that answers."),
  deployment: viewReport.shape.deployment,
  blocked: blocked.optional(),
  skipped: z
    .array(z.object({ ...consumerError.shape, skippedAt: Time }))
    .optional()
    .describe("Events that an operator made it skip, the latest first."),
  warning: z.string().optional(),
}) satisfies z.ZodType<ConsumerReport & LagSeconds>;

export const resetCount = z.object({
  consumer: Name,
  from: Position.describe("The position after which it would begin again."),
  events: Whole.describe("How many events it would process or deliver again, up to `position`."),
  position: Position.describe("The last position that was counted. It is before `to` if counting took too long."),
  to: Position.describe("The log's head."),
}) satisfies z.ZodType<ResetCount>;
