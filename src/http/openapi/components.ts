/** What answers are made of. Requests are described by the schemas that check them. */

import type { SagaStatus, StepStatus } from "../../processors/saga-state.ts";
import { z } from "zod";
import type { CategorySummary } from "../../catalog/protocol.ts";
import type { ConsumerReport, RebuildReport } from "../../delivery/report.ts";
import type { StreamSummary } from "../../log-protocol.ts";
import type { EventReference, Issue } from "../../protocol.ts";
import type { DeliveryReport, Outcome, ReplayReport, WebhookReport } from "../../webhooks/protocol.ts";
import { Attributes, Envelope } from "../cloudevents.ts";

const Name = z.string();
const Whole = z.int().nonnegative();
const Version = Whole.describe("Of the stream: how many events it has had.");
const Position = Whole.describe("In the log, which counts all events of the store.");
const Time = z.string().meta({ format: "date-time" });
const Uuid = z.string().meta({ format: "uuid" });
const StreamName = z.string().describe("`category/id`, for example `order/42`.");
const Json = z.record(z.string(), z.unknown());
const Next = z.string().describe("The URL of the next page.");
const Cursor = z.string().describe("The `cursor` of the next page. Absent on the last one.");
const Stale = z.literal(true).describe("The rows are of an earlier definition: the view is being built anew.");

const issue = z.object({
  path: z.string().describe("Where in the body or the query: `lines.0.sku`; empty: all of it."),
  message: z.string(),
}) satisfies z.ZodType<Issue>;

const problem = z
  .looseObject({
    type: z.string().describe("`/problems/{code}`"),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe("What is wrong with this very request, and what would be right."),
    code: z.string().describe("What to branch on."),
    issues: z.array(issue).optional(),
  })
  .describe("A problem document (RFC 9457). Some codes add fields of their own.");

const event = z
  .object({
    id: Uuid.describe("Unique within its stream."),
    stream: StreamName,
    version: z.int().positive().describe("1-based and contiguous within its stream."),
    position: z
      .int()
      .positive()
      .optional()
      .describe("1-based and contiguous within the log of its store. Always there in what the log answers."),
    type: z.string(),
    data: Json,
    meta: z.looseObject({ correlationId: z.unknown().optional(), causationId: z.unknown().optional() }),
    time: Time.describe("When it happened: the writer's own text, else `recordedAt`."),
    recordedAt: Time,
    schemaVersion: z.int().positive(),
    erased: z.literal(true).optional().describe("What it said was erased: `data` and `meta` are empty."),
  })
  .describe("An immutable fact.");

const eventReference = z.object({
  id: Uuid,
  version: Version,
  position: Position.optional(),
  type: z.string(),
}) satisfies z.ZodType<EventReference>;

const written = z.object({
  stream: StreamName,
  version: Version,
  position: Position.optional().describe(
    "Of the last event. Absent: the log had not answered in time; the events are stored all the same.",
  ),
  events: z.array(eventReference),
});

const commandAnswer = z.object({ commandId: z.string(), ...written.shape });

const commandOutcome = z.object({
  commandId: z.string(),
  stream: StreamName,
  status: z.enum(["accepted", "refused", "failed"]),
  version: Version.optional(),
  position: Position.optional(),
  events: z.array(eventReference).optional(),
  reason: z.string().optional(),
  details: z.unknown().optional(),
});

const category = z.object({
  name: Name,
  kind: z.enum(["aggregate", "plain"]),
  origin: z.enum(["code", "api"]),
  description: z.string().optional(),
  key: z.string().optional().describe("The property of an event's data that names its stream."),
  strict: z.boolean().optional().describe("Whether only the declared event types are taken."),
  eventTypes: z.array(z.string()),
}) satisfies z.ZodType<Omit<CategorySummary, "strict">>;

const categoryDefinition = z.object({
  ...category.omit({ eventTypes: true }).shape,
  revision: z.int().optional(),
  events: z.record(z.string(), z.unknown()).describe("JSON Schemas by event type."),
  versions: z
    .record(z.string(), z.record(z.string(), z.unknown()))
    .describe("By event type and `schemaVersion`: the JSON Schema that events of that version were written with."),
});

const streamSummary = z.object({ stream: StreamName, version: Version, lastPosition: Position }) satisfies z.ZodType<StreamSummary>;

