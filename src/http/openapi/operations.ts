/** The operations that every app has, in the order of the document. A test compares them with the routes. */

import { z } from "zod";
import { DefinitionIn } from "../../catalog/definition.ts";
import { APPEND_EVENTS, PAGE_EVENTS, VIEW_PAGE_ROWS, WAIT_SECONDS } from "../../limits.ts";
import { CommandQuery, StateQuery } from "../aggregates.ts";
import { EventIn, EventsIn, JsonObject } from "../append.ts";
import { FeedQuery } from "../feed.ts";
import { ImportLine } from "../import.ts";
import { SearchQuery } from "../log-search.ts";
import { LogQuery, StreamsQuery } from "../log.ts";
import type { ProblemCode } from "../problem.ts";
import { DeleteQuery, PageQuery } from "../streams.ts";
import { Paging } from "../views.ts";
import { WebhookIn } from "../webhooks.ts";
import { ANSWERS, COMPONENTS } from "./components.ts";
import type { Answer, Operation } from "./operation.ts";
import type { JsonSchema } from "./schema.ts";

const JSON_TYPE = "application/json";
const LINES_TYPE = "application/x-ndjson";
const CLOUD_EVENT_TYPE = "application/cloudevents+json";
const CLOUD_EVENTS_TYPE = "application/cloudevents-batch+json";

export function json(description: string, schema: z.ZodType | JsonSchema, headers: Answer["headers"] = []): Answer {
  return { description, headers, content: { [JSON_TYPE]: schema } };
}

/** What writers may be told, besides what they did wrong. */
const REFUSED_WRITES = ["idempotency-conflict", "version-conflict", "stream-deleted"] as const satisfies ProblemCode[];
const REFUSED_FACTS = ["invalid-event", "unknown-category", "category-retired", "category-has-rules", ...REFUSED_WRITES] as const;
const REFUSED_READS = ["unknown-stream", "stream-deleted", "unknown-category", "category-retired"] as const satisfies ProblemCode[];

const WRITE_HEADERS = ["Idempotency-Key", "If-Match", "If-None-Match", "Prefer", "Correlation-Id"] as const;
const NOT_MODIFIED: Answer = { description: "You have it already: your `If-None-Match` names it.", headers: ["ETag"] };
const FILTERS = {
  type: { description: "An event type. Repeated: any of them." },
  category: { description: "A category. Repeated: any of them." },
  stream: { description: "A stream, as `category/id`. Repeated: any of them." },
};

/** What all commands answer with, whatever their body. */
export const COMMAND = {
  headers: WRITE_HEADERS,
  answers: {
    200: json("Its events are stored; there may be none.", COMPONENTS.CommandAnswer, ["ETag", "Idempotent-Replayed"]),
    202: json("Accepted (`Prefer: respond-async`): it runs in the order of arrival. `Location` has the outcome.", ANSWERS.received, [
      "Location",
      "Preference-Applied",
    ]),
  },
  problems: ["invalid-command", "command-refused", "command-failed", ...REFUSED_WRITES],
} as const satisfies Partial<Operation>;

/** What all queries of a view take and answer with, whatever its rows. */
export const VIEW_PAGE = {
  headers: ["Prefer"],
  query: Paging,
  notes: {
    limit: { description: "Rows in a page.", minimum: 1, maximum: VIEW_PAGE_ROWS },
    cursor: { description: "Where the page begins: `next` of the one before." },
    minPosition: { description: "Wait until the view has all events up to this position of the log (`Prefer: wait=N`, else 5 s)." },
    consistency: { description: "`strong`: wait for all events that the log has now." },
  },
  problems: ["view-behind"],
} as const satisfies Partial<Operation>;

export const VIEW_ROW = {
  ...VIEW_PAGE,
  query: Paging.pick({ minPosition: true, consistency: true }),
  problems: ["unknown-row", "view-behind"],
} as const satisfies Partial<Operation>;

