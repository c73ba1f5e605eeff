/** What the objects share about SQLite. */

import { MiB } from "./limits.ts";

/** Rows of the first batch, the most of a later one, and the characters that a later one should have. Ours. */
const FIRST_ROWS = 8;
const MOST_ROWS = 1_000;
const BATCH_CHARACTERS = MiB;

/**
 * Rows in batches, each of which is read whole. A reader may stop at any row: the cursor of a query that is not read to its end would keep
 * the tables locked (`DROP TABLE` fails) for as long as nobody collects it. A batch has at most twice as many rows as the one before: a reader that stops
 * early has read, and pays for, about twice what it took at most.
 *
 * @param read so many rows after one that was read before
 */
export function* inBatches<Row>(read: (limit: number, last?: Row) => Row[], charactersOf: (row: Row) => number): Generator<Row> {
  let limit = FIRST_ROWS;
  for (let rows = read(limit); ; rows = read(limit, rows.at(-1))) {
    yield* rows;
    if (rows.length < limit) return;
    const characters = rows.reduce((sum, row) => sum + charactersOf(row), 1);
    limit = Math.min(MOST_ROWS, 2 * limit, Math.max(1, Math.floor((rows.length * BATCH_CHARACTERS) / characters)));
  }
}

/**
 * Whether a table exists. There is none before the first write: a request for something that does not exist must not leave databases
 * behind.
 */
export function hasTable(sql: SqlStorage, name: string): boolean {
  return sql.exec(`SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?`, name).toArray().length > 0;
}

/** The same; a table that was made before it had this nullable column gets it now. */
export function hasTableWith(sql: SqlStorage, name: string, column: string, type: string): boolean {
  const [table] = sql.exec<{ sql: string }>(`SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?`, name).toArray();
  // SQLite keeps the text of the statement that made a table, and adds to it what `ALTER TABLE` adds: one query answers both questions.
  if (table && !new RegExp(`\\b${column} +${type}\\b`).test(table.sql)) sql.exec(`ALTER TABLE ${name} ADD COLUMN ${column} ${type}`);
  return table !== undefined;
}
