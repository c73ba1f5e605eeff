/** Views, processors and webhooks, as their own routes show them. */

import * as z from "zod";
import { Name, Json, Position, Time } from "../../../core/answer.ts";
import { ConsumerReport, RebuildReport } from "../../../consumers/report.ts";
import { ConsumerStatus } from "../../../store/consumer-protocol.ts";
import { WebhookReport } from "../../../store/webhook-protocol.ts";

const origin = z.enum(["code", "api"]);

/** What a view, a processor or a source has that was declared over HTTP. */
export const declared = {
  revision: z.int().optional().describe("One higher after every change of the definition. Only what was declared over HTTP has one."),
  declaredAt: Time.optional(),
  retired: z
    .array(Name)
    .optional()
    .describe(
      "Categories in the definition that have been retired: no event comes from them any more, and a processor that emits to one, or a source that feeds it, fails.",
    ),
  definition: Json.optional().describe("As it was declared over HTTP."),
  shadowed: z
    .literal(true)
    .optional()
    .describe("The code has a consumer or a source of the same name, which counts instead: this definition has no effect."),
};

export const viewReport = z.object({
  name: Name,
  origin,
  description: z.string().optional(),
  key: z.string().optional().describe("The column that identifies a row."),
  row: Json.optional().describe("The JSON Schema of a row."),
  queries: z.array(Name).optional().describe("The names of its queries."),
  ...declared,
  position: Position.optional(),
  status: ConsumerStatus.optional(),
  stale: ConsumerReport.shape.stale,
  rebuild: RebuildReport.optional(),
  deployment: ConsumerReport.shape.deployment,
});

export const processorReport = z.object({
  name: Name,
  kind: z.enum(["reactor", "effect", "process-manager", "saga", "rules"]),
  origin,
  description: z.string().optional(),
  follows: z.array(Json).optional().describe("The event types that it handles, by category."),
  emits: z.array(Json).nullish().describe("Commands to aggregates and events to plain categories. Null: it may send to any aggregate."),
  ...declared,
  position: Position.optional(),
  status: ConsumerStatus.optional(),
});

export const createdWebhook = z.object({
  ...WebhookReport.shape,
  secret: z.string().describe("`whsec_…`. It is shown only once."),
});
