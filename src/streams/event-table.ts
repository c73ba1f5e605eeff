/** A stream's own events, in its object's SQLite. Append only; the primary key is the version. */

import { APPEND_BYTES, APPEND_EVENTS, PAGE_BYTES, SCAN_EVENTS } from "../core/limits.ts";
import { type StoredEvent, bytesOf } from "../core/event.ts";
import type { StreamReadRequest } from "../store/stream-protocol.ts";
import { hasTableWith } from "../core/sqlite.ts";
import { Tail } from "./tail.ts";

/**
 * One row written per event (measured; the primary key is the rowid). `STRICT`, so that no value of a wrong type gets in. The layout is
 * stored: add nullable columns, change nothing.
 */
const CREATE = `
  CREATE TABLE IF NOT EXISTS events (
    version        INTEGER PRIMARY KEY,
    id             TEXT    NOT NULL,
    type           TEXT    NOT NULL,
    data           TEXT    NOT NULL,
    meta           TEXT    NOT NULL,
    time           TEXT,                -- the writer's own text; NULL: recorded_at
    recorded_at    INTEGER NOT NULL,    -- milliseconds since 1970
    schema_version INTEGER NOT NULL,
    append         INTEGER NOT NULL,    -- version of the first event stored together with it
    erased         INTEGER,             -- 1: data and meta were blanked
    trace          TEXT                 -- traceparent of the request that led to it; NULL: it had none
  ) STRICT`;

const COLUMNS = `version, id, type, data, meta, time, recorded_at AS recordedAt, schema_version AS schemaVersion, erased, trace`;

type Row = Record<keyof StoredEvent, SqlStorageValue>;

export class EventTable {
  readonly #sql: SqlStorage;
  readonly #tail = new Tail();
  #exists: boolean;
  #head: number;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#exists = hasTableWith(sql, "events", "trace", "TEXT");
    this.#head = this.#exists ? Number(sql.exec(`SELECT COALESCE(MAX(version), 0) AS head FROM events`).one().head) : 0;
  }

  /** The stream's version. 0: never written. */
  get head(): number {
    return this.#head;
  }

  /** Inserts events that follow the head. Call it inside `transactionSync`, and {@link advance} after that has returned. */
  insert(events: readonly StoredEvent[]): void {
    if (!this.#exists) this.#sql.exec(CREATE);
    for (const event of events) {
      this.#sql.exec(
        `INSERT INTO events (version, id, type, data, meta, time, recorded_at, schema_version, append, erased, trace)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        event.version,
        event.id,
        event.type,
        event.data,
        event.meta,
        event.time,
        event.recordedAt,
        event.schemaVersion,
        this.#head + 1,
        event.erased ? 1 : null,
        event.trace ?? null,
      );
    }
  }

  /** Removes the content of events before a version. Call it inside `transactionSync`. */
  blankBefore(version: number): void {
    this.#tail.forget();
    this.#sql.exec(`UPDATE events SET data = '{}', meta = '{}', trace = NULL, erased = 1 WHERE version < ?`, version);
  }

  /** Moves the head, after the transaction that inserted these events. */
  advance(events: readonly StoredEvent[]): void {
    this.#exists = true;
    this.#head += events.length;
    this.#tail.take(events);
  }

  /** The log has everything up to this version, so nothing will read it soon. */
  sequenced(version: number): void {
    this.#tail.release(version);
  }

  /** The events of versions `from`…`to`, in order. */
  range(from: number, to: number): readonly StoredEvent[] {
    if (!this.#exists) return [];
    const known = this.#tail.range(from, to);
    if (known) return known;
    return this.#sql
      .exec<Row>(`SELECT ${COLUMNS} FROM events WHERE version BETWEEN ? AND ? ORDER BY version`, from, to)
      .toArray() as unknown as StoredEvent[];
  }

  /** The event's id at a version. */
  idAt(version: number): string | undefined {
    if (!this.#exists) return undefined;
    return this.#sql.exec<{ id: string }>(`SELECT id FROM events WHERE version = ?`, version).toArray()[0]?.id;
  }

  /** The versions of the first and last event that were stored together with the one at `version`. */
  appendAround(version: number): { first: number; last: number } {
    const first = Number(this.#sql.exec(`SELECT append FROM events WHERE version = ?`, version).one().append);
    const later = this.#sql.exec(`SELECT version FROM events WHERE version > ? AND append > ? ORDER BY version LIMIT 1`, version, first);
    const next = later.toArray()[0];
    return { first, last: next ? Number(next.version) - 1 : this.#head };
  }

  /**
   * One page, bounded in events and bytes. A filtered page is also bounded in the events it examines, so that a rare type cannot make it
   * read for ever. `next`: the version at which the next page begins; it may be present after a page without events.
   */
  page({ from, to, limit, direction, types }: StreamReadRequest): { events: StoredEvent[]; next?: number } {
    if (!this.#exists || from > to) return { events: [] };
    const forward = direction === "forward";
    const order = forward ? "ASC" : "DESC";
    const low = types && !forward ? Math.max(from, to - SCAN_EVENTS + 1) : from;
    const high = types && forward ? Math.min(to, from + SCAN_EVENTS - 1) : to;
    const ofTypes = types ? `AND type IN (SELECT value FROM json_each(?))` : "";
    const rows = this.#sql.exec<Row>(
      `SELECT ${COLUMNS} FROM events WHERE version BETWEEN ? AND ? ${ofTypes} ORDER BY version ${order} LIMIT ?`,
      low,
      high,
      ...(types ? [JSON.stringify(types)] : []),
      limit + 1,
    );
    const events: StoredEvent[] = [];
    let bytes = 0;
    for (const row of rows as unknown as Iterable<StoredEvent>) {
      bytes += bytesOf(row);
      if (events.length === limit || (bytes > PAGE_BYTES && events.length > 0)) return { events, next: row.version };
      events.push(row);
    }
    const isAll = forward ? high === to : low === from;
    return isAll ? { events } : { events, next: forward ? high + 1 : low - 1 };
  }

  /**
   * What to send to the log next, from `from` on: whole appends only, because the events of one append get consecutive positions; at least
   * one append, else about as much as the largest append may hold.
   */
  unsequenced(from: number): readonly StoredEvent[] {
    if (from > this.#head) return [];
    const known = this.#tail.range(from, this.#head);
    if (known) return known;
    const rows = this.#sql.exec<Row & { append: number }>(
      `SELECT ${COLUMNS}, append FROM events WHERE version >= ? ORDER BY version LIMIT ?`,
      from,
      2 * APPEND_EVENTS,
    );
    const batch: StoredEvent[] = [];
    let whole = 0;
    let bytes = 0;
    let append: number | undefined;
    for (const row of rows as unknown as Iterable<StoredEvent & { append: number }>) {
      if (append !== undefined && row.append !== append) {
        whole = batch.length;
        if (bytes > APPEND_BYTES) break;
      }
      const { append: mine, ...event } = row;
      append = mine;
      bytes += bytesOf(event);
      batch.push(event);
    }
    return batch.at(-1)?.version === this.#head ? batch : batch.slice(0, whole);
  }
}
