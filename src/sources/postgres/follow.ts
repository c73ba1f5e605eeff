/**
 * The connection of a source: changes from the slot in turn with pages of snapshots.
 *
 * What is read is counted in the cursor at once, so that reading goes on behind it. The slot itself is moved only by what the engine
 * acknowledges, and never beyond what a stored cursor says (`at`): a slot that is further was moved by somebody else.
 */

import { type Change, type Connection, type Portion, SourceStopped } from "../../definitions/sources/kind.ts";
import type { JsonValue } from "../../core/event.ts";
import { canonical } from "../../core/json.ts";
import { changeOfLog, changeOfSnapshot } from "./change.ts";
import { RECORD, lost, taken } from "./claim.ts";
import type { Cursor } from "./cursor.ts";
import type { Item, RowChange } from "./decode.ts";
import { lagOf, warningsOf } from "./lag.ts";
import { type Lsn, bytesBetween, shown } from "./lsn.ts";
import { pageOf } from "./page.ts";
import { Peek, type Standing } from "./peek.ts";
import { type Prepared, type Wanted, prepare } from "./prepare.ts";
import { SeenPage } from "./seen.ts";
import { LONG_STATEMENT_MS, type Session, literal, stateOf } from "./session.ts";
import { Types } from "./values.ts";
import { Snapshot } from "./visible.ts";

/** Bytes of log without a change of concern after which the slot is moved all the same. Ours: it costs a write of the source's object. */
const IDLE_BYTES = 1024 * 1024;

/** What a reading of the log has come to. */
interface Reading {
  readonly changes: readonly Change[];
  /** There is no more in the slot now. */
  readonly isAtEnd: boolean;
}

export class Following implements Connection {
  readonly #session: Session;
  readonly #wanted: Wanted;
  readonly #types = new Types();
  /** How far each portion lets the slot be moved. */
  readonly #ends = new WeakMap<Portion, Lsn>();
  readonly #snapshots = new Map<string, Snapshot>();
  #cursor: Cursor;
  #prepared: Prepared | undefined;
  #seen: SeenPage | undefined;
  #peek: Peek | undefined;
  #standing: Standing | undefined;
  /** The end of the log as it was some time ago: by now it is on the disk. */
  #endBefore: Lsn | undefined;
  /** The engine has acknowledged so far. */
  #acknowledged: Lsn | undefined;
  #moved: Lsn | undefined;
  #isAnnounced = false;
  /** The cursor as it was given out last. */
  #stored: string | undefined;
  /** Readings of this size found only what is read already. */
  #factor = 1;

  constructor(session: Session, wanted: Wanted, cursor: Cursor) {
    this.#session = session;
    this.#wanted = wanted;
    this.#cursor = cursor;
    if (cursor.at !== undefined) this.#stored = canonical(cursor);
    this.#seen = cursor.seen && new SeenPage(cursor.seen);
  }

  async read(limit: number): Promise<Portion> {
    // The ids of changes derive from it: it is stored before anything is made outside, or read.
    if (this.#cursor.at === undefined && !this.#isAnnounced) {
      this.#isAnnounced = true;
      return this.#portion({ changes: [], isAtEnd: false });
    }
    if (!this.#prepared) {
      const isNew = this.#cursor.at === undefined;
      this.#prepared = await prepare(this.#session, this.#wanted, this.#cursor);
      this.#cursor = this.#prepared.cursor;
      if (isNew) return this.#portion({ changes: [], isAtEnd: false });
    }
    try {
      for (;;) {
        const page = this.#peek || this.#seen ? undefined : await this.#readPage(limit);
        if (page) return this.#portion({ changes: page, isAtEnd: false });
        const reading = await this.#readLog(limit);
        // Between two pages nothing may have happened.
        const goesOn = reading.changes.length === 0 && reading.isAtEnd && !this.#seen && this.#nextTable() !== undefined;
        if (!goesOn) return this.#portion(reading);
      }
    } catch (error) {
      this.#peek = undefined;
      await this.#session.rollBack();
      throw await this.#explained(error);
    }
  }

