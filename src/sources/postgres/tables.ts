/** The tables that a source follows, as the database has them now. */

import { SourceStopped } from "../../definitions/sources/kind.ts";
import { type Row, type Session, literal, name } from "./session.ts";

export interface FollowedTable {
  /** With its schema: `public.stock`. */
  readonly name: string;
  readonly oid: number;
  /** Quoted, for SQL. */
  readonly sql: string;
  readonly isPartitioned: boolean;
  /** The columns that tell its rows apart: of the primary key, or of the replica identity. Empty: it has none, and each row is its own key. */
  readonly key: readonly string[];
  /** The columns that changes have, and their types. */
  readonly columns: readonly { readonly name: string; readonly type: number }[];
  /** What the publication lets through; undefined: every row. */
  readonly filter?: string;
  readonly isPublished: boolean;
  /**
   * The file that has its rows. As long as it is the same, whatever writes a row is a change that is published. Undefined: that cannot be known, as of
   * a partitioned table.
   */
  readonly file?: string;
}

/** `stock` → `public.stock`. What stands before the first point is the schema. */
export function qualified(table: string): string {
  return table.includes(".") ? table : `public.${table}`;
}

function partsOf(table: string): readonly [schema: string, table: string] {
  const point = table.indexOf(".");
  return [table.slice(0, point), table.slice(point + 1)];
}

export function quoted(table: string): string {
  return partsOf(table).map(name).join(".");
}

/** How a publication names it: an ordinary table without those that inherit from it, which are tables of their own. */
export function published({ sql, isPartitioned }: Pick<FollowedTable, "sql" | "isPartitioned">): string {
  return isPartitioned ? sql : `ONLY ${sql}`;
}

const KEY_INDEX = `SELECT index.indkey FROM pg_catalog.pg_index AS index WHERE index.indrelid = class.oid AND index.indisvalid
    AND CASE WHEN class.relreplident = 'i' THEN index.indisreplident ELSE index.indisprimary END`;

/** @returns those of the tables that are there, by name */
export async function tablesNow(
  session: Session,
  { tables, publication, version }: { readonly tables: readonly string[]; readonly publication: string; readonly version: number },
): Promise<ReadonlyMap<string, FollowedTable>> {
  const list = tables.map((table) => `(${partsOf(table).map(literal).join(", ")})`).join(", ");
  // What a publication leaves out is known since version 15.
  const parts = version >= 150_000 ? "array_to_json(published.attnames::text[]), published.rowfilter" : "NULL, NULL";
  const rows = await session.transaction([
    `SELECT class.oid, space.nspname, class.relname, class.relkind, class.relreplident, class.relpersistence,
  (SELECT json_agg(json_build_array(attname, atttypid::bigint, attgenerated <> '') ORDER BY attnum) FROM pg_catalog.pg_attribute
    WHERE attrelid = class.oid AND attnum > 0 AND NOT attisdropped),
  (SELECT json_agg(attname ORDER BY place) FROM (${KEY_INDEX}) AS key, unnest(key.indkey) WITH ORDINALITY AS part (number, place)
    JOIN pg_catalog.pg_attribute ON attrelid = class.oid AND attnum = part.number),
  published.pubname, ${parts}, CASE WHEN (SELECT pubinsert AND pubupdate FROM pg_catalog.pg_publication WHERE pubname = published.pubname)
    THEN pg_catalog.pg_relation_filenode(class.oid) END, pg_catalog.pg_current_wal_lsn()
FROM (VALUES ${list}) AS wanted (space, name)
JOIN pg_catalog.pg_namespace AS space ON space.nspname = wanted.space
JOIN pg_catalog.pg_class AS class ON class.relnamespace = space.oid AND class.relname = wanted.name
LEFT JOIN pg_catalog.pg_publication_tables AS published
  ON published.pubname = ${literal(publication)} AND published.schemaname = space.nspname AND published.tablename = class.relname`,
  ]);
  return new Map(rows.map((row) => tableOf(row)).map((table) => [table.name, table]));
}

function tableOf(row: Row): FollowedTable {
  const [oid, space, table, kind, identity, persistence, columns, key, publication, published, filter, file] = row;
  const full = `${space}.${table}`;
  if (kind !== "r" && kind !== "p") throw new SourceStopped(`${full} is not a table: views and foreign tables have no changes to follow`);
  if (persistence !== "p") throw new SourceStopped(`${full} is unlogged or temporary: its changes are not in the server's log`);
  const all = JSON.parse(columns ?? "[]") as [column: string, type: number, isGenerated: boolean][];
  const only = published === null || published === undefined ? undefined : new Set(JSON.parse(published) as string[]);
  const keyColumns = identity === "n" ? [] : (JSON.parse(key ?? "[]") as string[]);
  if (keyColumns.length === 0 && identity !== "f")
    throw new SourceStopped(
      `${full} has no primary key, so its rows cannot be distinguished, and PostgreSQL would refuse updates of a table that is published without one. ` +
        `Give it one, or a unique index over columns that are NOT NULL with ALTER TABLE ${quoted(full)} REPLICA IDENTITY USING INDEX …`,
    );
  return {
    name: full,
    oid: Number(oid),
    sql: quoted(full),
    isPartitioned: kind === "p",
    key: keyColumns,
    columns: all
      .filter(([column, , isGenerated]) => !isGenerated && (only?.has(column) ?? true))
      .map(([column, type]) => ({ name: column, type })),
    ...(typeof filter === "string" ? { filter } : {}),
    isPublished: publication !== null,
    ...(typeof file === "string" && kind === "r" ? { file } : {}),
  };
}
