/** Views and webhooks, as their own routes show them. */

import * as z from "zod";
import { Name, Json, Position } from "../../../core/answer.ts";
import { ConsumerReport, RebuildReport } from "../../../consumers/report.ts";
import { ConsumerStatus } from "../../../store/consumer-protocol.ts";
import { WebhookReport } from "../../../store/webhook-protocol.ts";

export const viewReport = z.object({
  name: Name,
  description: z.string().optional(),
  key: z.string().describe("The column that identifies a row."),
  row: Json.describe("The JSON Schema of a row."),
  queries: z.array(Name).optional().describe("The names of its queries."),
  position: Position,
  status: ConsumerStatus,
  stale: ConsumerReport.shape.stale,
  rebuild: RebuildReport.optional(),
  deployment: ConsumerReport.shape.deployment,
});

export const createdWebhook = z.object({
  ...WebhookReport.shape,
  secret: z.string().describe("`whsec_…`. It is shown only once."),
});
