/**
 * The connection of a source: changes from the slot in turn with pages of snapshots.
 *
 * What is read is counted in the cursor at once (progress.ts), so that reading goes on behind it. The slot itself is moved only by what the
 * engine acknowledges (slot.ts).
 */

import type { Change, Connection, Portion } from "../../definitions/sources/kind.ts";
import type { JsonValue } from "../../core/event.ts";
import { canonical } from "../../core/json.ts";
import { changeOfLog, changeOfSnapshot } from "./change.ts";
import type { Cursor } from "./cursor.ts";
import type { Item, RowChange } from "./decode.ts";
import { lagOf, warningsOf } from "./lag.ts";
import { type Lsn, bytesBetween, shown } from "./lsn.ts";
import { pageOf } from "./page.ts";
import { Peek, type Standing } from "./peek.ts";
import { type Prepared, type Wanted, prepare } from "./prepare.ts";
import { Progress } from "./progress.ts";
import type { Session } from "./session.ts";
import { HeldSlot } from "./slot.ts";
import { Types } from "./values.ts";

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
  readonly #slot: HeldSlot;
  readonly #progress: Progress;
  readonly #types = new Types();
  /** How far each portion lets the slot be moved. */
  readonly #ends = new WeakMap<Portion, Lsn>();
  #prepared: Prepared | undefined;
  #peek: Peek | undefined;
  #standing: Standing | undefined;
  /** The end of the log as it was some time ago: by now it is on the disk. */
  #endBefore: Lsn | undefined;
  #isAnnounced = false;
  /** The cursor as it was given out last. */
  #stored: string | undefined;
  /** Readings of this size found only what is read already. */
  #factor = 1;

  constructor(session: Session, wanted: Wanted, cursor: Cursor) {
    this.#session = session;
    this.#wanted = wanted;
    this.#slot = new HeldSlot(session, wanted.names);
    this.#progress = new Progress(cursor);
    if (cursor.at !== undefined) this.#stored = canonical(cursor);
  }

  async read(limit: number): Promise<Portion> {
    // The ids of changes derive from it: it is stored before anything is made outside, or read.
    if (this.#progress.cursor.at === undefined && !this.#isAnnounced) {
      this.#isAnnounced = true;
      return this.#portion({ changes: [], isAtEnd: false });
    }
    if (!this.#prepared) {
      const isNew = this.#progress.cursor.at === undefined;
      this.#prepared = await prepare(this.#session, this.#wanted, this.#progress.cursor);
      this.#progress.cursor = this.#prepared.cursor;
      if (isNew) return this.#portion({ changes: [], isAtEnd: false });
    }
    try {
      for (;;) {
        const page = this.#peek || this.#progress.seen ? undefined : await this.#readPage(limit);
        if (page) return this.#portion({ changes: page, isAtEnd: false });
        const reading = await this.#readLog(limit);
        // Between two pages nothing may have happened.
        const goesOn = reading.changes.length === 0 && reading.isAtEnd && !this.#progress.seen && this.#nextTable() !== undefined;
        if (!goesOn) return this.#portion(reading);
      }
    } catch (error) {
      this.#peek = undefined;
      await this.#session.rollBack();
      throw await this.#slot.explained(error);
    }
  }

  async acknowledge(portion: Portion): Promise<void> {
    const end = this.#ends.get(portion);
    if (end !== undefined) this.#slot.acknowledge(end);
    // While a reading is open, its transaction is: the slot is moved behind all of it at once.
    if (!this.#peek) await this.#slot.move();
  }

  async close(): Promise<void> {
    await this.#session.close();
  }

  #nextTable(): string | undefined {
    return this.#progress.nextTable(this.#prepared!.tables);
  }

  /** The next rows of the first table whose snapshot is not complete; undefined: all are. */
  async #readPage(limit: number): Promise<readonly Change[] | undefined> {
    if (this.#nextTable() === undefined) return undefined;
    // Their columns may have changed since the last page.
    this.#prepared = { ...this.#prepared!, tables: await this.#prepared!.look() };
    for (let name = this.#nextTable(); name !== undefined; name = this.#nextTable()) {
      const state = this.#progress.cursor.tables[name]!;
      const table = this.#prepared.tables.get(name)!;
      const page = await pageOf(this.#session, this.#types, table, state, limit);
      const { rows } = page;
      this.#progress.paged(name, page);
      if (rows.length > 0) return rows.map((row) => changeOfSnapshot(this.#progress.cursor.epoch, state.round, table, row, this.#types));
    }
    return undefined;
  }

  async #readLog(limit: number): Promise<Reading> {
    const { names } = this.#wanted;
    if (!this.#peek) {
      await this.#slot.move();
      this.#peek = await Peek.open(this.#session, this.#types, { ...names, factor: this.#factor });
      this.#standing = this.#peek.standing;
      this.#slot.requireOwn(this.#standing, this.#progress.cursor.at!);
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
        if (this.#progress.isRead(item)) {
          count++;
          continue;
        }
        isHeldBack = !(await this.#isVisible(peek, item));
        if (isHeldBack) break;
        isNews = true;
        if ("commit" in item) this.#progress.committed(item.commit);
        else changes.push(...this.#given(item.change));
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
    this.#progress.forgetSeen(flushed);
    // A commit writes what is before it to the disk. Otherwise, in an idle database, the end of the log might not be there for long.
    if (this.#progress.seen)
      await this.#session.transaction(["SET LOCAL synchronous_commit = local", "SELECT pg_logical_emit_message(true, 'headspring', '')"]);
    const place = flushed >= end ? end : this.#endBefore !== undefined && flushed >= this.#endBefore ? this.#endBefore : undefined;
    this.#endBefore = end;
    // One write of the source's object for each so many bytes of a busy database. Changes bring one anyway.
    if (place !== undefined && place > this.#progress.cursor.at! && (hasChanges || isFar(confirmed, place))) this.#progress.arrived(place);
  }

  async #isVisible(peek: Peek, item: Item): Promise<boolean> {
    const { xid } = ("commit" in item ? item.commit : item.change).transaction;
    if (peek.snapshot.shows(xid)) return true;
    // A transaction is in the log a moment before it is visible, and with synchronous replication for as long as that takes.
    await peek.lookAgain();
    return peek.snapshot.shows(xid);
  }

  #given(change: RowChange): readonly Change[] {
    this.#progress.passed(change);
    if (!this.#wanted.tables.includes(change.relation.table)) return [];
    const key = this.#keyOf(change);
    const effect = this.#progress.effectOf(change, key);
    return effect ? [changeOfLog(this.#progress.cursor.epoch, change, effect, key, this.#types)] : [];
  }

  /** The key as it is now, if the change is of a time when its columns were there. */
  #keyOf({ relation }: RowChange): readonly string[] {
    const key = this.#prepared!.tables.get(relation.table)?.key;
    return key && key.every((column) => relation.columns.some(({ name }) => name === column)) ? key : relation.keyColumns;
  }

  #portion({ changes, isAtEnd }: Reading): Portion {
    const current = this.#progress.stored();
    const { at, open } = current;
    const cursor = canonical(current);
    // A look that finds nothing costs no write.
    const isOther = cursor !== this.#stored;
    this.#stored = cursor;
    const standing = this.#standing;
    const warning = [...(this.#prepared?.warnings ?? []), ...warningsOf(this.#wanted.names.slot, standing)].join("; ");
    const position = open ? `${shown(open.commit)}/${open.done - 1}` : at && shown(at);
    const portion: Portion = {
      changes,
      hasMore: !isAtEnd || this.#progress.seen !== undefined,
      // As the engine keeps it: plain JSON.
      ...(isOther ? { cursor: JSON.parse(cursor) as JsonValue } : {}),
      ...(isOther && position !== undefined ? { position } : {}),
      ...(standing && at !== undefined ? { lag: lagOf(standing, at, isAtEnd, changes.at(-1)) } : {}),
      ...(warning === "" ? {} : { warning }),
    };
    if (at !== undefined) this.#ends.set(portion, at);
    return portion;
  }
}

function isFar(from: Lsn, to: Lsn): boolean {
  return bytesBetween(from, to) >= IDLE_BYTES;
}
