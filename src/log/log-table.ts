/** The log's events, in its object's SQLite: every event of a store, in one order (promise 3). */

import { PAGE_BYTES, SCAN_EVENTS } from "../limits.ts";
import type { LoggedEvent, StoredEvent } from "../event.ts";
import type { LogFilter, LogPage, LogReadRequest, Sequenced } from "../protocol.ts";

/**
 * Two rows written per event (measured): the event, and its entry in the one index, which makes a second copy of
 * an event impossible and answers everything that is asked by stream. The layout is stored: add nullable columns, change nothing.
 */
const CREATE = [
  `CREATE TABLE IF NOT EXISTS log (
    position       INTEGER PRIMARY KEY,
    stream         TEXT    NOT NULL,
    version        INTEGER NOT NULL,
    id             TEXT    NOT NULL,
    type           TEXT    NOT NULL,
    data           TEXT    NOT NULL,
    meta           TEXT    NOT NULL,
    time           TEXT,
    recorded_at    INTEGER NOT NULL,
    schema_version INTEGER NOT NULL
  ) STRICT`,
  `CREATE UNIQUE INDEX IF NOT EXISTS log_by_stream ON log (stream, version)`,
];

const COLUMNS = `position, stream, version, id, type, data, meta, time, recorded_at AS recordedAt, schema_version AS schemaVersion`;

/** Heads of streams kept in memory. Ours: about 10 MB. The others are looked up in the index. */
const REMEMBERED_HEADS = 50_000;