const consumerError = z.object({
  message: z.string(),
  at: Time,
  event: z.object({ position: Position, stream: StreamName, version: Version, type: z.string() }).optional(),
});

const consumerStatus = z.enum(["live", "catching-up", "paused", "failed", "rebuilding"]);

const rebuild = z.object({
  status: z.enum(["building", "paused", "failed"]),
  position: Position,
  head: Position,
  startedAt: Time,
  eventsPerSecond: Whole.optional(),
  estimatedEnd: Time.optional(),
  lastError: consumerError.optional(),
}) satisfies z.ZodType<RebuildReport>;

const viewReport = z.object({
  name: Name,
  description: z.string().optional(),
  key: z.string().describe("The column that identifies a row."),
  row: Json.describe("The JSON Schema of a row."),
  queries: z.array(Name).optional().describe("The names of its queries."),
  position: Position,
  status: consumerStatus,
  stale: z.literal(true).optional().describe("An earlier definition answers, and stands still, until this one's table is built."),
  rebuild: rebuild.optional(),
});

const consumer = z.object({
  name: Name,
  kind: z.enum(["view", "processor", "webhook"]),
  status: consumerStatus,
  position: Position,
  head: Position,
  lag: Whole,
  attempts: Whole.describe("Failed attempts at the event after `position`."),
  processed: Whole.describe("Events whose effects it has committed since it began; of a webhook deliveries that arrived."),
  failures: Whole.describe("Attempts that have failed since then."),
  lastProgressAt: Time.optional().describe("When it last went on; of a webhook the last delivery that arrived."),
  lastError: consumerError.optional(),
  stale: viewReport.shape.stale,
  rebuild: rebuild.optional().describe("Of a view: the table that is being built beside the one that answers."),
  skipped: z
    .array(z.object({ ...consumerError.shape, skippedAt: Time }))
    .optional()
    .describe("Events that an operator let it skip, the last first."),
  warning: z.string().optional(),
}) satisfies z.ZodType<ConsumerReport>;

const replay = z.object({
  id: z.int(),
  position: Position.describe("The last position that is done."),
  to: Position,
}) satisfies z.ZodType<ReplayReport>;

const webhook = z.object({
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
  replays: z.array(replay),
}) satisfies z.ZodType<Omit<WebhookReport, "where">>;

const delivery = z.object({
  id: z.string(),
  webhookId: z.string().describe("The header `webhook-id` of every attempt."),
  stream: StreamName,
  position: Position,
  type: z.string(),
  status: z.enum(["pending", "delivered", "parked", "skipped"]).describe("`skipped`: the event was erased before it was sent."),
  attempts: Whole,
  lastAttemptAt: Time,
  durationMs: Whole,
  response: z.int().optional().describe("The HTTP status of the last attempt."),
  error: z.string().optional(),
  excerpt: z.string().optional().describe("The first bytes of the last answer."),
  nextAttemptAt: Time.optional(),
}) satisfies z.ZodType<DeliveryReport>;

const outcome = z.object({
  delivered: z.boolean(),
  response: z.int().optional(),
  error: z.string().optional(),
  excerpt: z.string().optional(),
  durationMs: Whole,
  retryAfterMs: Whole.optional(),
}) satisfies z.ZodType<Outcome>;

const createdWebhook = z.object({
  ...webhook.shape,
  secret: z.string().describe("`whsec_…`. Shown this once."),
});

const stepStatus = z.enum([
  "pending",
  "in-progress",
  "waiting",
  "retry-awaiting",
  "completed",
  "failed",
  "timed-out",
  "undo-in-progress",
  "undo-retry-awaiting",
  "undone",
  "undo-bypassed",
  "undo-failed",
]) satisfies z.ZodType<StepStatus>;

