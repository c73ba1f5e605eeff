/** Webhooks and their deliveries. */

import { z } from "zod";
import type { DeliveryReport, Outcome, ReplayReport, WebhookReport } from "../../../store/webhook-protocol.ts";
import { blocked, consumerError } from "./consumers.ts";
import { Whole, Position, Time, StreamName } from "./parts.ts";

export const replay = z.object({
  id: z.int(),
  position: Position.describe("The last position that is done."),
  to: Position,
}) satisfies z.ZodType<ReplayReport>;

export const webhook = z.object({
  id: z.string(),
  url: z.string(),
  types: z.array(z.string()).optional(),
  categories: z.array(z.string()).optional(),
  description: z.string().optional(),
  createdAt: Time.optional(),
  where: z.unknown().optional(),
  headers: z.array(z.string()).optional().describe("Names only: values may be secrets."),
  rate: z.number().optional(),
  concurrency: z.int().optional(),
  asymmetric: z.boolean().optional(),
  format: z.enum(["event", "cloudevents"]).optional(),
  origin: z.enum(["code", "api"]),
  status: z.enum(["live", "catching-up", "paused", "failed"]).describe("`failed`: it was switched off, see `disabled`."),
  disabled: z.object({ reason: z.enum(["gone", "failing"]).describe("A 410, or five days without a success."), at: Time }).optional(),
  position: Position.describe("The last position that it has taken from the log."),
  pending: Whole.describe("Deliveries that were taken and have not ended."),
  parked: Whole.describe("Deliveries that were given up, and can be tried again."),
  attempts: Whole.describe("Attempts that have failed since the last success."),
  lastError: consumerError.optional(),
  totals: z
    .object({ delivered: Whole, failed: Whole.describe("Attempts, not deliveries."), parked: Whole, skipped: Whole })
    .describe("What has become of deliveries since it was made."),
  health: z.object({
    successRate: z.number().optional().describe("From 0 to 1, of the attempts of the last 24 hours."),
    lastSuccessAt: Time.optional(),
    failingSince: Time.optional(),
    nextAttemptAt: Time.optional().describe("Nothing is sent before then: several streams have failed, or the endpoint asks for it."),
  }),
  blocked: blocked.optional(),
  replays: z.array(replay),
}) satisfies z.ZodType<Omit<WebhookReport, "where">>;

export const delivery = z.object({
  id: z.string(),
  webhookId: z.string().describe("The header `webhook-id` of every attempt."),
  stream: StreamName,
  position: Position,
  type: z.string(),
  status: z
    .enum(["pending", "delivered", "parked", "skipped"])
    .describe("`skipped`: the event was erased before it was sent, or a predicate in code that had thrown says no."),
  attempts: Whole,
  lastAttemptAt: Time,
  durationMs: Whole,
  response: z.int().optional().describe("The HTTP status of the last attempt."),
  error: z.string().optional(),
  excerpt: z.string().optional().describe("The first bytes of the last answer."),
  nextAttemptAt: Time.optional(),
}) satisfies z.ZodType<DeliveryReport>;

export const outcome = z.object({
  delivered: z.boolean(),
  response: z.int().optional(),
  error: z.string().optional(),
  excerpt: z.string().optional(),
  durationMs: Whole,
  retryAfterMs: Whole.optional(),
}) satisfies z.ZodType<Outcome>;

export const createdWebhook = z.object({
  ...webhook.shape,
  secret: z.string().describe("`whsec_…`. Shown this once."),
});
