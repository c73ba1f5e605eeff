/** What answers are made of. Requests are described by the schemas that check them. */

import { z } from "zod";
import { consumer, resetCount, viewReport } from "./components/consumers.ts";
import { Name, Whole, Version, Position, Time, StreamName, Json } from "./components/parts.ts";
import { saga } from "./components/sagas.ts";
import { app, problemExplanation } from "./components/service.ts";
import {
  anyEvent,
  category,
  categoryDefinition,
  cloudEvent,
  commandAnswer,
  commandOutcome,
  event,
  eventReference,
  issue,
  problem,
  streamSummary,
  written,
} from "./components/streams.ts";
import { listedStore, store } from "./components/stores.ts";
import { createdWebhook, delivery, outcome, replay, webhook } from "./components/webhooks.ts";

const HasMore = z.boolean().describe('Whether another page follows. `Link` with `rel="next"` is there if so.');
const Next = z.string().describe("The URL of the next page.");
const Cursor = z.string().describe("The `cursor` of the next page. Absent on the last one.");
const Stale = z.literal(true).describe("The rows are of an earlier definition: the view is being built anew.");

/** By their names in the document. */
export const COMPONENTS = {
  Problem: problem,
  ProblemExplanation: problemExplanation,
  Issue: issue,
  Event: event,
  AnyEvent: anyEvent,
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
  Store: store,
} as const;

/** Pages and other wrappings, which have no names of their own. */
export const ANSWERS = {
  categories: z.object({ categories: z.array(category) }),
  streamPage: z.object({ stream: StreamName, version: Version, events: z.array(anyEvent), hasMore: HasMore, next: Next.optional() }),
  logPage: z.object({
    events: z.array(anyEvent),
    hasMore: HasMore,
    next: Position.nullable().describe("What to pass as `after` next: the last position looked at; null: backward, at the beginning."),
    head: Position,
  }),
  found: z.object({ events: z.array(anyEvent), hasMore: HasMore, next: Next.optional() }),
  head: z.object({ head: Position }),
  stores: z.object({ stores: z.array(listedStore), hasMore: HasMore, next: Next.optional() }),
  streams: z.object({ streams: z.array(streamSummary), hasMore: HasMore, next: Next.optional() }),
  imported: z.object({
    lines: Whole,
    imported: Whole.describe("Events that were stored now."),
    known: Whole.describe("Events that were there already."),
  }),
  rows: z.object({ rows: z.array(Json), hasMore: z.boolean(), next: Cursor.optional(), position: Position, stale: Stale.optional() }),
  queryRows: z.object({
    rows: z.array(Json),
    hasMore: z.boolean().describe("There are more rows than an answer may have, or more bytes of them."),
    position: Position,
    stale: Stale.optional(),
  }),
  state: z.object({
    stream: StreamName,
    version: Version,
    state: z.unknown(),
    status: z.enum(["running", "completed", "failed"]).optional().describe("Of a process manager or saga."),
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
      .describe("Events that the log is not known to have: how many, and when the first was stored."),
  }),
  received: z.object({ commandId: z.string(), stream: StreamName }),
  views: z.object({ views: z.array(viewReport) }),
  sagas: z.object({ sagas: z.array(z.object({ name: Name, description: z.string().optional(), input: Json })) }),
  consumers: z.object({ consumers: z.array(consumer) }),
  resetCount,
  webhooks: z.object({ webhooks: z.array(webhook) }),
  deliveries: z.object({
    deliveries: z.array(delivery),
    hasMore: HasMore,
    next: Next.optional(),
    waiting: Whole.describe("Events that were taken and not tried so far: they have no entry yet."),
  }),
  replayCount: z.object({
    events: Whole.describe("That would be sent again."),
    position: Position.describe("The last one that was counted: before `to` when counting took too long."),
    to: Position.describe("The last one that a replay would go to."),
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
  problems: z.object({ problems: z.array(problemExplanation) }),
  app,
} as const;
