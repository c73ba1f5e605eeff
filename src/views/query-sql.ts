/** Queries for a view's rows: conditions, order and page, as one statement for the table that serves. Pure. */

import { PAGE_BYTES } from "../core/limits.ts";
import type { ColumnKind } from "../rows/layout.ts";
import type { SqlRow } from "../rows/stored-row.ts";
import { type ViewTable } from "../rows/table.ts";
import { quoted } from "../definitions/views/sql-words.ts";

/** A value as a column stores it: booleans are 0 and 1. */
export type SqlValue = string | number | null;

/** A column, and the type of its values in today's code. */
export interface AskedColumn {
  readonly name: string;
  readonly kind: ColumnKind;
}

export type Condition =
  /** The value is any of these, or none of these. A row without a value is never any of these, and always none of them. */
  | { readonly column: AskedColumn; readonly test: "any-of" | "none-of"; readonly values: readonly SqlValue[] }
  /** The value is beyond this one. A row without a value never is. */
  | { readonly column: AskedColumn; readonly test: "gt" | "gte" | "lt" | "lte"; readonly value: string | number }
  | { readonly column: AskedColumn; readonly test: "null" | "not-null" };

export interface SortColumn extends AskedColumn {
  readonly descending: boolean;
}

export interface ViewQuery {
  /** All of them must hold. */
  readonly conditions?: readonly Condition[];
  /** As {@link completeSort} makes it; without it, the order of the key. */
  readonly sort?: readonly SortColumn[];
  readonly limit: number;
  /** Only rows after this one: its values of the sort's columns. */
  readonly after?: readonly SqlValue[];
}

/** The serving table is of an earlier definition, which does not have this column or keeps something else in it. */
export class ColumnNotServed extends Error {
  override readonly name = "ColumnNotServed";
  readonly column: string;

  constructor(column: string) {
    super(`the table that serves does not have the column ${column} yet`);
    this.column = column;
  }
}

/**
 * The sort with the key as its last column, in the direction of the column before it: an index on one column holds its entries in just this
 * order, and can be read from either side.
 */
export function completeSort(key: string, sort: readonly SortColumn[] = []): readonly SortColumn[] {
  const at = sort.findIndex(({ name }) => name === key);
  // After the key there is nothing left to order.
  return at >= 0 ? sort.slice(0, at + 1) : [...sort, { name: key, kind: "text", descending: sort.at(-1)?.descending ?? false }];
}

/** In this column each row has the bytes of the rows so far, including its own. Columns of views do not begin with `_`. */
const BYTES_SO_FAR = "_headspring_bytes";

/**
 * The rows that a SELECT finds, until they have more than {@link PAGE_BYTES}: the row that exceeds it is the last, which shows that there
 * are more. The database counts, since what it has sent is in memory already.
 *
 * @param columns those of the SELECT
 * @param limit the parameter that bounds the rows
 */
export function boundedSql(select: string, columns: readonly string[], limit: string): string {
  const bytes = columns.map((name) => `COALESCE(octet_length(${quoted(name)}), 0)`).join(" + ");
  return `SELECT * FROM (
            SELECT *, SUM(1 + ${bytes}) OVER (ROWS UNBOUNDED PRECEDING) AS ${BYTES_SO_FAR} FROM (
              ${select}
            ) LIMIT ${limit}
          ) WHERE ${BYTES_SO_FAR} - (1 + ${bytes}) < ${PAGE_BYTES}`;
}

/** The rows of {@link boundedSql} that go into a page of this many rows, and whether there are more. */
export function pageOf(rows: readonly SqlRow[], limit: number): { readonly rows: readonly SqlRow[]; readonly hasMore: boolean } {
  const fit = rows.filter((row, index) => index === 0 || Number(row[BYTES_SO_FAR]) < PAGE_BYTES).slice(0, limit);
  return { rows: fit.map(({ [BYTES_SO_FAR]: _bytes, ...row }) => row), hasMore: fit.length < rows.length };
}

/**
 * The rows of a query, and one more than its limit if there are more, for {@link pageOf}.
 *
 * @throws {ColumnNotServed} when the table lacks a column that the query names
 */
