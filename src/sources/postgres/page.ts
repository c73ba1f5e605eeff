/** A page of a table's snapshot: its next rows by key, and what it has seen of the log. */

import { keyHash } from "./change.ts";
import { SeenPage } from "./seen.ts";
import { LONG_STATEMENT_MS, type Row, type Session, bytesOf, limited, literal, name } from "./session.ts";
import { type FollowedTable, published } from "./tables.ts";
import { lsn } from "./lsn.ts";
import type { TableState } from "./cursor.ts";
import { Snapshot } from "./visible.ts";
import { TEXT_SETTINGS, type Types, typesQuery } from "./values.ts";

/** Rows of one page. Ours: the hashes of their keys are 22 KiB of the 64 that a cursor may have. */
const PAGE_ROWS = 2_000;
/** Bytes after which a page ends. */
const PAGE_BYTES = 4 * 1024 * 1024;
const FIRST_FETCH = 8;
/** A row whose values take more than this in the table is not read: no event is so large. */
const ROW_BYTES = 512 * 1024;

/** Rows that are shorter have no value outside of the table (TOAST), which changes would leave out. The server's threshold is about 2,000 bytes. */
const TOASTED_CHARACTERS = 1_900;

export interface Page {
  readonly rows: readonly Row[];
  /** It was the last one. */
  readonly isLast: boolean;
  /** The key of its last row. */
  readonly after: string[] | undefined;
  readonly seen: SeenPage | undefined;
}

/**
 * @param after the key of the last row of the page before
 * @param from when the snapshot is true
 * @param limit rows at most
 */
export async function pageOf(
  session: Session,
  types: Types,
  table: FollowedTable,
  { after, from }: Pick<TableState, "after" | "from">,
  limit: number,
): Promise<Page> {
  const unknown = types.unknownOf(table.columns.map(({ type }) => type));
  if (unknown.length > 0) types.learn(unknown, (await session.run([typesQuery(unknown)]))[0]!);

  const wanted = Math.min(limit, PAGE_ROWS);
  const size = table.columns.map((column) => `coalesce(pg_column_size(${name(column.name)}), 0)`).join(" + ");
  const columns = table.columns.map(({ name: column }) =>
    table.key.includes(column) ? name(column) : `CASE WHEN ${size} <= ${ROW_BYTES} THEN ${name(column)} END`,
  );
  const key = table.key.map(name).join(", ");
  const conditions = [
    ...(table.filter === undefined ? [] : [`(${table.filter})`]),
    ...(after === undefined ? [] : [`(${key}) > (${after.map(literal).join(", ")})`]),
  ];
  const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
  // All statements of a repeatable read see the same.
  const opened = await session.run(
    [
      "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
      `${limited(LONG_STATEMENT_MS)}; ${TEXT_SETTINGS}`,
      "SELECT pg_current_snapshot()",
      `DECLARE page NO SCROLL CURSOR FOR SELECT ${columns.join(", ")}, CASE WHEN ${size} > ${ROW_BYTES} THEN ${size} END, xmin FROM ${published(table)} ${where} ORDER BY ${key} LIMIT ${wanted}`,
      `FETCH ${FIRST_FETCH} FROM page`,
    ],
    LONG_STATEMENT_MS,
  );
  const [snapshot, , first] = opened.slice(-3) as [Row[], Row[], Row[]];
  const rows: Row[] = [...first];
  let bytes = rows.reduce((sum, row) => sum + bytesOf(row), 0);
  let isFetched = first.length < FIRST_FETCH;
  while (!isFetched && rows.length < wanted && bytes < PAGE_BYTES) {
    const largest = Math.max(1, ...rows.slice(-FIRST_FETCH).map(bytesOf));
    const count = Math.max(1, Math.min(Math.floor((PAGE_BYTES - bytes) / largest), 10 * rows.length, wanted - rows.length));
    const [more] = await session.run([`FETCH ${count} FROM page`], LONG_STATEMENT_MS);
    for (const row of more!) rows.push(row);
    bytes += more!.reduce((sum, row) => sum + bytesOf(row), 0);
    isFetched = more!.length < count;
  }
  const [[end]] = (await session.run([`SELECT pg_current_wal_insert_lsn(), pg_relation_filenode(${table.oid})`, "COMMIT"])) as [
    Row[],
    Row[],
  ];

  const at = new Map(table.columns.map((column, index) => [column.name, index]));
  const keyOf = (row: Row) => Object.fromEntries(table.key.map((column) => [column, row[at.get(column)!]]));
  const last = rows.at(-1);
  const seenBy = new Snapshot(snapshot[0]![0]!);
  const began = from && new Snapshot(from.snapshot);
  // A table that was rewritten, by ALTER TABLE or CLUSTER, has rows that look new, and no changes of them.
  const isAsItWas = from?.file !== undefined && from.file === end![1];
  const isNewer = (row: Row) => {
    const isBefore = began ? began.isBefore(Number(row.at(-1)), seenBy) : "no";
    return isBefore === "yes" && !isAsItWas ? "unclear" : isBefore;
  };
  // A row that was written since the snapshot began comes by its changes. One so large that they may lack a value comes as it is now, in place of them.
  const given = rows.filter((row) => isNewer(row) !== "yes" || bytesOf(row) >= TOASTED_CHARACTERS);
  const newer = given.filter((row) => isNewer(row) !== "no");
  return {
    rows: given,
    isLast: isFetched && rows.length < wanted,
    after: last && table.key.map((column) => last[at.get(column)!] ?? ""),
    seen:
      newer.length === 0
        ? undefined
        : SeenPage.of(
            { table: table.name, snapshot: snapshot[0]![0]!, until: lsn(end![0]!) },
            newer.map((row) => keyHash(keyOf(row), table.key)),
          ),
  };
}
