/**
 * What sweeps remember, in D1: how far the last one came, and which stores were found at rest. A write to a store costs nothing here: its
 * consumers move, and then what is remembered about the store no longer matches.
 */

import { SWEEP_IDLE_MS } from "./limits.ts";
import { prepare } from "../consumers/schema.ts";

const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS headspring_swept (
    store       TEXT    NOT NULL PRIMARY KEY,      -- '': not a store, but the sweep itself
    fingerprint TEXT    NOT NULL,                  -- of where the store's consumers stood; of the sweep: the store to go on after
    since       INTEGER NOT NULL,                  -- milliseconds since 1970; when it was first found so
    looked_at   INTEGER NOT NULL                   -- milliseconds since 1970; when its log was last asked with care
  ) STRICT, WITHOUT ROWID`,
];

/** A store that was found at rest. */
export interface Mark {
  readonly store: string;
  readonly fingerprint: string;
  readonly since: number;
  readonly looked_at: number;
}

/** How thoroughly a store's log is asked. */
export type Care =
  /** Its consumers have moved, or it was not asked for a day: nothing is taken for granted. */
  | "thorough"
  /** It was found at rest, and nothing has moved since. */
  | "short"
  /** It has been at rest for a day: it is not asked, except once a day. */
  | "none";

export function careFor(mark: Mark | undefined, fingerprint: string, now: number): Care {
  if (mark?.fingerprint !== fingerprint) return "thorough";
  // A clock that was wrong must not put off the next look for ever.
  if (Math.abs(now - mark.looked_at) >= SWEEP_IDLE_MS) return "thorough";
  return now - mark.since >= SWEEP_IDLE_MS ? "none" : "short";
}

/** Makes sure that there is a table to read. */
export async function prepareSwept(db: D1Database): Promise<void> {
  await prepare(db, SCHEMA);
}

/** The store after which the next sweep continues; `""`: it starts again. */
export async function cursorOf(db: D1Database): Promise<string> {
  return (await db.prepare(`SELECT fingerprint FROM headspring_swept WHERE store = ''`).first<string>("fingerprint")) ?? "";
}

export async function marksOf(db: D1Database, stores: readonly string[]): Promise<ReadonlyMap<string, Mark>> {
  const { results } = await db
    .prepare(`SELECT * FROM headspring_swept WHERE store IN (SELECT value FROM json_each(?))`)
    .bind(JSON.stringify(stores))
    .all<Mark>();
  return new Map(results.map((mark) => [mark.store, mark]));
}

/** The store is not at rest, whatever sweeps have found: the next one asks its log with care. */
export async function disturb(db: D1Database, store: string): Promise<void> {
  await prepareSwept(db);
  await db.prepare(`DELETE FROM headspring_swept WHERE store = ?`).bind(store).run();
}

/** Remembers what a sweep has found, with one statement for everything that is new and one for what is no longer true. */
export async function remember(db: D1Database, marks: readonly Mark[], restless: readonly string[]): Promise<void> {
  const statements = [];
  if (marks.length > 0)
    statements.push(
      db
        .prepare(
          `INSERT OR REPLACE INTO headspring_swept (store, fingerprint, since, looked_at)
           SELECT value ->> 'store', value ->> 'fingerprint', value ->> 'since', value ->> 'looked_at' FROM json_each(?)`,
        )
        .bind(JSON.stringify(marks)),
    );
  if (restless.length > 0)
    statements.push(
      db.prepare(`DELETE FROM headspring_swept WHERE store IN (SELECT value FROM json_each(?))`).bind(JSON.stringify(restless)),
    );
  if (statements.length > 0) await db.batch(statements);
}

/** The mark that keeps the place of the sweep itself. */
export function cursorMark(after: string, now: number): Mark {
  return { store: "", fingerprint: after, since: now, looked_at: now };
}