const commands: readonly Operation[] = [
  {
    ...COMMAND,
    method: "post",
    path: "/aggregates/{name}/{id}/{command}",
    operationId: "sendCommand",
    summary: "Send a command",
    description: "The body is the command's data. The commands of this app are listed one by one, with their bodies.",
    tag: "Commands",
    body: { [JSON_TYPE]: JsonObject },
    problems: [...COMMAND.problems, "unknown-aggregate", "unknown-command"],
  },
  {
    method: "get",
    path: "/aggregates/{name}/{id}/commands/{commandId}",
    operationId: "getCommand",
    summary: "The outcome of a command",
    tag: "Commands",
    query: CommandQuery,
    notes: { wait: { description: "Seconds to wait for the outcome.", maximum: WAIT_SECONDS } },
    answers: { 200: json("Its outcome.", COMPONENTS.CommandOutcome) },
    problems: ["unknown-aggregate", "unknown-command-id"],
  },
  {
    method: "get",
    path: "/aggregates/{name}/{id}",
    operationId: "getState",
    summary: "The state of an aggregate's stream",
    tag: "Commands",
    headers: ["If-None-Match"],
    query: StateQuery,
    notes: { version: { description: "As of this version; without it: now." } },
    answers: { 200: json("The state.", ANSWERS.state, ["ETag"]), 304: NOT_MODIFIED },
    problems: ["unknown-aggregate", "unknown-stream", "unknown-version", "stream-deleted"],
  },
];

const streams: readonly Operation[] = [
  {
    method: "get",
    path: "/streams",
    operationId: "listCategories",
    summary: "All categories",
    tag: "Streams",
    answers: { 200: json("Those of the code, and those declared at run time.", ANSWERS.categories) },
  },
  {
    method: "get",
    path: "/streams/{category}",
    operationId: "getCategory",
    summary: "The definition of a category",
    tag: "Streams",
    answers: { 200: json("Its definition.", COMPONENTS.CategoryDefinition) },
    problems: ["unknown-category", "category-retired"],
  },
  {
    method: "put",
    path: "/streams/{category}",
    operationId: "declareCategory",
    summary: "Declare a plain category, or change it compatibly",
    description: "`schema` declares one event type, `events` many, by name. Without either the category takes any JSON object.",
    tag: "Streams",
    body: { [JSON_TYPE]: DefinitionIn },
    answers: {
      200: json("It existed; this is how it is now.", COMPONENTS.CategoryDefinition, ["Location"]),
      201: json("It is new.", COMPONENTS.CategoryDefinition, ["Location"]),
    },
    problems: ["declared-in-code", "incompatible-schema", "too-many-categories", "category-retired"],
  },
  {
    method: "delete",
    path: "/streams/{category}",
    operationId: "retireCategory",
    summary: "Retire a category",
    description: "For good: its streams are neither read nor written any more, and its name is not given out again.",
    tag: "Streams",
    answers: { 204: { description: "It is retired." } },
    problems: ["declared-in-code", "unknown-category"],
  },
  {
    method: "post",
    path: "/streams/{category}",
    operationId: "appendFact",
    summary: "Send one fact to a category",
    description:
      "Its stream is what the category's `key` says, else a new one. A category with one event type takes the data alone, any other an event. " +
      "A CloudEvent may also come in binary mode: its attributes in `ce-` headers, its data as the body.",
    tag: "Streams",
    headers: WRITE_HEADERS,
    body: { [JSON_TYPE]: z.union([JsonObject, EventIn]), [CLOUD_EVENT_TYPE]: COMPONENTS.CloudEvent },
    answers: { 201: json("It is stored.", COMPONENTS.Written, ["ETag", "Location", "Idempotent-Replayed"]) },
    problems: REFUSED_FACTS,
  },
  {
    method: "post",
    path: "/streams/{category}/{id}",
    operationId: "appendEvents",
    summary: "Append events to a stream",
    description: "One or many: they are stored together or not at all.",
    tag: "Streams",
    headers: WRITE_HEADERS,
    body: {
      [JSON_TYPE]: z.union([EventIn, EventsIn]),
      [CLOUD_EVENT_TYPE]: COMPONENTS.CloudEvent,
      [CLOUD_EVENTS_TYPE]: z.array(COMPONENTS.CloudEvent).min(1).max(APPEND_EVENTS),
    },
    answers: { 201: json("They are stored.", COMPONENTS.Written, ["ETag", "Idempotent-Replayed"]) },
    problems: REFUSED_FACTS,
  },
  {
    method: "get",
    path: "/streams/{category}/{id}",
    operationId: "readStream",
    summary: "Read a stream",
    tag: "Streams",
    headers: ["If-None-Match"],
    query: PageQuery,
    notes: {
      from: { description: "The first version." },
      to: { description: "The last version." },
      limit: { description: "Events in a page.", minimum: 1, maximum: PAGE_EVENTS },
      type: FILTERS.type,
      positions: { description: "Also tell each event's position in the log." },
    },
    answers: {
      200: {
        description: "A page. As NDJSON: all of it, one event a line.",
        headers: ["ETag", "Link"],
        content: {
          [JSON_TYPE]: ANSWERS.streamPage,
          [LINES_TYPE]: COMPONENTS.Event,
          [CLOUD_EVENTS_TYPE]: z.array(COMPONENTS.CloudEvent),
        },
      },
      304: NOT_MODIFIED,
    },
    problems: REFUSED_READS,
  },
  {
    method: "head",
    path: "/streams/{category}/{id}",
    operationId: "headStream",
    summary: "The version of a stream",
    tag: "Streams",
    headers: ["If-None-Match"],
    answers: { 200: { description: "`ETag` has it.", headers: ["ETag"] }, 304: NOT_MODIFIED },
    problems: REFUSED_READS,
  },
  {
    method: "delete",
    path: "/streams/{category}/{id}",
    operationId: "deleteStream",
    summary: "End a stream",
    description: "It gets a last event, `$deleted`, and is neither read nor written any more.",
    tag: "Streams",
    headers: ["If-Match", "If-None-Match", "Prefer"],
    query: DeleteQuery,
    notes: { erase: { description: "Also remove what its events say, everywhere." } },
    answers: { 200: json("It has ended.", COMPONENTS.Written, ["ETag"]) },
    problems: ["unknown-stream", "stream-deleted", "version-conflict"],
  },
];

