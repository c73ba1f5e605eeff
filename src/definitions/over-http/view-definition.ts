/** A view that is declared over HTTP: its definition, and what is wrong with its form. Pure. */

import * as z from "zod";
import { isObject } from "../../schemas/json-schema.ts";
import { EVENT_TYPE, NAME } from "../../core/names.ts";
import { ISSUES } from "../../core/limits.ts";
import type { Issue } from "../../core/issue.ts";
import type { JsonValue } from "../../core/event.ts";
import { CATEGORY_EVENT_TYPES, DECLARED_VIEW_COLUMNS, DECLARED_VIEW_INDEXES, DECLARED_VIEW_SOURCES } from "../limits.ts";
import { COLUMN_NAME, QUERY_PARAMETERS } from "../views/view.ts";
import { COLUMN_TYPES, type ColumnType, fitsColumn, isNullable, kindOfColumn } from "./view-columns.ts";

/** The column that identifies a row. */
export const KEY = "id";

/** A column: either folded, from `init` on, or the latest value. */
export interface ColumnDefinition {
  readonly type: ColumnType;
  /** The column of a new row, before its first event. */
  readonly init?: JsonValue;
  /** An expression: the next value of the column, from `acc`, the value so far. */
  readonly fold?: string;
  /** An expression: the value as of the latest event. */
  readonly value?: string;
}

/** A view's definition as it is kept. All expressions are in the language of `expressions/`. */
export interface ViewDefinition {
  readonly description?: string;
  /** The categories whose events it folds. */
  readonly from: string | readonly string[];
  /** Only events of these types; absent: all. */
  readonly types?: readonly string[];
  /** Events for which it is false leave the rows as they are. */
  readonly where?: string;
  /** The row that an event changes; absent: the one of its stream. */
  readonly key?: string;
  /** Absent: a row is the latest data, as it is. */
  readonly columns?: Readonly<Record<string, ColumnDefinition>>;
  readonly indexes?: readonly string[];
  /** Events for which it is true remove the row, whether or not `where` holds. */
  readonly remove?: string;
  /** False: no route shows its rows; processors may join them. */
  readonly exposed?: boolean;
}

const ExpressionIn = z.string().min(1).describe("An expression: docs/expressions.md.");

const ColumnIn = z.strictObject({
  type: z.enum(COLUMN_TYPES),
  // Not `z.json()`: its schema refers to itself, and generators of clients stumble over that.
  init: z.custom<JsonValue>().optional().describe("The column of a new row, before its first event; `fold` needs it."),
  fold: ExpressionIn.optional().describe("The next value of the column, from `acc`, the value so far."),
  value: ExpressionIn.optional().describe("The value as of the latest event, instead of `init` and `fold`."),
});

/** A definition, as clients send it. Its expressions are checked elsewhere. */
export const ViewDefinitionIn = z.strictObject({
  description: z.string().max(1_024).optional(),
  from: z
    .union([z.string(), z.array(z.string()).min(1).max(DECLARED_VIEW_SOURCES)])
    .describe("A category, or several, of code or of HTTP."),
  types: z.array(z.string()).min(1).max(CATEGORY_EVENT_TYPES).optional().describe("Only events of these types; without it, all."),
  where: ExpressionIn.optional().describe("Events for which it is false leave the rows as they are."),
  key: ExpressionIn.optional().describe("The row that an event changes: a string or a number. Without it, the stream's id."),
  columns: z
    .record(z.string(), ColumnIn)
    .optional()
    .describe("Without it, a row is the latest data as it is, and the members that the categories' schemas name can be queried."),
  indexes: z.array(z.string()).max(DECLARED_VIEW_INDEXES).optional(),
  remove: ExpressionIn.optional().describe("Events for which it is true remove the row, whether or not `where` holds."),
  exposed: z.boolean().optional().describe("False: no route shows the rows; processors may join them."),
});

/** The definition that a request's body declares, or what is wrong with its form. Names and expressions: `checkView`. */
export function parseView(_name: string, body: unknown): ViewDefinition | { readonly issues: readonly Issue[] } {
  const parsed = ViewDefinitionIn.safeParse(body);
  // zod drops a member with this name, which would be another definition.
  const names = isObject(body) && isObject(body.columns) ? Object.keys(body.columns) : [];
  const issues = [
    ...(parsed.error?.issues ?? []).map(({ path, message }) => ({ path: path.join("."), message })),
    ...nameIssues(names),
    ...(parsed.success ? formIssues(parsed.data) : []),
  ];
  return issues.length > 0 ? { issues: issues.slice(0, ISSUES) } : (parsed.data as ViewDefinition); // without issues it is one
}

