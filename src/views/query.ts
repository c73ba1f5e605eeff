/** ④ Reads views: rows with the position they are at, and the wait for a position. */

import { type Backoff } from "../core/backoff.ts";
import { LOOK_AGAIN_MS } from "../core/limits.ts";
import type { Store } from "../store/store.ts";
import { Patience } from "../core/patience.ts";
import { project } from "./project.ts";
import type { Cursor } from "./query-cursor.ts";
import { type ViewQuery, completeSort, pageOf, queryStatement, sortValuesOf } from "./query-sql.ts";
import { type ServedRows, readServing } from "./serving.ts";
import { type View, filterOfView } from "../definitions/views/view.ts";
import type { StoredRow } from "../definitions/views/handler.ts";

/** What every answer contains about the table that gave it. */
export type Served = Pick<ServedRows, "position" | "stale"> & {
  /** Names the table: it changes when the view has been rebuilt. */
  readonly generation: string;
};

export interface ViewPage extends Served {
  readonly rows: readonly StoredRow[];
  /** Where the next page begins. */
  readonly next?: Cursor;
}

/** What a reader requires of the rows' position. */
export interface Wanted {
  /** Every event up to it has changed the rows (promise 7). */
  readonly position: number;
  /** How long to wait for it, in milliseconds since 1970. */
  readonly deadline: number;
  /** Preferably not before this one: the reader has seen it already. There is no wait for it. */
  readonly seen?: number;
}

/** Any position. */
const NOW: Wanted = { position: 0, deadline: 0 };

/** The wait for a position is over. */
export class ViewBehind extends Error {
  override readonly name = "ViewBehind";
  /** Only another worker can bring the view there. */
  readonly isKeptElsewhere: boolean;

  constructor({ readsOnly }: Store) {
    super();
    this.isKeptElsewhere = readsOnly;
  }
}

/** The pauses of a worker that only answers queries. Ours: at first what nobody notices, later what costs little. */
const LOOKS_FROM_OUTSIDE: Backoff = { firstDelayMs: LOOK_AGAIN_MS, maxDelayMs: 400 };

/** Calls that one look at a view takes: its tables, the log, its rows, their commit. Ours. */
const LOOK_CALLS = 8;

type Statement = Parameters<typeof readServing>[2];

/** One page of rows. Rows and position are read in one transaction. @throws {ViewBehind} */
export async function queryView(store: Store, view: View, query: ViewQuery, wanted: Wanted = NOW): Promise<ViewPage> {
  const served = await readAt(store, view, (table, db) => queryStatement(table, db, store.name, query), wanted);
  const { results, table, position } = served;
  const page = pageOf(results, query.limit);
  const last = page.rows.at(-1);
  return {
    ...servedBy(served),
    rows: page.rows.map((row) => table.fromSql(row)),
    ...(page.hasMore && last ? { next: { values: sortValuesOf(last, query.sort ?? completeSort(view.key)), position } } : {}),
  };
}

/** One row by its key, as soon as it exists, or the last look at `until` (milliseconds since 1970). @throws {ViewBehind} */
export async function awaitRow(
  store: Store,
  view: View,
  key: string,
  wanted: Wanted,
  until: number,
): Promise<Served & { readonly row?: StoredRow }> {
  const counted = store.counting();
  const patience = new Patience(counted.budget, until, LOOK_CALLS);
  const ofInterest = filterOfView(view);
  for (;;) {
    const served = await readAt(counted, view, (table, db) => table.select(db, store.name, [key]), wanted);
    const [row] = served.results;
    if (row || patience.isOver) return { ...servedBy(served), ...(row ? { row: served.table.fromSql(row) } : {}) };
    await patience.wait((ms) => counted.log.changed(ofInterest, served.position, ms));
    if (!counted.readsOnly) await project(counted, view, until);
  }
}

/**
 * Queries the table that serves, at the wanted position. Any replica of the database may answer, if it is at that position; else the
 * primary answers, once the view has been brought there.
 *
 * @throws {ViewBehind} when it was not there in time
 */
export async function readAt(store: Store, view: View, statement: Statement, wanted: Wanted): Promise<ServedRows> {
  const { position, deadline, seen = 0 } = wanted;
  // Where another worker brings the view there, all that can be done is to look.
  if (store.readsOnly && !store.budget) return readAt(store.counting(), view, statement, wanted);
  const patience = new Patience(store.budget, deadline, LOOK_CALLS, ...(store.readsOnly ? [LOOKS_FROM_OUTSIDE] : []));
  let served = await readServing(store, view, statement, "anywhere");
  if (served.position < position) served = await carriedOn(store, view, served);
  if (served.position < Math.max(position, seen)) served = await readServing(store, view, statement, "primary");
  while (served.position < position) {
    if (!store.readsOnly && !(await awaitPosition(store, view, position, deadline))) throw new ViewBehind(store);
    served = await readServing(store, view, statement, "primary");
    // Events that the view only passes do not move its checkpoint.
    if (served.position < position) served = await carriedOn(store, view, served);
    if (served.position >= position) break;
    // The view is at the position, but the table that serves is not yet.
    if (patience.isOver) throw new ViewBehind(store);
    await patience.wait();
  }
  return served;
}

/** The same rows, as of the last position up to which no event concerns the view: one query to the log, and no row written. */
async function carriedOn(store: Store, view: View, served: ServedRows): Promise<ServedRows> {
  // Nothing is known about what a table folds whose code is gone.
  if (served.stale) return served;
  let passed = served.position;
  for (;;) {
    const { events, next, head } = await store.log.read({ ...filterOfView(view), after: passed, limit: 1 });
    const seen = (events[0]?.position ?? (next ?? 0) + 1) - 1;
    const isEnd = events.length > 0 || seen >= head || seen <= passed;
    passed = Math.max(passed, seen);
    // A page that has examined many events for none ends before the head.
    if (isEnd) return passed > served.position ? { ...served, position: passed } : served;
  }
}

/**
 * Waits until the view has a position (promise 7), and does the work itself if nothing else has.
 *
 * @returns false when the deadline (milliseconds since 1970) came first
 */
export async function awaitPosition(store: Store, view: View, position: number, deadline: number): Promise<boolean> {
  const counted = store.budget ? store : store.counting();
  const patience = new Patience(counted.budget, deadline, LOOK_CALLS);
  for (;;) {
    const { position: reached, outcome } = await project(counted, view, deadline, { until: position });
    if (reached >= position) return true;
    if (patience.isOver) return false;
    // At the log's head there is nothing to do until there is more; else an operator has to act, or it is not time yet.
    await patience.wait(outcome === "caught-up" ? (ms) => counted.log.changed({}, reached, ms) : undefined);
  }
}

/** What an answer contains about the table that gave it. */
export function servedBy({ position, stale, table }: ServedRows): Served {
  return { position, stale, generation: table.generation };
}
