/**
 * The changes of a view, for readers that have its rows and want to keep them current.
 *
 * The log shows which rows were touched, by the handlers' own `at`, and the view shows how they are now. A row is read no earlier than the
 * view has the event that touched it. It may be read later, when further events have touched it, and then it is sent again: a reader that
 * applies everything in order ends with the rows as they are. Nothing is stored here that the log does not have: a reader resumes after the
 * last position that it received.
 */

import type { Store } from "../store/store.ts";
import { type Budget } from "../core/budget.ts";
import type { RecordedEvent } from "../core/event.ts";
import { LIVE_HELP_AFTER_MS, LIVE_KEYS, LIVE_READS, LIVE_READ_CALLS } from "./limits.ts";
import { project } from "./project.ts";
import { touchesOf } from "../rows/fold.ts";
import { type Condition, pageOf, queryStatement } from "./query-sql.ts";
import { type Served, servedBy } from "./query.ts";
import { type ServedRows, readServing } from "./serving.ts";
import type { ViewTable } from "../rows/table.ts";
import type { View } from "../definitions/views/view.ts";
import type { StoredRow } from "../definitions/views/handler.ts";

/** A row as it is now; without `row`, it is not among the requested rows (any more). */
export interface Change {
  readonly key: string;
  readonly row?: StoredRow;
}

export type Step =
  | {
      readonly outcome: "changes";
      readonly changes: readonly Change[];
      /** The reader has everything up to it; undefined: there are more changes at the same position. */
      readonly position?: number;
    }
  /** The view is not there yet. */
  | { readonly outcome: "waiting" }
  /** Another table serves: the reader's rows are useless. */
  | { readonly outcome: "rebuilt" };

/** Milliseconds for which the view is brought forward at a time. Ours: less than the pause between two signs of life. */
const HELP_MS = 2_000;

export class LiveView {
  /** Reads of the view so far. */
  reads = 0;
  readonly store: Store;
  readonly #budget: Budget | undefined;
  readonly #view: View;
  readonly #conditions: readonly Condition[];
  #generation: string | undefined;
  /** The position of the rows that were sent last: older rows are never sent. */
  #told = 0;
  readonly #touched = new Set<string>();
  /** The rows of an event are unknown: the view has to show whether it gets past the event. */
  #unclear = false;
  /** The position of the last event that touched a row, or may have: the view has the rows as they are after it. */
  #touchedAt = 0;
  /** The position up to which rows were touched. */
  #position: number | undefined;
  /** Since when the view has been behind that, in milliseconds since 1970. */
  #behindSince: number | undefined;

  /** @param generation the table that the reader's rows are from; without it the one that serves now */
  constructor(store: Store, view: View, conditions: readonly Condition[], generation?: string) {
    this.store = store.counting();
    this.#budget = this.store.budget;
    this.#view = view;
    this.#conditions = conditions;
    this.#generation = generation;
  }

  /** The table that serves now. From here on the reader's rows are from that table. @throws {ColumnNotServed} */
  async start(): Promise<Served> {
    const served = servedBy(await this.#read([], "anywhere"));
    this.#generation ??= served.generation;
    return served;
  }

  /** The invocation has no room for another read. */
  get isSpent(): boolean {
    return this.reads >= LIVE_READS || this.#budget?.fits(LIVE_READ_CALLS) === false;
  }

  /** There is something to send. */
  get isPending(): boolean {
    return this.#position !== undefined;
  }

  /** Milliseconds for which the view has not reached what is to be sent. */
  get behindMs(): number {
    return this.#behindSince === undefined ? 0 : Date.now() - this.#behindSince;
  }

  /** Takes an event. If its rows are unknown, the view cannot fold it either, and stays before it. */
  touch(event: RecordedEvent & { readonly erased?: boolean; readonly unlifted?: string }): void {
    this.reached(event.position);
    if (event.erased) return;
    this.#touchedAt = event.position;
    if (event.unlifted !== undefined) {
      this.#unclear = true;
      return;
    }
    const { touches, failure } = touchesOf(this.#view, [event]);
    for (const key of touches.flatMap(({ keys }) => keys)) this.#touched.add(key);
    if (failure) this.#unclear = true;
  }

  /** No other event up to here concerns the view. */
  reached(position: number): void {
    this.#position = position;
  }

  /** Whether the reader's rows are from a table that does not serve any more. */
  async isRebuilt(): Promise<boolean> {
    const { table } = await this.#read([], "anywhere");
    return table.generation !== this.#generation;
  }

  /** Returns what has changed, or some of it. */
  async step(): Promise<Step> {
    const position = this.#position ?? 0;
    const asked = [...this.#touched].slice(0, LIVE_KEYS);
    if (asked.length > 0 || this.#unclear) {
      const atLeast = Math.max(this.#touchedAt, this.#told);
      let served = await this.#read(asked, "anywhere");
      if (served.position < atLeast) served = await this.#read(asked, "primary");
      if (served.table.generation !== this.#generation) return { outcome: "rebuilt" };
      if (served.position < atLeast) return this.#wait(atLeast);
      this.#told = served.position;
      const page = pageOf(served.results, LIVE_KEYS);
      const rows = new Map(page.rows.map((row) => [String(row[served.table.key]), served.table.fromSql(row)]));
      // Rows come in the order of their keys: what is beyond the last row of a cut page is sent next time.
      const last = page.hasMore ? [...rows.keys()].at(-1) : undefined;
      const keys = last === undefined ? asked : asked.filter((key) => Buffer.compare(Buffer.from(key), Buffer.from(last)) <= 0);
      for (const key of keys) this.#touched.delete(key);
      const changes = keys.map((key) => ({ key, ...(rows.has(key) ? { row: rows.get(key)! } : {}) }));
      if (this.#touched.size > 0) return { outcome: "changes", changes };
      this.#rest();
      return { outcome: "changes", changes, position };
    }
    this.#rest();
    return { outcome: "changes", changes: [], position };
  }

  #rest(): void {
    this.#unclear = false;
    this.#position = undefined;
    this.#behindSince = undefined;
  }

  /** Usually another worker brings the view forward. */
  async #wait(position: number): Promise<Step> {
    this.#behindSince ??= Date.now();
    if (this.behindMs >= LIVE_HELP_AFTER_MS && !this.store.readsOnly) {
      await project(this.store, this.#view, Date.now() + HELP_MS, { until: position });
    }
    return { outcome: "waiting" };
  }

  async #read(keys: readonly string[], from: "anywhere" | "primary"): Promise<ServedRows> {
    this.reads += 1;
    const isOther = (table: ViewTable) => this.#generation !== undefined && table.generation !== this.#generation;
    const statement = (table: ViewTable, db: D1Database) =>
      // A table that the reader does not follow need not have the columns that it asks for.
      isOther(table)
        ? table.select(db, this.store.name, [])
        : queryStatement(table, db, this.store.name, {
            conditions: [...this.#conditions, { column: { name: table.key, kind: "text" }, test: "any-of", values: keys }],
            limit: LIVE_KEYS,
          });
    const served = await readServing(this.store, this.#view, statement, from);
    // A replica may not know yet which table serves.
    return from === "anywhere" && isOther(served.table) ? this.#read(keys, "primary") : served;
  }
}
