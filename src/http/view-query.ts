/** What a query string requests from a view: conditions on columns, order, page, and at which position. */

import * as z from "zod";
import { VIEW_CONDITIONS, VIEW_CURSOR, VIEW_PAGE_ROWS, VIEW_PAGE_ROWS_DEFAULT, VIEW_SORT_COLUMNS } from "./limits.ts";
import { decodeCursor, encodeCursor, type Cursor } from "../views/query-cursor.ts";
import { type Condition, type SortColumn, completeSort } from "../views/query-sql.ts";
import type { Column, ColumnKind } from "../rows/layout.ts";
import { tableOf } from "../rows/table.ts";
import { QUERY_PARAMETERS, type View } from "../definitions/views/view.ts";
import { Problem } from "./problem.ts";
import { type HttpContext, WholeNumber, checked, limitOf, parametersOf, saidOften } from "./request.ts";

/** At which position rows are read. */
export const Consistency = z.object({
  minPosition: WholeNumber.optional(),
  consistency: z.enum(["eventual", "strong"]).default("eventual"),
});

/** Parameters of a page that are not columns. */
export const Paging = z.object({
  sort: z.string().optional(),
  limit: limitOf(VIEW_PAGE_ROWS, VIEW_PAGE_ROWS_DEFAULT),
  cursor: z.string().optional(),
  ...Consistency.shape,
});

/** The operators that may follow a column's name and a dot. */
export const OPERATORS = ["gte", "gt", "lte", "lt", "ne", "in", "is"] as const;
type Operator = (typeof OPERATORS)[number];

/** The operators of each kind of column, besides `=`. Lists and objects have no order, and values that nobody could type exactly. */
export const OPERATORS_OF: Record<ColumnKind, readonly Operator[]> = {
  text: OPERATORS,
  integer: OPERATORS,
  real: OPERATORS,
  boolean: ["ne", "in", "is"],
  json: ["is"],
};

/** The query's parameters by a schema, and its conditions on columns. */
export function viewQueryOf<Schema extends z.ZodObject>(context: HttpContext, view: View, schema: Schema) {
  const columns = tableOf(view).columns;
  const known = Object.keys(schema.shape);
  const parameters: Record<string, string> = {};
  const conditions: Condition[] = [];
  for (const [name, values] of parametersOf(context)) {
    if (!known.includes(name)) conditions.push(conditionOf(view, columns, known, name, values));
    else if (values.length > 1) throw saidOften(name, values);
    else parameters[name] = values[0] ?? "";
  }
  if (conditions.length > VIEW_CONDITIONS)
    throw new Problem("invalid-request", `a query has at most ${VIEW_CONDITIONS} conditions, not ${conditions.length}`);
  return { parameters: checked(schema, parameters, "a query parameter is not valid"), conditions };
}

function conditionOf(view: View, columns: readonly Column[], known: readonly string[], name: string, values: string[]): Condition {
  const dot = name.indexOf(".");
  const column = columns.find((one) => one.name === (dot < 0 ? name : name.slice(0, dot)));
  if (!column) {
    const names = columns.map((one) => one.name);
    const what = QUERY_PARAMETERS.has(name) ? `${view.name} takes no ${name} here` : `${view.name} has no column ${name}`;
    throw new Problem("invalid-request", `${what}; its columns are ${names.join(", ")}, and other parameters ${known.join(", ")}`, {
      allowed: [...names, ...known],
    });
  }
  const allowed = OPERATORS_OF[column.kind];
  const operator = allowed.find((one) => one === name.slice(dot + 1));
  if (dot < 0) {
    if (column.kind === "json")
      throw new Problem("invalid-request", `${name} holds lists or objects: it takes ${name}.is only`, { allowed: [`${name}.is`] });
    return { column, test: "any-of", values: values.map((text) => valueOf(column, text)) };
  }
  if (!operator) {
    const names = [...(column.kind === "json" ? [] : [column.name]), ...allowed.map((one) => `${column.name}.${one}`)];
    throw new Problem("invalid-request", `a ${KIND[column.kind]} cannot be asked by ${name}; it takes ${names.join(", ")}`, {
      allowed: names,
    });
  }
  const [text = "", ...others] = values;
  if (operator === "ne") return { column, test: "none-of", values: values.map((one) => valueOf(column, one)) };
  if (operator === "in")
    return { column, test: "any-of", values: values.flatMap((list) => list.split(",")).map((one) => valueOf(column, one)) };
  if (others.length > 0) throw saidOften(name, values);
  if (operator !== "is") return { column, test: operator, value: valueOf(column, text) };
  if (text !== "null" && text !== "not-null") throw new Problem("invalid-request", `${name} is null or not-null, not ${text}`);
  return { column, test: text };
}

const KIND: Record<ColumnKind, string> = {
  text: "text",
  integer: "number",
  real: "number",
  boolean: "boolean",
  json: "column of lists or objects",
};

/** A number as JSON writes it. JavaScript would accept more: `0x10`, `+5`, ` 5` and an empty string. */
export const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
export const INTEGER = /^-?(?:0|[1-9]\d*)$/;

/** A value in the column's stored form. */
function valueOf({ name, kind }: Column, text: string): string | number {
  if (kind === "text") return text;
  if (kind === "boolean") {
    if (text === "true" || text === "false") return text === "true" ? 1 : 0;
    throw new Problem("invalid-request", `${name} is true or false, not ${text}`);
  }
  const number = Number(text);
  if (!NUMBER.test(text) || !Number.isFinite(number)) throw new Problem("invalid-request", `${name} is a number, not ${text}`);
  return number;
}

/** The order of `sort=-a,b`. */
export function sortOf(view: View, text: string | undefined): readonly SortColumn[] {
  const sortable = tableOf(view).columns.filter(({ kind }) => kind !== "json");
  const sort = (text === undefined ? [] : text.split(",")).map((part) => {
    const descending = part.startsWith("-");
    const name = descending ? part.slice(1) : part;
    const column = sortable.find((one) => one.name === name);
    if (!column) {
      const allowed = sortable.map((one) => one.name);
      throw new Problem(
        "invalid-request",
        `${view.name} cannot be sorted by ${name || "nothing"}; it can be sorted by ${allowed.join(", ")}`,
        {
          allowed,
        },
      );
    }
    return { name, kind: column.kind, descending };
  });
  if (sort.length > VIEW_SORT_COLUMNS) throw new Problem("invalid-request", `a query is sorted by at most ${VIEW_SORT_COLUMNS} columns`);
  const twice = sort.find(({ name }, index) => sort.findIndex((one) => one.name === name) < index);
  if (twice) throw new Problem("invalid-request", `sort names ${twice.name} twice`);
  return completeSort(view.key, sort);
}

export function cursorOf(sort: readonly SortColumn[], text: string): Cursor {
  const cursor = decodeCursor(sort, text);
  if (cursor === "not-a-cursor") throw new Problem("invalid-request", "cursor is not the `next` of a page");
  if (cursor === "of-another-sort")
    throw new Problem("invalid-request", "cursor belongs to another sort; use it with the `sort` of the query that returned it");
  return cursor;
}

/** The cursor as a string. */
export function cursorText(sort: readonly SortColumn[], cursor: Cursor): string {
  const text = encodeCursor(sort, cursor);
  if (text.length > VIEW_CURSOR) {
    throw new Problem(
      "invalid-request",
      `the page ends with a row whose values are too long for a cursor (${VIEW_CURSOR} characters): sort by something shorter, or choose another limit`,
    );
  }
  return text;
}
