/** Reads the table that serves a view, together with the position that its rows are at. */

import type { Store } from "../store/store.ts";
import { realOf } from "../core/budget.ts";
import { type CheckpointRow, fromRow } from "../consumers/checkpoint-row.ts";
import { isMissingTable, prepare } from "../consumers/schema.ts";
import { CONSUMER_CALLS } from "../core/limits.ts";
import { VIEW_BUILD_SLICE_MS, VIEW_NUDGE_MS, VIEW_ROLLOUT_MS } from "./limits.ts";
import { type Generations, type ViewRow, checkpointOf, generationsOf, selectServing } from "./generations.ts";
import { project } from "./project.ts";
import { type ReadFrom, readBatch } from "./replica.ts";
import type { SqlRow } from "../rows/stored-row.ts";
import { type ViewTable, tableOf } from "../rows/table.ts";
import type { View } from "../definitions/views/view.ts";

/** The answer of a table. */
export interface ServedRows {
  readonly results: readonly SqlRow[];
  /** The table that answered. */
  readonly table: ViewTable;
  /** Every event up to it has changed the rows. */
  readonly position: number;
  /** The table is of an earlier definition and does not move: today's table is being built. */
  readonly stale: boolean;
}

/** The tables that served when this isolate last looked, by database, store and view. A guess that is out of date costs one more query. */
const lastServing = new WeakMap<D1Database, Map<string, ViewTable>>();

/**
 * Queries the table that serves a view. Rows, position and the choice of the table are read in one transaction.
 *
 * @param query makes the statement for a table; it may be called again with another one
 * @param from whether a replica of the database may answer, which may lag behind
 */
export async function readServing(
  store: Store,
  view: View,
  query: (table: ViewTable, db: D1Database) => D1PreparedStatement,
  from: ReadFrom = "anywhere",
): Promise<ServedRows> {
  const db = store.database(view.database);
  const known = lastServing.get(realOf(db)) ?? new Map<string, ViewTable>();
  lastServing.set(realOf(db), known);
  const key = `${store.name}/${view.name}`;
  let failures = 0;
  for (;;) {
    const table = known.get(key) ?? tableOf(view);
    const checkpoint = checkpointOf(store, view, table);
    try {
      await (store.readsOnly ? prepare(db) : checkpoint.prepare());
      const [found, at, now] = await readBatch<SqlRow>(db, from, [
        query(table, db),
        checkpoint.select(),
        selectServing(db, store.name, view),
      ]);
      const generations = await generationsOf(store, view, (now?.results[0] as ViewRow | undefined) ?? null);
      if (await helped(store, view, generations)) continue;
      known.set(key, generations.serving);
      if (generations.serving.generation !== table.generation) continue;
      if (generations.wanted.generation !== table.generation) await nudge(store, view);
      const row = at?.results[0] as CheckpointRow | undefined;
      return { results: found?.results ?? [], table, position: row ? fromRow(row).position : 0, stale: generations.stale };
    } catch (error) {
      if (++failures > 1) throw error;
      const isMissing = isMissingTable(error);
      // The guess was so old that the table has been dropped since.
      if (isMissing && !store.readsOnly) known.delete(key);
      else {
        // The query need not fit a table that was only guessed; and where no table is made, the guess need not exist.
        const { serving, stale } = await generationsOf(store, view);
        if (serving.generation !== table.generation) known.set(key, serving);
        else if (isMissing) return { results: [], table, position: 0, stale };
        else throw error;
      }
    }
  }
}

/** When this isolate last brought forward a view whose table is not on record. */
const lastHelp = new Map<string, number>();

/**
 * Brings forward the table of this code while another version's is on record: all wake-ups may have gone to that version's workers.
 *
 * @returns true when another table may answer now
 */
async function helped(store: Store, view: View, { own, other }: Generations): Promise<boolean> {
  if (store.readsOnly || !own || !other || own.keptAt === undefined || store.budget?.fits(CONSUMER_CALLS) === false) return false;
  const key = `${store.name}/${view.name}`;
  const now = Date.now();
  const isCurrent = own.position >= other.position && Math.abs(now - own.keptAt) <= VIEW_ROLLOUT_MS / 2;
  if (isCurrent || Math.abs(now - (lastHelp.get(key) ?? 0)) < VIEW_NUDGE_MS) return false;
  lastHelp.set(key, now);
  try {
    await project(store, view, now + VIEW_BUILD_SLICE_MS);
    return true;
  } catch {
    return false; // the existing rows can be read all the same
  }
}

/** When this isolate last woke a view that is being built. */
const lastNudge = new Map<string, number>();

/** Makes sure that a worker builds: after a deployment it may be long until an event wakes the view. */
async function nudge(store: Store, view: View): Promise<void> {
  if (store.readsOnly) return;
  const key = `${store.name}/${view.name}`;
  const now = Date.now();
  if (now - (lastNudge.get(key) ?? 0) < VIEW_NUDGE_MS) return;
  lastNudge.set(key, now);
  try {
    await store.wake(view.name);
  } catch {
    // The rows are there, and the next query will nudge again.
    lastNudge.delete(key);
  }
}
