/** The schemas of answers. Requests are described by the schemas that check them. */

import * as z from "zod";
import { createdWebhook, processorReport, viewReport } from "./components/consumers.ts";
import { Name, Whole, Version, Position, Time, StreamName, Json } from "../../core/answer.ts";
import { saga } from "./components/sagas.ts";
import { app, caller, problemExplanation } from "./components/service.ts";
import {
  anyEvent,
  category,
  categoryDefinition,
  cloudEvent,
  commandAnswer,
  commandOutcome,
  event,
  problem,
  written,
} from "./components/streams.ts";
import { categoryDryRun, definitionDryRun } from "./components/dry-runs.ts";
import { processorPreviewAnswer, viewPreview } from "./components/previews.ts";
import { declaredSource, sourcePreviewAnswer, sourceReport } from "./components/sources.ts";
import { listedStore, store } from "./components/stores.ts";
import { Issue } from "../../core/issue.ts";
import { ConsumerReport } from "../../consumers/report.ts";
import { RunCount } from "../../consumers/run-count.ts";
import { StreamSummary } from "../../store/log-protocol.ts";
import { EventReference } from "../../store/stream-protocol.ts";
import { ReplayReport, WebhookReport } from "../../store/webhook-protocol.ts";
import { DeliveryReport, Outcome } from "../../store/delivery-protocol.ts";

const HasMore = z.boolean().describe('Whether another page follows. If so, `Link` has its URL with `rel="next"`.');
const Next = z.string().describe("The URL of the next page.");
const Cursor = z.string().describe("The `cursor` of the next page. Absent on the last one.");
const Stale = z.literal(true).describe("The rows are those of an earlier definition: the view is being rebuilt.");

/** By their names in the document. */
export const COMPONENTS = {
  Problem: problem,
  ProblemExplanation: problemExplanation,
  Issue,
  Event: event,
  AnyEvent: anyEvent,
  EventReference,
  Written: written,
  CommandAnswer: commandAnswer,
  CommandOutcome: commandOutcome,
  Category: category,
  CategoryDefinition: categoryDefinition,
  StreamSummary,
  View: viewReport,
  Processor: processorReport,
  Source: sourceReport,
  Consumer: ConsumerReport,
  Webhook: WebhookReport,
  CreatedWebhook: createdWebhook,
  Delivery: DeliveryReport,
  Replay: ReplayReport,
  CloudEvent: cloudEvent,
  Saga: saga,
  Store: store,
} as const;

