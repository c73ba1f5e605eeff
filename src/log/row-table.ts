/**
 * A segment's events as version 0.1 stored them: a row each, and another one for the index. Such a segment stays as it is until it is full.
 * Nothing makes such a table any more; how version 0.1 made it is in test/workers/stored.ts.
 */

import { PAGE_BYTES, SCAN_EVENTS } from "../core/limits.ts";
import { type LoggedEvent, type StoredEvent, bytesOf, erases } from "../core/event.ts";
import type { LogPage, LogReadRequest, Sequenced, StreamSummary } from "../store/log-protocol.ts";
import { hasTableWith } from "../core/sqlite.ts";
import { bindingsOf, conditionsOf, isSparse } from "./filter.ts";
import type { LogTable } from "./log-table.ts";
import { RememberedHeads } from "./remembered-heads.ts";
import { StreamIndex } from "./stream-index.ts";

const COLUMNS = `position, stream, version, id, type, data, meta, time, recorded_at AS recordedAt, schema_version AS schemaVersion, erased, trace`;

export class RowTable implements LogTable {
  readonly #sql: SqlStorage;
  readonly #streams: StreamIndex;
  readonly #first: number;
  #head = 0;
  readonly #heads = new RememberedHeads();

  /** @param first the first position that belongs here; above 1 in the later segments of a log */
  constructor(sql: SqlStorage, first: number) {
    this.#sql = sql;
    this.#first = first;
    this.#streams = new StreamIndex(sql);
    this.reload();
  }