  async acknowledge(portion: Portion): Promise<void> {
    this.#acknowledged = this.#ends.get(portion) ?? this.#acknowledged;
    // While a reading is open, its transaction is: the slot is moved behind all of it at once.
    if (!this.#peek) await this.#move();
  }

  async close(): Promise<void> {
    await this.#session.close();
  }

  #nextTable(): string | undefined {
    const { tables } = this.#prepared!;
    return Object.entries(this.#cursor.tables).find(([name, { isDone }]) => !isDone && tables.has(name))?.[0];
  }

  /** The next rows of the first table whose snapshot is not complete; undefined: all are. */
  async #readPage(limit: number): Promise<readonly Change[] | undefined> {
    if (this.#nextTable() === undefined) return undefined;
    // Their columns may have changed since the last page.
    this.#prepared = { ...this.#prepared!, tables: await this.#prepared!.look() };
    for (let name = this.#nextTable(); name !== undefined; name = this.#nextTable()) {
      const state = this.#cursor.tables[name]!;
      const table = this.#prepared.tables.get(name)!;
      const { rows, isLast, after, seen } = await pageOf(this.#session, this.#types, table, state, limit);
      this.#seen = seen;
      const { after: _, ...rest } = state;
      const next = { ...rest, isDone: isLast, ...(isLast || !after ? {} : { after }) };
      this.#cursor = { ...this.#cursor, tables: { ...this.#cursor.tables, [name]: next } };
      if (rows.length > 0) return rows.map((row) => changeOfSnapshot(this.#cursor.epoch, state.round, table, row, this.#types));
    }
    return undefined;
  }

  async #readLog(limit: number): Promise<Reading> {
    const { names } = this.#wanted;
    if (!this.#peek) {
      await this.#move();
      this.#peek = await Peek.open(this.#session, this.#types, { ...names, factor: this.#factor });
      this.#standing = this.#peek.standing;
      this.#requireOwn(this.#standing);
    }
    const peek = this.#peek;
    const changes: Change[] = [];
    let isHeldBack = false;
    let isNews = false;
    for (;;) {
      const items = await peek.fill(limit - changes.length);
      if (items.length === 0) break;
      let count = 0;
      for (const item of items) {
        if (changes.length >= limit && "change" in item) break;
        if (this.#isRead(item)) {
          count++;
          continue;
        }
        isHeldBack = !(await this.#isVisible(peek, item));
        if (isHeldBack) break;
        isNews = true;
        if ("commit" in item) {
          const { transaction, end } = item.commit;
          const { open: _, ...cursor } = this.#cursor;
          this.#cursor = { ...cursor, last: transaction.commit, at: end };
        } else changes.push(...this.#given(item.change));
        count++;
      }
      peek.drop(count);
      if (isHeldBack || count < items.length || changes.length >= limit) break;
    }
    const isRead = peek.isFetched && (await peek.fill(0)).length === 0;
    if (isRead || isHeldBack) await this.#endPeek();
    if (isRead && !peek.isWhole && !isNews) this.#factor *= 2;
    else if (isNews) this.#factor = 1;
    const isAtEnd = isRead && peek.isWhole;
    if (isAtEnd) await this.#arrive(peek.standing, changes.length > 0);
    return { changes, isAtEnd: isAtEnd || (isHeldBack && changes.length === 0) };
  }

  async #endPeek(): Promise<void> {
    const peek = this.#peek;
    this.#peek = undefined;
    await peek?.close();
  }

  /** The log is read to its end: nothing of concern is before `end`, if all of it was on the disk. */
  async #arrive({ end, flushed, confirmed }: Standing, hasChanges: boolean): Promise<void> {
    if (this.#seen && flushed >= this.#seen.stored.until) this.#seen = undefined;
    // A commit writes what is before it to the disk. Otherwise, in an idle database, the end of the log might not be there for long.
    if (this.#seen)
      await this.#session.transaction(["SET LOCAL synchronous_commit = local", "SELECT pg_logical_emit_message(true, 'headspring', '')"]);
    const place = flushed >= end ? end : this.#endBefore !== undefined && flushed >= this.#endBefore ? this.#endBefore : undefined;
    this.#endBefore = end;
    // One write of the source's object for each so many bytes of a busy database. Changes bring one anyway.
    if (place !== undefined && place > this.#cursor.at! && (hasChanges || isFar(confirmed, place)))
      this.#cursor = { ...this.#cursor, at: place };
  }

  /** Whether an earlier portion has had it. */
  #isRead(item: Item): boolean {
    const { transaction } = "commit" in item ? item.commit : item.change;
    const { last, open } = this.#cursor;
    if (last !== undefined && transaction.commit <= last) return true;
    return "change" in item && open?.commit === transaction.commit && item.change.number < open.done;
  }

  async #isVisible(peek: Peek, item: Item): Promise<boolean> {
    const { xid } = ("commit" in item ? item.commit : item.change).transaction;
    if (peek.snapshot.shows(xid)) return true;
    // A transaction is in the log a moment before it is visible, and with synchronous replication for as long as that takes.
    await peek.lookAgain();
    return peek.snapshot.shows(xid);
  }

  #given(change: RowChange): readonly Change[] {
    const { transaction, number, relation } = change;
    this.#cursor = { ...this.#cursor, open: { commit: transaction.commit, done: number + 1 } };
    if (!this.#wanted.tables.includes(relation.table)) return [];
    if (this.#isInSnapshot(change)) return [];
    if (this.#seen && transaction.commit >= this.#seen.stored.until) this.#seen = undefined;
    const key = this.#keyOf(change);
    const effect = this.#seen ? this.#seen.effectOf(change, key) : change;
    if (effect === undefined) return [];
    if (effect === "again") this.#beginAgain(relation.table);
    return [changeOfLog(this.#cursor.epoch, change, effect === "again" ? change : effect, key, this.#types)];
  }

  /** The table's snapshot, which comes as rows, is later than this change. */
  #isInSnapshot({ relation: { table }, transaction: { commit, xid } }: RowChange): boolean {
    const from = this.#cursor.tables[table]?.from;
    if (!from || commit >= from.until) return false;
    let snapshot = this.#snapshots.get(from.snapshot);
    if (!snapshot) this.#snapshots.set(from.snapshot, (snapshot = new Snapshot(from.snapshot)));
    return snapshot.shows(xid);
  }

  /** The key as it is now, if the change is of a time when its columns were there. */
  #keyOf({ relation }: RowChange): readonly string[] {
    const key = this.#prepared!.tables.get(relation.table)?.key;
    return key && key.every((column) => relation.columns.some(({ name }) => name === column)) ? key : relation.keyColumns;
  }

  #beginAgain(table: string): void {
    const { after: _, round, ...state } = this.#cursor.tables[table]!;
    this.#seen = undefined;
    this.#cursor = { ...this.#cursor, tables: { ...this.#cursor.tables, [table]: { ...state, round: round + 1, isDone: false } } };
  }

  #portion({ changes, isAtEnd }: Reading): Portion {
    const { seen: _, ...rest } = this.#cursor;
    this.#cursor = { ...rest, ...(this.#seen ? { seen: this.#seen.stored } : {}) };
    const cursor = canonical(this.#cursor);
    // A look that finds nothing costs no write.
    const isOther = cursor !== this.#stored;
    this.#stored = cursor;
    const standing = this.#standing;
    const { at, open } = this.#cursor;
    const warning = [...(this.#prepared?.warnings ?? []), ...warningsOf(this.#wanted.names.slot, standing)].join("; ");
    const position = open ? `${shown(open.commit)}/${open.done - 1}` : at && shown(at);
    const portion: Portion = {
      changes,
      hasMore: !isAtEnd || this.#seen !== undefined,
      // As the engine keeps it: plain JSON.
      ...(isOther ? { cursor: JSON.parse(cursor) as JsonValue } : {}),
      ...(isOther && position !== undefined ? { position } : {}),
      ...(standing && at !== undefined ? { lag: lagOf(standing, at, isAtEnd, changes.at(-1)) } : {}),
      ...(warning === "" ? {} : { warning }),
    };
    if (at !== undefined) this.#ends.set(portion, at);
    return portion;
  }

  /** Moves the slot as far as is acknowledged. */
  async #move(): Promise<void> {
    const to = this.#acknowledged;
    if (to === undefined || (this.#moved !== undefined && to <= this.#moved)) return;
    const { slot, owner } = this.#wanted.names;
    const rows = await this.#session.transaction(
      [
        `SELECT record.owner, CASE WHEN slot.confirmed_flush_lsn < ${literal(shown(to))}::pg_lsn THEN pg_replication_slot_advance(${literal(slot)}, ${literal(shown(to))}) END
FROM ${RECORD} AS record LEFT JOIN pg_catalog.pg_replication_slots AS slot ON slot.slot_name = record.slot WHERE record.slot = ${literal(slot)} AND record.owner = ${literal(owner)}`,
      ],
      LONG_STATEMENT_MS,
    );
    if (rows.length === 0) throw new SourceStopped(taken(this.#wanted.names, undefined));
    this.#moved = to;
  }

  #requireOwn({ owner, claimedBy, confirmed }: Standing): void {
    const { names } = this.#wanted;
    if (owner !== names.owner) throw new SourceStopped(taken(names, claimedBy));
    if (confirmed > this.#cursor.at!)
      throw new SourceStopped(
        `another program has moved the slot ${names.slot} to ${shown(confirmed)}, beyond ${shown(this.#cursor.at!)}, so changes may be missing. A reset of the source begins again, with a snapshot`,
      );
  }

  async #explained(error: unknown): Promise<unknown> {
    const { slot, publication } = this.#wanted.names;
    const message = error instanceof Error ? error.message : "";
    switch (stateOf(error)) {
      case "55006": {
        const by = await this.#session
          .transaction([
            `SELECT 'process ' || pid || coalesce(' (' || nullif(application_name, '') || ')', '') FROM pg_catalog.pg_replication_slots JOIN pg_catalog.pg_stat_activity ON pid = active_pid WHERE slot_name = ${literal(slot)}`,
          ])
          .catch(() => []);
        return new Error(`the slot ${slot} is in use by ${by[0]?.[0] ?? "another connection"}: a slot can have one reader`, {
          cause: error,
        });
      }
      case "42704":
        if (message.includes("publication"))
          return new SourceStopped(
            `the publication ${publication} is younger than what the slot has still to read, so it cannot be used for that. A reset of the source begins again`,
          );
        return new SourceStopped(
          `the slot ${slot} was dropped, so changes are missing. A reset of the source begins again, with a snapshot`,
        );
      case "42P01":
        return new SourceStopped(taken(this.#wanted.names, undefined));
      case "55000":
        return /slot/.test(message) ? new SourceStopped(lost(slot)) : error;
      default:
        return error;
    }
  }
}

function isFar(from: Lsn, to: Lsn): boolean {
  return bytesBetween(from, to) >= IDLE_BYTES;
}