/** Pages and other wrappers, which have no names of their own. */
export const ANSWERS = {
  categories: z.object({ categories: z.array(category) }),
  streamPage: z.object({ stream: StreamName, version: Version, events: z.array(anyEvent), hasMore: HasMore, next: Next.optional() }),
  logPage: z.object({
    events: z.array(anyEvent),
    hasMore: HasMore,
    next: Position.nullable().describe(
      "The value of `after` for the next page: the last position that was read. Null: a backward read has reached the beginning.",
    ),
    head: Position,
  }),
  found: z.object({ events: z.array(anyEvent), hasMore: HasMore, next: Next.optional() }),
  head: z.object({ head: Position }),
  rolledOver: z.object({ head: Position, segments: Whole.describe("The objects that the log is made of.") }),
  stores: z.object({ stores: z.array(listedStore), hasMore: HasMore, next: Next.optional() }),
  streams: z.object({ streams: z.array(StreamSummary), hasMore: HasMore, next: Next.optional() }),
  imported: z.object({
    lines: Whole,
    imported: Whole.describe("Events that this request stored, and definitions that it made or changed."),
    known: Whole.describe("Events and definitions that the store already had."),
  }),
  rows: z.object({ rows: z.array(Json), hasMore: z.boolean(), next: Cursor.optional(), position: Position, stale: Stale.optional() }),
  rowEvents: z.object({
    events: z.array(anyEvent).describe("The latest first."),
    categories: z.array(z.string()).describe("The categories that were searched: those that the view follows and that you may see."),
    hasMore: HasMore,
    next: Next.optional(),
    scannedTo: Position.describe("Every event behind the row from this position on is here or on earlier pages."),
    position: Position.describe("The position of the view: later events have not changed the row yet."),
  }),
  viewPreview,
  declaredCategory: z.union([categoryDefinition, categoryDryRun]),
  declaredView: z.union([viewReport, definitionDryRun]),
  declaredProcessor: z.union([processorReport, definitionDryRun]),
  processorPreview: processorPreviewAnswer,
  declaredSource,
  sourcePreview: sourcePreviewAnswer,
  sources: z.object({ sources: z.array(sourceReport) }),
  leftOutside: z.object({ left: z.string().describe("What is still there, and why.") }),
  queryRows: z.object({
    rows: z.array(Json),
    hasMore: z.boolean().describe("Whether the query found more rows, or more bytes of rows, than an answer may have."),
    position: Position,
    stale: Stale.optional(),
  }),
  state: z.object({
    stream: StreamName,
    version: Version,
    state: z.unknown(),
    status: z
      .enum(["running", "completed", "failed"])
      .optional()
      .describe("The state of a process manager or saga. Absent for other aggregates."),
    failure: z
      .object({
        reason: z.string(),
        detail: z.string().optional(),
        event: z.object({ id: z.string(), stream: StreamName, version: Version, type: z.string() }).optional(),
      })
      .optional()
      .describe("The input that the process manager or saga could not take, and why."),
    inFlight: z
      .array(z.object({ commandId: z.string(), stream: StreamName, command: z.string(), data: Json }))
      .optional()
      .describe("Commands that a process manager or saga has sent, whose outcome it does not know yet."),
    timers: z
      .array(z.object({ command: z.string(), key: z.string().optional(), due: Time, data: z.unknown() }))
      .optional()
      .describe("Commands that the stream will send to itself."),
    unsequenced: z
      .object({ since: Time, events: Whole })
      .optional()
      .describe("Events that the log has not confirmed yet: how many, and when the first was stored."),
  }),
  received: z.object({ commandId: z.string(), stream: StreamName }),
  views: z.object({ views: z.array(viewReport) }),
  processors: z.object({ processors: z.array(processorReport) }),
  sagas: z.object({ sagas: z.array(z.object({ name: Name, description: z.string().optional(), input: Json })) }),
  consumers: z.object({ consumers: z.array(ConsumerReport) }),
  runCount: RunCount,
  parkedCount: z.object({
    deliveries: Whole.describe("Parked deliveries between the two positions. One call retries a bounded number of them."),
  }),
  webhooks: z.object({ webhooks: z.array(WebhookReport) }),
  deliveries: z.object({
    deliveries: z.array(DeliveryReport),
    hasMore: HasMore,
    next: Next.optional(),
    waiting: Whole.describe("Events that were read from the log and not attempted yet: they have no entry so far."),
  }),
  deliveriesOfEvents: z.object({
    deliveries: z.array(z.object({ webhook: z.string(), url: z.string(), ...DeliveryReport.shape })),
  }),
  replayCount: z.object({
    events: Whole.describe("How many events would be sent again."),
    position: Position.describe("The last position that was counted. It is before `to` if counting took too long."),
    to: Position.describe("The last position that a replay would reach."),
  }),
  outcome: Outcome,
  rotated: z.object({ secret: z.string().describe("`whsec_…`. It is shown only once."), previousUntil: Time }),
  retried: z.object({ retried: Whole, left: Whole.describe("How many are still parked. Call again to retry them.") }),
  publicKeys: z.object({
    keys: z.array(
      z.object({
        algorithm: z.literal("ed25519"),
        publicKey: z.string().describe("`whpk_` and the base64 of 32 bytes."),
        until: Time.optional().describe("When it stops signing, because it was replaced."),
      }),
    ),
  }),
  service: z.object({
    name: z.string(),
    what: z.string(),
    aggregates: z.array(z.string()),
    categories: z.array(z.string()),
    views: z.array(z.string()),
    links: z.record(z.string(), z.string()),
  }),
  health: z.object({ status: z.literal("ok") }),
  problems: z.object({ problems: z.array(problemExplanation) }),
  app,
  caller,
} as const;
