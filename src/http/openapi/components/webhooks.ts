/** Webhooks and their deliveries. */

import { z } from "zod";
import type { DeliveryReport, Outcome, ReplayReport, WebhookReport } from "../../../store/webhook-protocol.ts";
import { blocked, consumerError } from "./consumers.ts";
import { Whole, Position, Time, StreamName } from "./parts.ts";

export const replay = z.object({
  id: z.int(),
  position: Position.describe("The last position that the replay has processed."),
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
  status: z.enum(["live", "catching-up", "paused", "failed"]).describe("`failed`: the store has switched the webhook off, see `disabled`."),
  disabled: z
    .object({
      reason: z.enum(["gone", "failing"]).describe("`gone`: the endpoint answered 410. `failing`: five days passed without a success."),
      at: Time,
    })
    .optional(),
  position: Position.describe("The last position that the webhook has read from the log."),
  pending: Whole.describe("Deliveries that have begun and not ended."),
  parked: Whole.describe("Deliveries that the store has given up. They can be retried."),
  attempts: Whole.describe("Attempts that have failed since the last success."),
  lastError: consumerError.optional(),
  totals: z
    .object({ delivered: Whole, failed: Whole.describe("Attempts, not deliveries."), parked: Whole, skipped: Whole })
    .describe("How deliveries have ended since the webhook was created."),
  health: z.object({
    successRate: z.number().optional().describe("The share of the attempts of the last 24 hours that succeeded, from 0 to 1."),
    lastSuccessAt: Time.optional(),
    failingSince: Time.optional(),
    nextAttemptAt: Time.optional().describe(
      "Nothing is sent before then, because several streams have failed or the endpoint asked for it.",
    ),
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
    .describe("`skipped`: the event was erased before it was sent, or a predicate in code threw at first and then rejected the event."),
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
  secret: z.string().describe("`whsec_…`. It is shown only once."),
});
