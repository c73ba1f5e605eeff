/** Data out. */

import type * as z from "zod";
import { PAGE_EVENTS } from "../../../core/limits.ts";
import { VIEW_PAGE_ROWS } from "../../limits.ts";
import { JsonObject } from "../../append.ts";
import { ViewDefinitionIn } from "../../../definitions/over-http/view.ts";
import { LiveQuery } from "../../view-live.ts";
import { ViewPreviewIn } from "../../view-preview.ts";
import { Consistency, Paging } from "../../view-query.ts";
import { RowEventsQuery } from "../../view-row-events.ts";
import { ViewsQuery } from "../../views.ts";
import { ANSWERS, COMPONENTS } from "../components.ts";
import type { Answer, Operation } from "../operation.ts";
import type { JsonSchema } from "../schema.ts";
import { DRY_RUN, JSON_TYPE, SERVER_SENT_EVENTS, json } from "./shared.ts";
import { DryRunQuery } from "../../request.ts";

/** What all queries of a view take and answer with, whatever its rows. */
export const VIEW_PAGE = {
  headers: ["Prefer", "Last-Event-ID"],
  query: Paging.extend(LiveQuery.shape),
  notes: {
    sort: {
      description:
        "Columns to sort by, the first one first; `-` before a column: descending. Rows without a value come first. The default is the key.",
    },
    limit: { description: "Rows in a page.", minimum: 1, maximum: VIEW_PAGE_ROWS },
    cursor: { description: "Where the page begins: `next` of the previous page, with the same sort." },
    after: {
      type: "string",
      description: "For `text/event-stream`: the value of `Headspring-Live` that came with your rows, or a position.",
    },
    minPosition: { description: "Wait until the view has all events up to this position of the log (`Prefer: wait=N`, else 5 s)." },
    consistency: { description: "`strong`: wait until the view has all events that the log has now." },
  },
  problems: ["not-live", "position-beyond-head", "view-behind", "view-rebuilding"],
} as const satisfies Partial<Operation>;

export const VIEW_ROW = {
  headers: ["Prefer"],
  query: Consistency,
  notes: VIEW_PAGE.notes,
  problems: ["unknown-row", "view-behind"],
} as const satisfies Partial<Operation>;

export const VIEW_QUERY = {
  ...VIEW_ROW,
  problems: ["query-failed", "view-behind", "view-rebuilding"],
} as const satisfies Partial<Operation>;

/** A page, or the rows that change from there on. */
export function pageOr(schema: z.ZodType | JsonSchema): Answer {
  return {
    description: "A page of rows. As `text/event-stream`: the rows that change, in the events `row`, `removed`, `reset` and `behind`.",
    headers: ["Link", "Headspring-Position", "Headspring-Live", "Headspring-Stale"],
    content: { [JSON_TYPE]: schema, "text/event-stream": SERVER_SENT_EVENTS },
  };
}

