/** Reads views: rows with the position they are at, and the wait for a position. */

import { project } from "./project.ts";
import { readServing } from "./serving.ts";
import { quoted } from "./table.ts";
import type { StoredRow, View } from "./view.ts";

export interface ViewPage {
  readonly rows: readonly StoredRow[];
  /** The key after which the next page begins. */
  readonly next?: string;
  /** Every event up to it has changed the rows. */
  readonly position: number;
}

export interface ViewQuery {
  /** Columns and the values they must have, in the column's stored form. */
  readonly equal: readonly { readonly column: string; readonly value: string | number | null }[];
  readonly limit: number;
  /** Only rows whose key sorts after it. */
  readonly after?: string;
}

/** Milliseconds between two looks at what is not there yet. Ours: short against what a person notices. */
const LOOK_AGAIN_MS = 25;

/** One page of rows in key order. Rows and position are read in one transaction. */
export async function queryView(env: Env, store: string, view: View, { equal, limit, after }: ViewQuery): Promise<ViewPage> {
  const { results, table, position } = await readServing(env, store, view, (table, db) => {
    const key = quoted(table.key);
    const conditions = [
      `_store = ?`,
      ...equal.map(({ column }) => `${quoted(column)} IS ?`),
      ...(after === undefined ? [] : [`${key} > ?`]),
    ];
    return db
      .prepare(`SELECT * FROM ${table.name} WHERE ${conditions.join(" AND ")} ORDER BY ${key} LIMIT ?`)
      .bind(store, ...equal.map(({ value }) => value), ...(after === undefined ? [] : [after]), limit + 1);
  });
  const page = results.slice(0, limit);
  const last = page.at(-1);
  return {
    rows: page.map((row) => table.fromSql(row)),
    ...(results.length > limit && last ? { next: String(last[table.key]) } : {}),
    position,
  };
}

/** One row by its key. */
export async function rowOf(env: Env, store: string, view: View, key: string): Promise<{ row?: StoredRow; position: number }> {
  const { results, table, position } = await readServing(env, store, view, (table, db) => table.select(db, store, [key]));
  return { ...(results[0] ? { row: table.fromSql(results[0]) } : {}), position };
}

/** The row once it exists, or the last look at `deadline` (milliseconds since 1970). */
export async function awaitRow(env: Env, store: string, view: View, key: string, deadline: number) {
  for (;;) {
    const found = await rowOf(env, store, view, key);
    if (found.row || Date.now() >= deadline) return found;
    await scheduler.wait(LOOK_AGAIN_MS);
    await project(env, store, view, deadline);
  }
}

/**
 * Waits until the view has a position (promise 7), and does the work itself when nobody else has.
 *
 * @returns false when the deadline (milliseconds since 1970) came first
 */
export async function awaitPosition(env: Env, store: string, view: View, position: number, deadline: number): Promise<boolean> {
  for (;;) {
    const progress = await project(env, store, view, deadline, { until: position });
    if (progress.position >= position) return true;
    if (Date.now() >= deadline) return false;
    await scheduler.wait(LOOK_AGAIN_MS);
  }
}
