/** Everything, in order. */

import * as z from "zod";
import { EXPORT_EVENTS, PAGE_EVENTS_DEFAULT } from "../../limits.ts";
import { PAGE_EVENTS } from "../../../core/limits.ts";
import { FeedQuery } from "../../feed.ts";
import { ImportQuery } from "../../import.ts";
import { ImportLine } from "../../import-line.ts";
import { SearchQuery } from "../../log-search.ts";
import { ExportQuery } from "../../log-export.ts";
import { LogQuery, StreamsQuery } from "../../log.ts";
import { ANSWERS, COMPONENTS } from "../components.ts";
import type { Operation } from "../operation.ts";
import { CLOUD_EVENTS_TYPE, CLOUD_EVENT_TYPE, FILTERS, JSON_TYPE, LINES, LINES_TYPE, SERVER_SENT_EVENTS, textOf, json } from "./shared.ts";

const IMPORT_LINES = textOf(
  `One event per line, as JSON with the members ${Object.keys(ImportLine.shape)
    .map((name) => `\`${name}\``)
    .join(
      ", ",
    )}; the first three are required. Or a definition, as \`GET /log?definitions=true\` exports it: \`{"definition": {"kind", "name", "definition"}}\`.`,
);

export const log: readonly Operation[] = [
  {
    method: "get",
    path: "/log",
    operationId: "readLog",
    summary: "Read the log, or follow it",
    description:
      "`Accept` selects the form: a page of JSON; NDJSON, one event per line, up to the head; or `text/event-stream`, history and then live events. " +
      `NDJSON with \`limit\` (at most ${EXPORT_EVENTS}) ends after that many events with a line \`{"hasMore", "next", "head"}\`: continue with \`after={next}\`. ` +
      "`Prefer: wait=N` lets a page that would be empty wait for its first event. " +
      "`Upgrade: websocket` opens the same live subscription over a WebSocket.",
    tag: "Log",
    headers: ["Prefer", "Last-Event-ID"],
    query: LogQuery.extend({
      after: FeedQuery.shape.after.unwrap().optional(),
      acknowledge: FeedQuery.shape.acknowledge.unwrap().optional(),
      definitions: ExportQuery.shape.definitions.unwrap().optional(),
    }),
    notes: {
      after: { description: "The position after which to read, in the reading direction. `head`, for subscriptions: only new events." },
      to: { description: "The last position to read." },
      acknowledge: {
        description: "For a WebSocket: the client sends checkpoints, and the service sends at most one window of events ahead of them.",
      },
      limit: {
        description: `Events in a page: at most ${PAGE_EVENTS}, by default ${PAGE_EVENTS_DEFAULT}. In a piece of NDJSON: by default all.`,
        minimum: 1,
        maximum: EXPORT_EVENTS,
      },
      definitions: {
        description:
          "For NDJSON: also the definitions of categories, before the events, and of views and processors, after them, a line each. `POST /import` takes such lines.",
      },
      correlationId: { description: "Events of this correlation: those that one request led to. Not for subscriptions." },
      since: { description: "From the first event that the log took at this time or later. Not for subscriptions." },
      ...FILTERS,
    },
    answers: {
      101: { description: "A WebSocket with one event per message." },
      200: {
        description: "Events, in order.",
        headers: ["Link", "Headspring-Position"],
        content: {
          [JSON_TYPE]: ANSWERS.logPage,
          [LINES_TYPE]: LINES,
          [CLOUD_EVENTS_TYPE]: z.array(COMPONENTS.CloudEvent),
          [CLOUD_EVENT_TYPE]: COMPONENTS.CloudEvent,
          "text/event-stream": SERVER_SENT_EVENTS,
        },
      },
    },
    problems: ["position-beyond-head", "not-acceptable"],
  },
  {
    method: "get",
    path: "/log/head",
    operationId: "getHead",
    summary: "The last position of the log",
    tag: "Log",
    answers: { 200: json("The position. 0: the log has no event yet.", ANSWERS.head) },
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
    answers: { 200: json("A page of streams.", ANSWERS.streams, ["Link"]) },
  },
  {
    method: "post",
    path: "/log/roll-over",
    operationId: "rollLogOver",
    summary: "Go on in a new segment of the log",
    description:
      "A log does this by itself when its object is full. By hand it is of use after an upgrade: a segment that version 0.1 began keeps its form, " +
      "and the next one is stored in pages, which cost half. Nothing that a reader sees changes. If the last segment is empty, nothing happens.",
    tag: "Log",
    answers: { 200: json("The log goes on in its last segment.", ANSWERS.rolledOver) },
  },
  {
    method: "get",
    path: "/log/events/{id}",
    operationId: "findEvent",
    summary: "Find an event by its id",
    description: "The service searches the log from its end, in bounded steps: use it for support work, not in hot paths.",
    tag: "Log",
    query: SearchQuery,
    notes: { after: { description: "The position before which to search: `next` of the previous page." } },
    answers: {
      200: {
        description: "The events with this id: usually one, or none yet. `next` continues the search.",
        headers: ["Link"],
        content: {
          [JSON_TYPE]: ANSWERS.found,
          [CLOUD_EVENTS_TYPE]: z.array(COMPONENTS.CloudEvent),
          [CLOUD_EVENT_TYPE]: COMPONENTS.CloudEvent,
        },
      },
    },
    problems: ["not-acceptable"],
  },
  {
    method: "post",
    path: "/import",
    operationId: "importEvents",
    summary: "Import the events of another store",
    description:
      "NDJSON, as `GET /log` exports it, stored byte for byte. Events that are already stored are skipped, so you can repeat an import. " +
      "Lines without an `id` need an `Idempotency-Key`.",
    tag: "Log",
    headers: ["Idempotency-Key"],
    query: ImportQuery,
    notes: {
      validate: { description: "Refuse lines whose data does not fit the schema of the event type, or would be changed by it." },
      after: {
        description: "Skip this many lines: `next` of an import that was too large for one request. Not allowed with an `Idempotency-Key`.",
      },
    },
    body: { [LINES_TYPE]: IMPORT_LINES },
    answers: { 200: json("All lines were imported.", ANSWERS.imported) },
    problems: ["invalid-event", "unknown-category", "category-retired", "idempotency-conflict", "stream-deleted"],
  },
];