const saga = z.object({
  saga: Name,
  id: z.string(),
  stream: StreamName,
  version: Version,
  status: z.enum(["not-started", "in-progress", "failure-pending", "in-failure", "completed", "failed"]) satisfies z.ZodType<SagaStatus>,
  failure: z
    .object({ step: z.string(), reason: z.string(), detail: z.string().optional() })
    .optional()
    .describe("Why it fails or has failed: what happened first."),
  undoFailed: z.array(z.string()).optional().describe("Steps that could not be undone: somebody has to look."),
  parent: z.object({ saga: Name, id: z.string(), step: z.string() }).optional().describe("The saga and step that started it."),
  input: z.unknown(),
  steps: z.array(
    z.object({
      name: z.string(),
      after: z.array(z.string()).describe("Steps that it comes after."),
      status: stepStatus,
      attempts: Whole,
      undoAttempts: Whole,
      reason: z.string().optional(),
      detail: z.string().optional(),
      until: Time.optional().describe("When it is tried again, or has waited long enough."),
      version: Version.optional().describe("The target's version after the action."),
      result: z.unknown().optional(),
    }),
  ),
});

const cloudEvent = z
  .object({ ...Attributes.shape, ...Envelope.omit({ data_base64: true }).shape })
  .describe("A CloudEvent 1.0. Extension attributes beside these are kept.");

/** By their names in the document. */
export const COMPONENTS = {
  Problem: problem,
  Issue: issue,
  Event: event,
  EventReference: eventReference,
  Written: written,
  CommandAnswer: commandAnswer,
  CommandOutcome: commandOutcome,
  Category: category,
  CategoryDefinition: categoryDefinition,
  StreamSummary: streamSummary,
  View: viewReport,
  Consumer: consumer,
  Webhook: webhook,
  CreatedWebhook: createdWebhook,
  Delivery: delivery,
  Replay: replay,
  CloudEvent: cloudEvent,
  Saga: saga,
} as const;

/** Pages and other wrappings, which have no names of their own. */
export const ANSWERS = {
  categories: z.object({ categories: z.array(category) }),
  streamPage: z.object({ stream: StreamName, version: Version, events: z.array(event), next: Next.optional() }),
  logPage: z.object({
    events: z.array(event),
    next: Position.nullable().describe("What to pass as `after` next: the last position looked at; null: backward, at the beginning."),
    head: Position,
  }),
  found: z.object({ events: z.array(event), next: Next.optional() }),
  head: z.object({ head: Position }),
  streams: z.object({ streams: z.array(streamSummary), next: Next.optional() }),
  imported: z.object({
    lines: Whole,
    imported: Whole.describe("Events that were stored now."),
    known: Whole.describe("Events that were there already."),
  }),
  rows: z.object({ rows: z.array(Json), next: Cursor.optional(), position: Position, stale: Stale.optional() }),
  queryRows: z.object({
    rows: z.array(Json),
    position: Position,
    truncated: z.literal(true).optional().describe("There are more rows than an answer may have."),
    stale: Stale.optional(),
  }),
  state: z.object({
    stream: StreamName,
    version: Version,
    state: z.unknown(),
    status: z.enum(["running", "completed"]).optional().describe("Of a process manager or saga."),
    inFlight: z
      .array(z.object({ commandId: z.string(), stream: StreamName, command: z.string(), data: Json }))
      .optional()
      .describe("Commands that a process manager or saga has sent, whose outcome it does not know yet."),
    timers: z
      .array(z.object({ command: z.string(), due: Time, data: z.unknown() }))
      .optional()
      .describe("Commands that the stream will send to itself."),
  }),
  received: z.object({ commandId: z.string(), stream: StreamName }),
  views: z.object({ views: z.array(viewReport) }),
  sagas: z.object({ sagas: z.array(z.object({ name: Name, description: z.string().optional(), input: Json })) }),
  consumers: z.object({ consumers: z.array(consumer) }),
  webhooks: z.object({ webhooks: z.array(webhook) }),
  deliveries: z.object({
    deliveries: z.array(delivery),
    next: Next.optional(),
    waiting: Whole.describe("Events that were taken and not tried so far: they have no entry yet."),
  }),
  outcome,
  rotated: z.object({ secret: z.string().describe("`whsec_…`. Shown this once."), previousUntil: Time }),
  retried: z.object({ retried: Whole, left: Whole.describe("Still parked: for the next call.") }),
  publicKeys: z.object({
    keys: z.array(
      z.object({
        algorithm: z.literal("ed25519"),
        publicKey: z.string().describe("`whpk_` and the base64 of 32 bytes."),
        until: Time.optional().describe("It was replaced, and signs until then."),
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
} as const;
