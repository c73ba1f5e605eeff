/** Facts in, events out. */

import * as z from "zod";
import { DefinitionIn } from "../../../definitions/over-http/category.ts";
import { APPEND_EVENTS, PAGE_EVENTS } from "../../../core/limits.ts";
import { EventIn, EventsIn, JsonObject } from "../../append.ts";
import { DeclareCategoryQuery } from "../../category-fit.ts";
import { FIT_EVENTS } from "../../limits.ts";
import { PageQuery } from "../../stream-reads.ts";
import { DeleteQuery } from "../../streams.ts";
import { ANSWERS, COMPONENTS } from "../components.ts";
import type { Operation } from "../operation.ts";
import {
  CLOUD_EVENTS_TYPE,
  DRY_RUN,
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
    answers: { 200: json("The categories that code declares, and those declared at run time.", ANSWERS.categories) },
  },
  {
    method: "get",
    path: "/streams/{category}",
    operationId: "getCategory",
    summary: "The definition of a category",
    description: "`events` has the schemas that new events must fit; `versions` has all schemas that events were written with.",
    tag: "Streams",
    answers: { 200: json("The definition of the category.", COMPONENTS.CategoryDefinition) },
    problems: ["unknown-category", "category-retired"],
  },
  {
    method: "put",
    path: "/streams/{category}",
    operationId: "declareCategory",
    summary: "Declare a plain category, or change it compatibly",
    description:
      "`schema` is for facts of one kind, whose event type is `{Category}Recorded`; `events` has schemas by event type. Without either, the category accepts any JSON object as a fact, and appended events of any type.",
    tag: "Streams",
    query: DeclareCategoryQuery,
    notes: {
      ...DRY_RUN,
      last: { description: "How many of the category's latest events a dry run checks.", minimum: 1, maximum: FIT_EVENTS },
    },
    body: { [JSON_TYPE]: DefinitionIn },
    answers: {
      200: json("The category existed; the answer is its new definition. After a dry run: what it would be.", ANSWERS.declaredCategory, [
        "Location",
      ]),
      201: json("The category is created.", COMPONENTS.CategoryDefinition, ["Location"]),
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
    description: "This is final: its streams can no longer be read or written, and its name cannot be reused.",
    tag: "Streams",
    answers: { 204: { description: "The category is retired." } },
    problems: ["declared-in-code", "category-was-in-code", "unknown-category"],
  },
  {
    method: "post",
    path: "/streams/{category}",
    operationId: "appendFact",
    summary: "Send one fact to a category",
    description:
      "The property that the category's `key` names determines the stream; without a `key`, each fact gets a new stream. A category that was declared with `schema`, or with neither `schema` nor `events`, expects only the data; any other expects an event. " +
      "A CloudEvent may also be sent in binary mode: its attributes in `ce-` headers, its data as the body.",
    tag: "Streams",
    headers: WRITE_HEADERS,
    body: { [JSON_TYPE]: z.union([JsonObject, EventIn]), [CLOUD_EVENT_TYPE]: COMPONENTS.CloudEvent },
    answers: { 201: json("The fact is stored.", COMPONENTS.Written, ["ETag", "Location", "Idempotent-Replayed"]) },
    problems: REFUSED_FACTS,
  },
  {
    method: "post",
    path: "/streams/{category}/{id}",
    operationId: "appendEvents",
    summary: "Append events to a stream",
    description: "One event or many: all of them are stored, or none.",
    tag: "Streams",
    headers: WRITE_HEADERS,
    body: {
      [JSON_TYPE]: z.union([EventIn, EventsIn]),
      [CLOUD_EVENT_TYPE]: COMPONENTS.CloudEvent,
      [CLOUD_EVENTS_TYPE]: z.array(COMPONENTS.CloudEvent).min(1).max(APPEND_EVENTS),
    },
    answers: { 201: json("The events are stored.", COMPONENTS.Written, ["ETag", "Idempotent-Replayed"]) },
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
      positions: { description: "Include each event's position in the log." },
    },
    answers: {
      200: {
        description: "A page of events. As NDJSON: all events, one per line.",
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
    answers: { 200: { description: "`ETag` has the version.", headers: ["ETag"] }, 304: NOT_MODIFIED },
    problems: REFUSED_READS,
  },
  {
    method: "delete",
    path: "/streams/{category}/{id}",
    operationId: "deleteStream",
    summary: "End a stream",
    description: "The stream gets a last event, `$deleted`. After that it can no longer be read or written.",
    tag: "Streams",
    headers: ["If-Match", "If-None-Match", "Prefer"],
    query: DeleteQuery,
    notes: {
      erase: { description: "Also erase the content of its events everywhere." },
      force: { description: "Delete even a saga that has not ended; none of its steps is undone." },
    },
    answers: { 200: json("The stream has ended.", COMPONENTS.Written, ["ETag"]) },
    problems: ["unknown-stream", "stream-deleted", "saga-in-progress", "version-conflict"],
  },
];
