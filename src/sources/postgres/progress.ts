/**
 * How far a source is, in the log and in the snapshots of tables, and what that leaves of a change: what an earlier portion, a snapshot or a page
 * has had is not given again. It asks the server nothing.
 */

import type { Effect } from "./change.ts";
import type { Cursor } from "./cursor.ts";
import type { Commit, Item, RowChange } from "./decode.ts";
import type { Lsn } from "./lsn.ts";
import type { Page } from "./page.ts";
import { SeenPage } from "./seen.ts";
import { Snapshot } from "./visible.ts";

/** One for each connection. */
export class Progress {
  cursor: Cursor;
  /** The page that was read last, as long as changes come that it may have seen. */
  seen: SeenPage | undefined;
  readonly #snapshots = new Map<string, Snapshot>();

  constructor(cursor: Cursor) {
    this.cursor = cursor;
    this.seen = cursor.seen && new SeenPage(cursor.seen);
  }

  /** The cursor as it is to be stored. */
  stored(): Cursor {
    const { seen: _, ...rest } = this.cursor;
    this.cursor = { ...rest, ...(this.seen ? { seen: this.seen.stored } : {}) };
    return this.cursor;
  }

  /** The first of these tables whose snapshot is not complete; undefined: all are. */
  nextTable(tables: ReadonlyMap<string, unknown>): string | undefined {
    return Object.entries(this.cursor.tables).find(([name, { isDone }]) => !isDone && tables.has(name))?.[0];
  }

  /** A page of the table's snapshot is read. */
  paged(table: string, { isLast, after, seen }: Page): void {
    this.seen = seen;
    const { after: _, ...rest } = this.cursor.tables[table]!;
    const next = { ...rest, isDone: isLast, ...(isLast || !after ? {} : { after }) };
    this.cursor = { ...this.cursor, tables: { ...this.cursor.tables, [table]: next } };
  }

  /** A transaction is read to its end. */
  committed({ transaction, end }: Commit): void {
    const { open: _, ...cursor } = this.cursor;
    this.cursor = { ...cursor, last: transaction.commit, at: end };
  }

  /** A change is read. */
  passed({ transaction, number }: RowChange): void {
    this.cursor = { ...this.cursor, open: { commit: transaction.commit, done: number + 1 } };
  }

  /** The log is read up to here. Once that is all that the last page can have seen, the page has no effect any more. */
  forgetSeen(place: Lsn): void {
    if (this.seen && place >= this.seen.stored.until) this.seen = undefined;
  }

  /** Nothing of concern is before this place. */
  arrived(place: Lsn): void {
    this.cursor = { ...this.cursor, at: place };
  }

  /** Whether an earlier portion has had it. */
  isRead(item: Item): boolean {
    const { transaction } = "commit" in item ? item.commit : item.change;
    const { last, open } = this.cursor;
    if (last !== undefined && transaction.commit <= last) return true;
    return "change" in item && open?.commit === transaction.commit && item.change.number < open.done;
  }

  /**
   * What is left of a change of a table that is followed; undefined: nothing.
   *
   * @param key the columns of the table's key
   */
  effectOf(change: RowChange, key: readonly string[]): Effect | undefined {
    if (this.#isInSnapshot(change)) return undefined;
    this.forgetSeen(change.transaction.commit);
    const effect = this.seen ? this.seen.effectOf(change, key) : change;
    if (effect !== "again") return effect;
    this.#beginAgain(change.relation.table);
    return change;
  }

  /** The table's snapshot, which comes as rows, is later than this change. */
  #isInSnapshot({ relation: { table }, transaction: { commit, xid } }: RowChange): boolean {
    const from = this.cursor.tables[table]?.from;
    if (!from || commit >= from.until) return false;
    let snapshot = this.#snapshots.get(from.snapshot);
    if (!snapshot) this.#snapshots.set(from.snapshot, (snapshot = new Snapshot(from.snapshot)));
    return snapshot.shows(xid);
  }

  #beginAgain(table: string): void {
    const { after: _, round, ...state } = this.cursor.tables[table]!;
    this.seen = undefined;
    this.cursor = { ...this.cursor, tables: { ...this.cursor.tables, [table]: { ...state, round: round + 1, isDone: false } } };
  }
}
