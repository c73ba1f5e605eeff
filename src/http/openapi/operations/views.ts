/** Data out. */

import type { z } from "zod";
import { VIEW_PAGE_ROWS } from "../../../core/limits.ts";
import { JsonObject } from "../../append.ts";
import { LiveQuery } from "../../view-live.ts";
import { Consistency, Paging } from "../../view-query.ts";
import { ANSWERS, COMPONENTS } from "../components.ts";
import type { Answer, Operation } from "../operation.ts";
import type { JsonSchema } from "../schema.ts";
import { JSON_TYPE, SERVER_SENT_EVENTS, json } from "./shared.ts";

/** What all queries of a view take and answer with, whatever its rows. */
export const VIEW_PAGE = {
  headers: ["Prefer", "Last-Event-ID"],
  query: Paging.extend(LiveQuery.shape),
  notes: {
    sort: {
      description:
        "Columns, in the order of their weight; `-` before one: descending. Rows without a value come first. Without it: the key.",
    },
    limit: { description: "Rows in a page.", minimum: 1, maximum: VIEW_PAGE_ROWS },
    cursor: { description: "Where the page begins: `next` of the one before, of the same sort." },
    after: {
      type: "string",
      description: "Of `text/event-stream`: where the rows are from that you have, as `Headspring-Live` said, or a position.",
    },
    minPosition: { description: "Wait until the view has all events up to this position of the log (`Prefer: wait=N`, else 5 s)." },
    consistency: { description: "`strong`: wait for all events that the log has now." },
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
    description: "A page of rows; or, as `text/event-stream`, the rows that change, in events `row`, `removed`, `reset` and `behind`.",
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
    tag: "Views",
    answers: { 200: json("Their names and the schemas of their rows.", ANSWERS.views) },
  },
  {
    ...VIEW_PAGE,
    method: "get",
    path: "/views/{view}",
    operationId: "queryView",
    summary: "Query a view, or follow it",
    description:
      "Every column is a parameter too: `{column}={value}`, and `{column}.gte`, `.gt`, `.lte`, `.lt`, `.ne`, `.in`, `.is`. " +
      "The views of this app are listed one by one, with their columns. With `Accept: text/event-stream`: the rows that change.",
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
    ...VIEW_QUERY,
    method: "get",
    path: "/views/{view}/queries/{query}",
    operationId: "runQuery",
    summary: "Ask a view what its code declares by name",
    description: "The query's own parameters are parameters too. The queries of this app are listed one by one.",
    tag: "Views",
    answers: { 200: json("What it found.", ANSWERS.queryRows, ["Headspring-Position", "Headspring-Stale"]) },
    problems: ["unknown-view", "unknown-query", ...VIEW_QUERY.problems],
  },
  {
    method: "post",
    path: "/views/{view}/rebuild",
    operationId: "rebuildView",
    summary: "Build a view anew",
    description: "From all events, beside the table that answers, which goes on meanwhile. Then the new one takes over.",
    tag: "Views",
    answers: { 202: json("It is being built.", COMPONENTS.Consumer, ["Location"]) },
    problems: ["unknown-view"],
  },
];