export function queryStatement(table: ViewTable, db: D1Database, store: string, query: ViewQuery): D1PreparedStatement {
  const { conditions = [], sort = completeSort(table.key), after, limit } = query;
  for (const { name, kind } of [...conditions.map(({ column }) => column), ...sort]) {
    if (!table.columns.some((column) => column.name === name && column.kind === kind)) throw new ColumnNotServed(name);
  }
  const parameters = new Parameters();
  const where = [
    `_store = ${parameters.add(store)}`,
    ...conditions.map((condition) => conditionSql(condition, parameters)),
    ...(after ? beyondSql(table, sort, after, parameters) : []),
  ];
  const rows = parameters.add(limit + 1);
  const order = sort.map(({ name, descending }) => `${quoted(name)}${descending ? " DESC" : ""}`);
  return db
    .prepare(
      boundedSql(`SELECT * FROM ${table.name} WHERE ${where.join(" AND ")} ORDER BY ${order.join(", ")} LIMIT ${rows}`, table.stored, rows),
    )
    .bind(...parameters.values);
}

/** The values of a row that place it in the sort: the next page begins after them. */
export function sortValuesOf(row: SqlRow, sort: readonly SortColumn[]): SqlValue[] {
  return sort.map(({ name }) => row[name] ?? null);
}

/** Values to bind, each named by its number: a value that is used twice is bound once. */
class Parameters {
  readonly values: SqlValue[] = [];

  add(value: SqlValue): string {
    this.values.push(value);
    return `?${this.values.length}`;
  }
}

const COMPARISON = { gt: ">", gte: ">=", lt: "<", lte: "<=" } as const;

function conditionSql(condition: Condition, parameters: Parameters): string {
  const column = quoted(condition.column.name);
  switch (condition.test) {
    case "null":
      return `${column} IS NULL`;
    case "not-null":
      return `${column} IS NOT NULL`;
    case "any-of":
    case "none-of": {
      const isAny = condition.test === "any-of";
      const [first = null, ...others] = condition.values;
      if (others.length === 0) return `${column} ${isAny ? "=" : "IS NOT"} ${parameters.add(first)}`;
      // However many values there are: one parameter.
      const list = `(SELECT value FROM json_each(${parameters.add(JSON.stringify(condition.values))}))`;
      return isAny ? `${column} IN ${list}` : `(${column} IS NULL OR ${column} NOT IN ${list})`;
    }
    default:
      return `${column} ${COMPARISON[condition.test]} ${parameters.add(condition.value)}`;
  }
}

/**
 * Rows that come after these values: further in the first column, or equal there and further in the next, and so on. NULL sorts before
 * every value, as it does in SQLite.
 */
function beyondSql(table: ViewTable, sort: readonly SortColumn[], after: readonly SqlValue[], parameters: Parameters): string[] {
  const bound = sort.map((column, index) => ({ ...column, value: after[index] ?? null, sql: parameters.add(after[index] ?? null) }));
  const beyond = bound.reduceRight<string | undefined>((rest, { name, descending, value, sql }) => {
    const column = quoted(name);
    const further =
      value === null ? (descending ? "FALSE" : `${column} IS NOT NULL`) : furtherSql(column, descending, sql, name === table.key);
    return rest === undefined ? further : `(${further} OR (${column} IS ${sql} AND ${rest}))`;
  }, undefined);
  // This adds no condition, but lets SQLite begin in the middle of an index. It cannot where NULLs come last.
  const first = bound[0];
  const isSeekable = first && first.value !== null && (!first.descending || isRequired(table, first.name));
  return [...(isSeekable ? [`${quoted(first.name)} ${first.descending ? "<=" : ">="} ${first.sql}`] : []), ...(beyond ? [beyond] : [])];
}

function furtherSql(column: string, descending: boolean, value: string, isKey: boolean): string {
  if (!descending) return `${column} > ${value}`;
  return isKey ? `${column} < ${value}` : `(${column} < ${value} OR ${column} IS NULL)`;
}

/** Whether every row has a value in this column. */
function isRequired(table: ViewTable, name: string): boolean {
  return name === table.key || table.columns.some((column) => column.name === name && column.required === true);
}