const log: readonly Operation[] = [
  {
    method: "get",
    path: "/log",
    operationId: "readLog",
    summary: "Read the log, or follow it",
    description:
      "What `Accept` says: a page of JSON; NDJSON, one event a line, up to the head; `text/event-stream`, history and then live. " +
      "With `Upgrade: websocket` the same live subscription over a WebSocket.",
    tag: "Log",
    headers: ["Last-Event-ID"],
    query: LogQuery.extend({ after: FeedQuery.shape.after.unwrap().optional() }),
    notes: {
      after: { description: "The position after which to read, in the reading direction. `head`, for subscriptions: only what is new." },
      to: { description: "The last position to look at." },
      limit: { description: "Events in a page.", minimum: 1, maximum: PAGE_EVENTS },
      ...FILTERS,
    },
    answers: {
      101: { description: "A WebSocket: one event a message." },
      200: {
        description: "Events, in order.",
        headers: ["Link", "Headspring-Position"],
        content: {
          [JSON_TYPE]: ANSWERS.logPage,
          [LINES_TYPE]: COMPONENTS.Event,
          [CLOUD_EVENTS_TYPE]: z.array(COMPONENTS.CloudEvent),
          "text/event-stream": COMPONENTS.Event,
        },
      },
    },
  },
  {
    method: "get",
    path: "/log/head",
    operationId: "getHead",
    summary: "The last position of the log",
    tag: "Log",
    answers: { 200: json("The position; 0: there is no event yet.", ANSWERS.head) },
  },
  {
    method: "get",
    path: "/log/streams",
    operationId: "listStreams",
    summary: "The streams of the store, by name",
    tag: "Log",
    query: StreamsQuery,
    notes: {
      category: { description: "Only streams of this category." },
      after: { description: "The stream after which to begin." },
      limit: { description: "Streams in a page.", minimum: 1, maximum: PAGE_EVENTS },
    },
    answers: { 200: json("A page of them.", ANSWERS.streams, ["Link"]) },
  },
  {
    method: "get",
    path: "/log/events/{id}",
    operationId: "findEvent",
    summary: "Find an event by its id",
    description: "The log is looked through from its end, in bounded steps: for support work, not for hot paths.",
    tag: "Log",
    query: SearchQuery,
    notes: { after: { description: "The position before which to look: `next` of an earlier search has it." } },
    answers: { 200: json("The events with this id: usually one, or none so far.", ANSWERS.found, ["Link"]) },
  },
  {
    method: "post",
    path: "/import",
    operationId: "importEvents",
    summary: "Take over the events of another store",
    description: "NDJSON, as `GET /log` exports it. What was taken already is passed over, so the same may be sent again.",
    tag: "Log",
    headers: ["Idempotency-Key"],
    body: { [LINES_TYPE]: ImportLine },
    answers: { 200: json("All lines were taken.", ANSWERS.imported) },
    problems: ["invalid-event", "unknown-category", "category-retired", "idempotency-conflict", "stream-deleted"],
  },
];

