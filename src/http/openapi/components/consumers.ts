/** Where consumers stand, and what is being rebuilt. */

import { z } from "zod";
import type { LagSeconds } from "../../../operations/lag.ts";
import type { ConsumerReport, RebuildReport } from "../../../operations/report.ts";
import type { ResetCount } from "../../../operations/reset-count.ts";
import type { BlockedReport } from "../../../store/webhook-protocol.ts";
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
    fullSince: Time.optional().describe("Since then as many wait as may, and it takes no further event."),
  })
  .describe("Of a webhook: streams whose events wait for one that has failed.") satisfies z.ZodType<BlockedReport>;

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
  stale: z.literal(true).optional().describe("An earlier definition answers, and stands still, until this one's table is built."),
  rebuild: rebuild.optional(),
  deployment: z
    .string()
    .optional()
    .describe("Id of the version of the code whose table is on record: it answers every version that has no table of its own."),
});

export const consumer = z.object({
  name: Name,
  kind: z.enum(["view", "processor", "webhook"]),
  status: consumerStatus,
  position: Position.describe("It is done with everything up to here: the effects are committed, or there is nothing for it."),
  head: Position,
  lag: Whole,
  lagSeconds: z
    .number()
    .nonnegative()
    .describe("Age in seconds of the first event that it handles and has yet to process; 0: it has processed all of them."),
  attempts: Whole.describe("Failed attempts at the event after `position`."),
  processed: Whole.describe("Events whose effects it has committed since it began; of a webhook deliveries that arrived."),
  failures: Whole.describe("Attempts that have failed since then."),
  lastProgressAt: Time.optional().describe("When it last went on; of a webhook the last delivery that arrived."),
  lastError: consumerError.optional(),
  stale: viewReport.shape.stale,
  rebuild: rebuild.optional().describe("Of a view: the table that is being built beside the one that answers."),
  deployment: viewReport.shape.deployment,
  blocked: blocked.optional(),
  skipped: z
    .array(z.object({ ...consumerError.shape, skippedAt: Time }))
    .optional()
    .describe("Events that an operator let it skip, the last first."),
  warning: z.string().optional(),
}) satisfies z.ZodType<ConsumerReport & LagSeconds>;

export const resetCount = z.object({
  consumer: Name,
  from: Position.describe("After which it would begin again."),
  events: Whole.describe("That it would process again, or deliver, up to `position`."),
  position: Position.describe("The last one that was counted: before `to` when counting took too long."),
  to: Position.describe("The log's head."),
}) satisfies z.ZodType<ResetCount>;