export class LogTable {
  readonly #sql: SqlStorage;
  #exists = false;
  #head = 0;
  #heads = new Map<string, number>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.reload();
  }

  /** Forgets what is in memory, when a transaction that had moved it did not commit. */
  reload(): void {
    this.#heads.clear();
    // No table before the first event: asking for stores that do not exist must not leave databases behind.
    this.#exists = this.#sql.exec(`SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'log'`).toArray().length > 0;
    this.#head = this.#exists ? Number(this.#sql.exec(`SELECT COALESCE(MAX(position), 0) AS head FROM log`).one().head) : 0;
  }

  /** The last position. 0: empty. */
  get head(): number {
    return this.#head;
  }

  /**
   * Takes a stream's events, contiguously: what is there already is ignored, and nothing is taken across a gap.
   * That alone makes the call idempotent and keeps the log exact. Call inside `transactionSync`.
   */
  accept(stream: string, events: readonly StoredEvent[]): Sequenced {
    const head = this.#headOf(stream);
    const known = events.findLast((event) => event.version <= head);
    if (known && !this.#has(stream, known)) return { head, diverged: true };
    const fresh = events.filter((event) => event.version > head);
    const first = fresh[0];
    if (first === undefined || first.version !== head + 1) return { head };
    if (!this.#exists) for (const statement of CREATE) this.#sql.exec(statement);
    this.#exists = true;
    const position = this.#head + 1;
    for (const event of fresh) {
      this.#head += 1;
      this.#sql.exec(
        `INSERT INTO log (position, stream, version, id, type, data, meta, time, recorded_at, schema_version)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        this.#head,
        stream,
        event.version,
        event.id,
        event.type,
        event.data,
        event.meta,
        event.time,
        event.recordedAt,
        event.schemaVersion,
      );
    }
    const last = first.version + fresh.length - 1;
    this.#remember(stream, last);
    return { head: last, first: { version: first.version, position } };
  }

  /** One page. A filtered one looks at a bounded number of entries and says how far it came. */
  page(request: LogReadRequest): LogPage {
    const { direction = "forward", limit, to, after } = request;
    return direction === "forward"
      ? this.#forward(after ?? 0, Math.min(to ?? this.#head, this.#head), limit, request)
      : this.#backward(Math.min(after ?? this.#head + 1, this.#head + 1), Math.max(to ?? 1, 1), limit, request);
  }

  /** The positions of a stream's versions, by version. */
  positions(stream: string, from: number, to: number): Record<number, number> {
    if (!this.#exists) return {};
    const rows = this.#sql.exec<{ version: number; position: number }>(
      `SELECT version, position FROM log WHERE stream = ? AND version BETWEEN ? AND ?`,
      stream,
      from,
      to,
    );
    return Object.fromEntries([...rows].map(({ version, position }) => [version, position]));
  }

  #forward(after: number, to: number, limit: number, filter: LogFilter): LogPage {
    if (!this.#exists || after >= to) return { events: [], next: after, head: this.#head };
    const until = isFiltered(filter) ? Math.min(to, after + SCAN_EVENTS) : to;
    const { events, cut } = this.#scan(
      `position > ? AND position <= ? ${where(filter)} ORDER BY position`,
      [after, until, ...values(filter)],
      limit,
    );
    const last = events.at(-1)?.position;
    return { events, next: cut && last !== undefined ? last : until, head: this.#head };
  }

  #backward(after: number, to: number, limit: number, filter: LogFilter): LogPage {
    if (!this.#exists || after <= to) return { events: [], next: null, head: this.#head };
    const until = isFiltered(filter) ? Math.max(to, after - SCAN_EVENTS) : to;
    const { events, cut } = this.#scan(
      `position < ? AND position >= ? ${where(filter)} ORDER BY position DESC`,
      [after, until, ...values(filter)],
      limit,
    );
    const last = cut ? (events.at(-1)?.position ?? until) : until;
    return { events, next: last <= to ? null : last, head: this.#head };
  }

  #scan(condition: string, bindings: SqlStorageValue[], limit: number): { events: LoggedEvent[]; cut: boolean } {
    const rows = this.#sql.exec(`SELECT ${COLUMNS} FROM log WHERE ${condition} LIMIT ?`, ...bindings, limit + 1);
    const events: LoggedEvent[] = [];
    let bytes = 0;
    for (const row of rows as unknown as Iterable<LoggedEvent>) {
      bytes += row.data.length + row.meta.length;
      if (events.length === limit || (bytes > PAGE_BYTES && events.length > 0)) return { events, cut: true };
      events.push(row);
    }
    return { events, cut: false };
  }

  /** Asked of repeats only, so it costs a normal write nothing. */
  #has(stream: string, { version, id }: StoredEvent): boolean {
    return this.#sql.exec(`SELECT 1 FROM log WHERE stream = ? AND version = ? AND id = ?`, stream, version, id).toArray().length > 0;
  }

  #headOf(stream: string): number {
    const known = this.#heads.get(stream);
    if (known !== undefined) return known;
    if (!this.#exists) return 0;
    return Number(this.#sql.exec(`SELECT COALESCE(MAX(version), 0) AS head FROM log WHERE stream = ?`, stream).one().head);
  }

  #remember(stream: string, head: number): void {
    this.#heads.delete(stream); // so that the map's order is the order of use
    this.#heads.set(stream, head);
    if (this.#heads.size > REMEMBERED_HEADS)
      for (const oldest of this.#heads.keys()) {
        this.#heads.delete(oldest);
        break;
      }
  }
}

function isFiltered(filter: LogFilter): boolean {
  return filter.types !== undefined || filter.categories !== undefined;
}

function where({ types, categories, stream }: LogFilter): string {
  return [
    types ? `AND type IN (SELECT value FROM json_each(?))` : "",
    categories ? `AND substr(stream, 1, instr(stream, '/') - 1) IN (SELECT value FROM json_each(?))` : "",
    stream === undefined ? "" : `AND stream = ?`,
  ].join(" ");
}

function values({ types, categories, stream }: LogFilter): SqlStorageValue[] {
  return [
    ...(types ? [JSON.stringify(types)] : []),
    ...(categories ? [JSON.stringify(categories)] : []),
    ...(stream === undefined ? [] : [stream]),
  ];
}
