/** Data out. */

import { VIEW_PAGE_ROWS } from "../../../limits.ts";
import { JsonObject } from "../../append.ts";
import { Paging } from "../../views.ts";
import { ANSWERS, COMPONENTS } from "../components.ts";
import type { Operation } from "../operation.ts";
import { json } from "./shared.ts";

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