/** The names that a definition contains, to be looked up before it is checked or compiled. */
export function namesIn({ from }: ViewDefinition): { readonly categories: readonly string[] } {
  return { categories: [...new Set([from].flat())] };
}

/** What is wrong with the columns' names. */
function nameIssues(names: readonly string[]): Issue[] {
  if (names.length > DECLARED_VIEW_COLUMNS)
    return [{ path: "columns", message: `at most ${DECLARED_VIEW_COLUMNS} columns, not ${names.length}` }];
  return names.flatMap((name) => {
    const why = whyNotColumn(name, names);
    return why === undefined ? [] : [{ path: `columns.${name}`, message: why }];
  });
}

/** Why a column cannot have this name; undefined: it can. */
export function whyNotColumn(name: string, names: readonly string[]): string | undefined {
  if (name.toLowerCase() === KEY) return `\`${KEY}\` is the row's key, which every view has: give the column another name`;
  if (!COLUMN_NAME.test(name)) return `the name of a column must match ${COLUMN_NAME.source}`;
  if (QUERY_PARAMETERS.has(name)) return `queries use the name \`${name}\` (${[...QUERY_PARAMETERS].join(", ")})`;
  const twin = names.find((other) => other !== name && other.toLowerCase() === name.toLowerCase());
  return twin === undefined ? undefined : `\`${name}\` and \`${twin}\` differ only in case, which the database ignores`;
}

function formIssues({ from, types = [], columns, indexes = [] }: ViewDefinition): Issue[] {
  const isList = typeof from !== "string";
  const categories = [from].flat();
  const at = (path: string, index: number) => (isList || path !== "from" ? `${path}.${index}` : path);
  return [
    ...categories.flatMap((name, index) => (NAME.test(name) ? [] : [{ path: at("from", index), message: "not the name of a category" }])),
    ...twice("from", categories),
    ...types.flatMap((type, index) =>
      EVENT_TYPE.test(type) && !type.startsWith("$")
        ? []
        : [{ path: at("types", index), message: `an event type must match ${EVENT_TYPE.source}, which does not begin with $` }],
    ),
    ...twice("types", types),
    ...(columns ? columnIssues(columns) : []),
    ...twice("indexes", indexes),
    ...indexes.flatMap((name, index) => indexIssue(name, columns).map((message) => ({ path: at("indexes", index), message }))),
  ];
}

function twice(path: string, names: readonly string[]): Issue[] {
  const again = names.find((name, index) => names.indexOf(name) < index);
  return again === undefined ? [] : [{ path, message: `\`${again}\` is named twice` }];
}

function columnIssues(columns: Readonly<Record<string, ColumnDefinition>>): Issue[] {
  const all = Object.entries(columns);
  if (all.length === 0) return [{ path: "columns", message: "name at least one column, or leave `columns` out for the data as it is" }];
  return all.flatMap(([name, column]) => columnIssue(column).map(([path, message]) => ({ path: `columns.${name}${path}`, message })));
}

function columnIssue(column: ColumnDefinition): (readonly [path: string, message: string])[] {
  const { type, init, fold, value } = column;
  if (fold === undefined && value === undefined) return [["", "a column needs `init` and `fold`, or `value`"]];
  if (fold !== undefined && value !== undefined) return [["", "a column has either `init` and `fold`, or `value`"]];
  if (value !== undefined) return init === undefined ? [] : [[".init", "`value` needs no `init`: each event of a row replaces the column"]];
  if (init === undefined) return [[".init", "`fold` needs `init`: what `acc` is at the first event of a row"]];
  if (fitsColumn(type, init, isNullable(column))) return [];
  return [[".init", `must be ${kindOfColumn(type, true)}`]];
}

/** Without columns, whether the categories' schemas name the member is for `checkView`. */
function indexIssue(name: string, columns: ViewDefinition["columns"]): string[] {
  if (name === KEY) return [`\`${KEY}\` is the key, which always has an index`];
  if (!columns) return [];
  const column = Object.hasOwn(columns, name) ? columns[name] : undefined;
  if (!column) return [`\`${name}\` is not a column (${Object.keys(columns).join(", ")})`];
  return column.type === "json" ? [`\`${name}\` holds JSON, which no condition compares: an index would have no use`] : [];
}
