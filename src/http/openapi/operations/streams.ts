/** Facts in, events out. */

import { z } from "zod";
import { DefinitionIn } from "../../../catalog/definition.ts";
import { APPEND_EVENTS, PAGE_EVENTS } from "../../../core/limits.ts";
import { EventIn, EventsIn, JsonObject } from "../../append.ts";
import { DeleteQuery, PageQuery } from "../../streams.ts";
import { ANSWERS, COMPONENTS } from "../components.ts";
import type { Operation } from "../operation.ts";
import {
  CLOUD_EVENTS_TYPE,
  CLOUD_EVENT_TYPE,
  FILTERS,
  JSON_TYPE,
  LINES,
  LINES_TYPE,
  NOT_MODIFIED,
  REFUSED_FACTS,
  REFUSED_READS,
  WRITE_HEADERS,
  json,
} from "./shared.ts";

export const streams: readonly Operation[] = [
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
    description: "`events` are in force for new events; `versions` are all that events were written with.",
    tag: "Streams",
    answers: { 200: json("Its definition.", COMPONENTS.CategoryDefinition) },
    problems: ["unknown-category", "category-retired"],
  },
  {
    method: "put",
    path: "/streams/{category}",
    operationId: "declareCategory",
    summary: "Declare a plain category, or change it compatibly",
    description:
      "`schema` is that of facts of one kind, of the event type `{Category}Recorded`; `events` has schemas by event type. Without either any JSON object is a fact, and appends may be of any type.",
    tag: "Streams",
    body: { [JSON_TYPE]: DefinitionIn },
    answers: {
      200: json("It existed; this is how it is now.", COMPONENTS.CategoryDefinition, ["Location"]),
      201: json("It is new.", COMPONENTS.CategoryDefinition, ["Location"]),
    },
    problems: [
      "declared-in-code",
      "category-was-in-code",
      "incompatible-schema",
      "too-many-categories",
      "too-many-versions",
      "category-retired",
    ],
  },
  {
    method: "delete",
    path: "/streams/{category}",
    operationId: "retireCategory",
    summary: "Retire a category",
    description: "For good: its streams are neither read nor written any more, and its name is not given out again.",
    tag: "Streams",
    answers: { 204: { description: "It is retired." } },
    problems: ["declared-in-code", "category-was-in-code", "unknown-category"],
  },
  {
    method: "post",
    path: "/streams/{category}",
    operationId: "appendFact",
    summary: "Send one fact to a category",
    description:
      "Its stream is what the category's `key` says, else a new one. A category that was declared with `schema`, or with neither `schema` nor `events`, takes the data alone; any other an event. " +
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
          [LINES_TYPE]: LINES,
          [CLOUD_EVENTS_TYPE]: z.array(COMPONENTS.CloudEvent),
          [CLOUD_EVENT_TYPE]: COMPONENTS.CloudEvent,
        },
      },
      304: NOT_MODIFIED,
    },
    problems: [...REFUSED_READS, "not-acceptable"],
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
    notes: {
      erase: { description: "Also remove what its events say, everywhere." },
      force: { description: "Also a saga that has not reached its end; nothing of it is undone." },
    },
    answers: { 200: json("It has ended.", COMPONENTS.Written, ["ETag"]) },
    problems: ["unknown-stream", "stream-deleted", "saga-in-progress", "version-conflict"],
  },
];