const views: readonly Operation[] = [
  {
    method: "get",
    path: "/views",
    operationId: "listViews",
    summary: "All views",
    tag: "Views",
    answers: { 200: json("Their names and the schemas of their rows.", ANSWERS.views) },
  },
  {
    ...VIEW_PAGE,
    method: "get",
    path: "/views/{view}",
    operationId: "queryView",
    summary: "Query a view",
    description: "Every column is a parameter too. The views of this app are listed one by one, with their columns.",
    tag: "Views",
    answers: { 200: json("A page of rows.", ANSWERS.rows, ["Link", "Headspring-Position"]) },
    problems: ["unknown-view", ...VIEW_PAGE.problems],
  },
  {
    ...VIEW_ROW,
    method: "get",
    path: "/views/{view}/{key}",
    operationId: "getRow",
    summary: "One row of a view",
    tag: "Views",
    answers: { 200: json("The row.", JsonObject, ["Headspring-Position"]) },
    problems: ["unknown-view", ...VIEW_ROW.problems],
  },
];

const consumers: readonly Operation[] = [
  {
    method: "get",
    path: "/consumers",
    operationId: "listConsumers",
    summary: "Where everyone who follows the log stands",
    tag: "Consumers",
    answers: { 200: json("Views, processors and webhooks.", ANSWERS.consumers) },
  },
  {
    method: "get",
    path: "/consumers/{name}",
    operationId: "getConsumer",
    summary: "Where one consumer stands",
    tag: "Consumers",
    answers: { 200: json("The consumer.", COMPONENTS.Consumer) },
    problems: ["unknown-consumer"],
  },
];

const webhooks: readonly Operation[] = [
  {
    method: "post",
    path: "/webhooks",
    operationId: "createWebhook",
    summary: "Add a webhook",
    tag: "Webhooks",
    body: { [JSON_TYPE]: WebhookIn },
    answers: { 201: json("It is added. This is the only time its secret is shown.", COMPONENTS.CreatedWebhook, ["Location"]) },
  },
  {
    method: "get",
    path: "/webhooks",
    operationId: "listWebhooks",
    summary: "All webhooks",
    tag: "Webhooks",
    answers: { 200: json("Those of the code that are on, and those added at run time.", ANSWERS.webhooks) },
  },
  {
    method: "get",
    path: "/webhooks/{id}",
    operationId: "getWebhook",
    summary: "One webhook",
    tag: "Webhooks",
    answers: { 200: json("The webhook.", COMPONENTS.Webhook) },
    problems: ["unknown-webhook"],
  },
  {
    method: "delete",
    path: "/webhooks/{id}",
    operationId: "deleteWebhook",
    summary: "Remove a webhook",
    tag: "Webhooks",
    answers: { 204: { description: "It is removed." } },
    problems: ["unknown-webhook", "declared-in-code"],
  },
];

const service: readonly Operation[] = [
  {
    method: "get",
    path: "/",
    operationId: "getService",
    summary: "What this is, and where to look",
    tag: "Service",
    answers: { 200: json("Names and links.", ANSWERS.service) },
    ofService: true,
    open: true,
  },
  {
    method: "get",
    path: "/health",
    operationId: "getHealth",
    summary: "Whether it is there",
    tag: "Service",
    answers: { 200: json("It is.", ANSWERS.health) },
    ofService: true,
    open: true,
  },
  {
    method: "get",
    path: "/openapi.json",
    operationId: "getOpenApi",
    summary: "This document",
    tag: "Service",
    headers: ["If-None-Match"],
    answers: { 200: json("OpenAPI 3.1.", JsonObject, ["ETag"]), 304: NOT_MODIFIED },
    ofService: true,
  },
  {
    method: "get",
    path: "/docs",
    operationId: "getDocs",
    summary: "This document, to read",
    tag: "Service",
    answers: { 200: { description: "One page that needs nothing else.", content: { "text/html": z.string() } } },
    ofService: true,
  },
];

export const OPERATIONS: readonly Operation[] = [...commands, ...streams, ...log, ...views, ...consumers, ...webhooks, ...service];

/** The tags of these operations. */
export const TAGS: Readonly<Record<string, string>> = {
  Commands: "Commands in, state out.",
  Streams: "Facts in, events out.",
  Log: "Everything, in order.",
  Views: "Data out.",
  Consumers: "Who follows the log, and how far they are.",
  Webhooks: "Who is told.",
  Service: "The service itself.",
};
