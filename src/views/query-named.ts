/** Runs named queries: whatever their SQL is, it only reads, it reads one store, and it answers with a bounded number of rows. */

import { makeRoom } from "../core/make-room.ts";
import type { Store } from "../store/store.ts";
import * as z from "zod";
import { VIEW_QUERY_ROWS } from "./limits.ts";
import { type NamedQuery, ROWS, type RowSchema } from "../definitions/views/named-query.ts";
import { boundedSql, pageOf } from "./query-sql.ts";
import { type Served, type Wanted, readAt, servedBy } from "./query.ts";
import { type Sql, identifier } from "../definitions/views/sql.ts";
import { requireTables, wordsOf, quoted } from "../definitions/views/sql-words.ts";
import { type ColumnKind, kindOf } from "../rows/layout.ts";
import type { SqlRow } from "../rows/stored-row.ts";
import { type ViewTable, rebuildOf } from "../rows/table.ts";
import type { View } from "../definitions/views/view.ts";
import type { StoredRow } from "../definitions/views/handler.ts";

/** Parameters that D1 binds in one statement. Platform: D1 limits. */
const BOUND_PARAMETERS = 100;

export interface NamedAnswer extends Served {
  readonly rows: readonly StoredRow[];
  /** There are more rows than an answer may have, or more bytes. */
  readonly hasMore: boolean;
}

/** The query's SQL, or its result, is not what the query declares. */
export class QueryFailed extends Error {
  override readonly name = "QueryFailed";
}

/** The query fails on a table of an earlier definition, which serves for now. */
export class QueryNotServed extends Error {
  override readonly name = "QueryNotServed";
}

/**
 * The answer of a named query.
 *
 * @param params by the query's schema
 * @throws {ViewBehind} @throws {QueryFailed} @throws {QueryNotServed}
 */
export async function runNamedQuery(
  store: Store,
  view: View,
  query: NamedQuery,
  params: Readonly<Record<string, unknown>>,
  wanted: Wanted,
): Promise<NamedAnswer> {
  let asked: ViewTable | undefined;
  /** The query's own code, and what it makes of the rows of an earlier definition. */
  const own = <Result>(code: () => Result): Result => {
    try {
      return code();
    } catch (cause) {
      throw failure(view, query, asked, cause);
    }
  };
  for (;;) {
    let columns: readonly string[] | undefined;
    let select = "";
    const statement = (table: ViewTable, db: D1Database) =>
      own(() => {
        asked = table;
        const named = namedSql(table, query, params);
        select = named.rows + named.select;
        columns = columnsOf.get(select);
        return namedStatement(db, store.name, named, columns);
      });
    const served = await readAt(store, view, statement, wanted).catch((error: unknown) => {
      // All other errors are the platform's.
      throw SQL_ERROR.test(String(error)) ? failure(view, query, asked, error) : error;
    });
    const [first] = served.results;
    if (first && !columns) {
      remember(select, Object.keys(first));
      continue;
    }
    const page = pageOf(served.results, VIEW_QUERY_ROWS);
    return { ...servedBy(served), rows: own(() => page.rows.map((row) => rowOf(query.row, row))), hasMore: page.hasMore };
  }
}

/**
 * The columns of answers, by their SELECT. Counting a row's bytes takes the columns, and the database shows them only with a first row: so
 * a SELECT that is new to this isolate is first run for one row.
 */
const columnsOf = new Map<string, readonly string[]>();
/** How many of them. Ours: SQL comes from code, with a few variants for each query. */
const SELECTS = 1_000;

function remember(select: string, columns: readonly string[]): void {
  makeRoom(columnsOf, SELECTS);
  columnsOf.set(select, columns);
}

/** How SQLite reports a statement that is wrong, or that meets a value it cannot take. */
const SQL_ERROR = /SQLITE_(?:ERROR|TOOBIG|MISMATCH|RANGE|AUTH)/;

function failure(view: View, query: NamedQuery, asked: ViewTable | undefined, cause: unknown): Error {
  return asked && rebuildOf(view, asked.generation) === undefined
    ? new QueryNotServed(`query "${query.name}" needs the view's new table`, { cause })
    : new QueryFailed(`query "${query.name}" of view "${view.name}" failed: ${String(cause)}`, { cause });
}

interface NamedSql {
  /** The store's rows, under a name. */
  readonly rows: string;
  readonly select: string;
  readonly values: readonly (string | number | null)[];
}

/**
 * The SELECT of a query is put in brackets where only a SELECT can be, below a name for the store's rows.
 *
 * @throws {TypeError} when the query binds too many values, or selects from other tables
 */
function namedSql(table: ViewTable, query: NamedQuery, params: Readonly<Record<string, unknown>>): NamedSql {
  const names = table.columns.map(({ name }) => name);
  const columns: Record<string, Sql> = Object.fromEntries(names.map((name) => [name, identifier(name)]));
  const { text, values } = query.sql({ rows: ROWS, columns, params }).render(3);
  if (values.length > BOUND_PARAMETERS - 2)
    throw new TypeError(`SQL of a query binds at most ${BOUND_PARAMETERS - 2} values, not ${values.length}: bind a list, for json_each`);
  requireTables(wordsOf(text), ["rows"]);
  const rows = `WITH ${ROWS.render(1).text} AS (SELECT ${names.map(quoted).join(", ")} FROM ${table.name} WHERE _store = ?1)`;
  return { rows, select: `SELECT * FROM (\n${text}\n)`, values };
}

/** @param columns those of the answer; without them, the statement is for its first row */
function namedStatement(
  db: D1Database,
  store: string,
  { rows, select, values }: NamedSql,
  columns?: readonly string[],
): D1PreparedStatement {
  const answer = columns ? boundedSql(select, columns, "?2") : `${select} LIMIT ?2`;
  return db.prepare(`${rows} ${answer}`).bind(store, columns ? VIEW_QUERY_ROWS + 1 : 1, ...values);
}

const kinds = new WeakMap<RowSchema, ReadonlyMap<string, ColumnKind>>();

/** A row as its schema outputs it; without a schema, as SQL returns it. */
function rowOf(schema: RowSchema | undefined, row: SqlRow): StoredRow {
  if (!schema) return row;
  const known = kinds.get(schema) ?? kindsOf(schema);
  kinds.set(schema, known);
  const read = [...known].flatMap(([name, kind]) => {
    const value = row[name] ?? null;
    if (value === null && !schema.shape[name]?.safeParse(null).success) return [];
    if (value === null) return [[name, null]];
    return [[name, kind === "boolean" ? value === 1 : kind === "json" ? (JSON.parse(String(value)) as unknown) : value]];
  });
  return schema.parse(Object.fromEntries(read));
}

function kindsOf(schema: RowSchema): ReadonlyMap<string, ColumnKind> {
  const { properties } = z.toJSONSchema(schema, { io: "output", unrepresentable: "any" });
  return new Map(Object.keys(schema.shape).map((name) => [name, kindOf(properties?.[name])]));
}