export const views: readonly Operation[] = [
  {
    method: "get",
    path: "/views",
    operationId: "listViews",
    summary: "All views",
    description:
      "Those that code declares, and those declared over HTTP with their definitions. A view with `exposed: false` is listed only for administrators.",
    tag: "Views",
    query: ViewsQuery,
    notes: { name: { description: "The name of a view. Repeated: any of these views." } },
    answers: { 200: json("The views, with the schemas of their rows.", ANSWERS.views) },
  },
  {
    method: "put",
    path: "/views/{view}",
    operationId: "declareView",
    summary: "Declare a view, or change it",
    description:
      "The store builds a changed view in a new table, while the present one goes on answering. Declaring the same again changes nothing.",
    tag: "Views",
    query: DryRunQuery,
    notes: DRY_RUN,
    body: { [JSON_TYPE]: ViewDefinitionIn },
    answers: {
      200: json("The view existed; the answer has its new definition. After a dry run: what it would be.", ANSWERS.declaredView, [
        "Location",
      ]),
      201: json("The view is declared.", COMPONENTS.View, ["Location"]),
    },
    problems: ["unknown-category", "category-retired", "view-in-code", "name-in-use", "too-many-definitions"],
  },
  {
    method: "delete",
    path: "/views/{view}",
    operationId: "deleteView",
    summary: "Delete a view that was declared over HTTP",
    tag: "Views",
    answers: { 204: { description: "No route answers for the view any more. Its rows are removed a while later." } },
    problems: ["unknown-view", "view-in-code", "view-in-use"],
  },
  {
    ...VIEW_PAGE,
    method: "get",
    path: "/views/{view}",
    operationId: "queryView",
    summary: "Query a view, or follow it",
    description:
      "Every column is a parameter: `{column}={value}`, and `{column}.gte`, `.gt`, `.lte`, `.lt`, `.ne`, `.in`, `.is`. " +
      "Each view of this app is also listed on its own, with its columns. With `Accept: text/event-stream`: the rows that change.",
    tag: "Views",
    answers: { 200: pageOr(ANSWERS.rows) },
    problems: ["unknown-view", ...VIEW_PAGE.problems],
  },
  {
    ...VIEW_ROW,
    method: "get",
    path: "/views/{view}/{key}",
    operationId: "getRow",
    summary: "One row of a view",
    tag: "Views",
    answers: { 200: json("The row.", JsonObject, ["Headspring-Position", "Headspring-Stale"]) },
    problems: ["unknown-view", ...VIEW_ROW.problems],
  },
  {
    method: "get",
    path: "/views/{view}/{key}/events",
    operationId: "getRowEvents",
    summary: "The events behind a row",
    description:
      "The events that changed the row with this key, the latest first, whether or not it still exists. The view's own functions find them; " +
      "an answer may have none and still have a `next`, because one request examines a limited part of the log. " +
      "A narrowed token gets the events of its categories.",
    tag: "Views",
    headers: ["Prefer"],
    query: RowEventsQuery,
    notes: {
      ...VIEW_PAGE.notes,
      limit: { description: "Events in a page.", minimum: 1, maximum: PAGE_EVENTS },
      after: { description: "Only events before this position: `scannedTo` of the previous page." },
    },
    answers: { 200: json("Events.", ANSWERS.rowEvents, ["Link", "Headspring-Position", "Headspring-Stale"]) },
    problems: ["unknown-view", "row-events-unknown", "view-behind"],
  },
  {
    ...VIEW_QUERY,
    method: "get",
    path: "/views/{view}/queries/{query}",
    operationId: "runQuery",
    summary: "Run a named query of a view",
    description: "The parameters of the named query are query parameters. Each named query of this app is also listed on its own.",
    tag: "Views",
    answers: { 200: json("The rows that the query found.", ANSWERS.queryRows, ["Headspring-Position", "Headspring-Stale"]) },
    problems: ["unknown-view", "unknown-query", ...VIEW_QUERY.problems],
  },
  {
    method: "post",
    path: "/views/preview",
    operationId: "previewView",
    summary: "Show the rows that a definition would make",
    description: "It folds the events in the body, or the latest of the log. Nothing is stored.",
    tag: "Views",
    body: { [JSON_TYPE]: ViewPreviewIn.extend({ definition: ViewDefinitionIn }) },
    answers: { 200: json("The rows, and what each event did.", ANSWERS.viewPreview) },
    problems: ["unknown-category", "category-retired", "position-beyond-head"],
  },
  {
    method: "post",
    path: "/views/{view}/rebuild",
    operationId: "rebuildView",
    summary: "Rebuild a view",
    description: "The store builds a new table from all events. The present table goes on answering until the new one takes over.",
    tag: "Views",
    query: DryRunQuery,
    notes: { dryRun: { description: "`true`: only count the events that it would be built from." } },
    answers: {
      200: json("With `dryRun=true`: how many events it would be built from. Nothing has begun.", ANSWERS.runCount),
      202: json("The rebuild has begun.", COMPONENTS.Consumer, ["Location"]),
    },
    problems: ["unknown-view"],
  },
];