  reload(): void {
    this.#heads.clear();
    hasTableWith(this.#sql, "log", "trace", "TEXT");
    this.#head = Number(this.#sql.exec(`SELECT MAX(position) AS head FROM log`).one().head ?? this.#first - 1);
  }

  get first(): number {
    return this.#first;
  }

  get head(): number {
    return this.#head;
  }

  accept(stream: string, events: readonly StoredEvent[]): Sequenced {
    const head = this.versionHere(stream) ?? 0;
    if (this.differs(stream, events)) return { head, diverged: true };
    const fresh = events.filter((event) => event.version > head);
    const first = fresh[0];
    if (first === undefined || first.version !== head + 1) return { head };
    const position = this.#head + 1;
    for (const event of fresh) {
      this.#head += 1;
      this.#sql.exec(
        `INSERT INTO log (position, stream, version, id, type, data, meta, time, recorded_at, schema_version, erased, trace)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
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
        event.erased ? 1 : null,
        event.trace ?? null,
      );
      if (erases(event)) this.blank(stream, event.version);
    }
    const last = first.version + fresh.length - 1;
    this.#heads.set(stream, last);
    return { head: last, first: { version: first.version, position } };
  }

  /** Nothing is left to store: each event has been. */
  flush(): void {}

  differs(stream: string, events: readonly StoredEvent[]): boolean {
    const head = this.versionHere(stream) ?? 0;
    const known = events.findLast((event) => event.version <= head);
    return known !== undefined && this.#hasAnother(stream, known);
  }

  page(request: LogReadRequest): LogPage {
    const { direction = "forward", limit, to, after, stream, bytes = PAGE_BYTES } = request;
    const head = this.#head;
    const forward = direction === "forward";
    const bottom = Math.max(to ?? 1, this.#first);
    const low = forward ? (after ?? 0) + 1 : bottom;
    const high = forward ? Math.min(to ?? head, head) : Math.min(after ?? head + 1, head + 1) - 1;
    if (low > high) return { events: [], next: forward ? low - 1 : null, head };

    // A stream's versions are in the order of its positions, and they have an index.
    const column = stream === undefined ? "position" : "version";
    const first = stream === undefined ? low : this.#streams.versionAt(stream, low - 1) + 1;
    const last = stream === undefined ? high : this.#streams.versionAt(stream, high);
    const begin = isSparse(request) && !forward ? Math.max(first, last - SCAN_EVENTS + 1) : first;
    const end = isSparse(request) && forward ? Math.min(last, first + SCAN_EVENTS - 1) : last;
    const { events, cut } = this.#scan(
      `${column} BETWEEN ? AND ? ${conditionsOf(request)} ORDER BY ${column} ${forward ? "ASC" : "DESC"}`,
      [begin, end, ...bindingsOf(request)],
      limit,
      bytes,
    );
    const stopped = forward ? end : begin;
    const all = stopped === (forward ? last : first);
    const seen = all ? (forward ? high : low) : stream === undefined ? stopped : this.#streams.positionOf(stream, stopped);
    const next = (cut ? events.at(-1)?.position : undefined) ?? seen;
    // Backward, what is before the first position here is in an earlier segment.
    const isOver = !forward && next <= Math.max(to ?? 1, 1);
    return { events, next: isOver ? null : next, head };
  }

  /** Nothing tells when the log took an event: about when its stream recorded it, and that is nearly their order. */
  positionAt(time: number): number | undefined {
    let [low, high] = [this.#first, this.#head + 1];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const { at } = this.#sql.exec<{ at: number }>(`SELECT recorded_at AS at FROM log WHERE position = ?`, middle).one();
      if (at >= time) high = middle;
      else low = middle + 1;
    }
    return low > this.#head ? undefined : low;
  }

  kindsAfter(position: number): { stream: string; type: string; position: number }[] {
    if (position >= this.#head) return [];
    const rows = this.#sql.exec<{ stream: string; type: string; position: number }>(
      `SELECT substr(stream, 1, instr(stream, '/')) AS stream, type, MAX(position) AS position FROM log
       WHERE position > ? GROUP BY 1, 2`,
      Math.max(position, this.#first - 1),
    );
    return [...rows];
  }

  streams(category: string | undefined, after: string, limit: number): StreamSummary[] {
    return this.#streams.list(category, after, limit);
  }

  positions(stream: string, from: number, to: number): Record<number, number> {
    const rows = this.#sql.exec<{ version: number; position: number }>(
      `SELECT version, position FROM log WHERE stream = ? AND version BETWEEN ? AND ?`,
      stream,
      from,
      to,
    );
    return Object.fromEntries([...rows].map(({ version, position }) => [version, position]));
  }

  #scan(condition: string, bindings: SqlStorageValue[], limit: number, maxBytes: number): { events: LoggedEvent[]; cut: boolean } {
    const rows = this.#sql.exec(`SELECT ${COLUMNS} FROM log WHERE ${condition} LIMIT ?`, ...bindings, limit + 1);
    const events: LoggedEvent[] = [];
    let bytes = 0;
    for (const row of rows as unknown as Iterable<LoggedEvent>) {
      bytes += bytesOf(row);
      if (events.length === limit || (bytes > maxBytes && events.length > 0)) return { events, cut: true };
      events.push(row);
    }
    return { events, cut: false };
  }

  blank(stream: string, before: number): void {
    this.#sql.exec(`UPDATE log SET data = '{}', meta = '{}', trace = NULL, erased = 1 WHERE stream = ? AND version < ?`, stream, before);
  }

  /** Only called for repeats, so it costs a normal write nothing. */
  #hasAnother(stream: string, { version, id }: StoredEvent): boolean {
    return this.#sql.exec(`SELECT 1 FROM log WHERE stream = ? AND version = ? AND id <> ?`, stream, version, id).toArray().length > 0;
  }

  versionHere(stream: string): number | undefined {
    const known = this.#heads.get(stream);
    if (known !== undefined) return known;
    const { head } = this.#sql.exec<{ head: number | null }>(`SELECT MAX(version) AS head FROM log WHERE stream = ?`, stream).one();
    return head ?? undefined;
  }

  learn(stream: string, version: number): void {
    this.#heads.set(stream, version);
  }
}
