/** The table of a view that answers queries, read together with the position that its rows are at. */

import { type CheckpointRow, fromRow } from "../delivery/checkpoint.ts";
import { viewCheckpoint } from "./projector.ts";
import { type ReadFrom, readBatch } from "./replica.ts";
import { type SqlRow, type ViewTable, tableOf } from "./table.ts";
import type { View } from "./view.ts";

/** What a table answered. */
export interface ServedRows {
  readonly results: readonly SqlRow[];
  /** The table that answered. */
  readonly table: ViewTable;
  /** Every event up to it has changed the rows. */
  readonly position: number;
  /** The table is of an earlier definition and stands still: the one of today is being built. */
  readonly stale: boolean;
}

/**
 * Asks the table that serves a view. Rows and position are read in one transaction.
 *
 * @param query the statement for a table; it may be called again with another one
 * @param from whether a replica of the database may answer, which may lag behind
 */
export async function readServing(
  env: Env,
  store: string,
  view: View,
  query: (table: ViewTable, db: D1Database) => D1PreparedStatement,
  from: ReadFrom = "anywhere",
): Promise<ServedRows> {
  const table = tableOf(view);
  const checkpoint = viewCheckpoint(env, store, view);
  await checkpoint.prepare();
  const { db } = checkpoint;
  const [found, at] = await readBatch<SqlRow>(db, from, [query(table, db), checkpoint.select()]);
  const row = at?.results[0] as CheckpointRow | undefined;
  return { results: found?.results ?? [], table, position: row ? fromRow(row).position : 0, stale: false };
}
