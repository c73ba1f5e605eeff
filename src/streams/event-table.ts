/** The events that version 0.1 has stored of a stream: a row each. Nothing is added to them: see `page-store.ts`. */

import { type StoredEvent, charactersOf } from "../core/event.ts";
import { hasTableWith, inBatches } from "../core/sqlite.ts";

const COLUMNS = `version, id, type, data, meta, time, recorded_at AS recordedAt, schema_version AS schemaVersion, erased, trace, append`;

/** A row of `events`: the primary key is the version, and `append` the version of the first event that was stored together with it. */
type Row = Record<keyof StoredEvent | "append", SqlStorageValue>;

/** An event, and the version of the first one that was stored together with it. */
export type AppendedEvent = StoredEvent & { readonly append: number };

export class EventTable {
  readonly #sql: SqlStorage;
  readonly #exists: boolean;
  /** The version of its last event. 0: there is none. */
  readonly head: number;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#exists = hasTableWith(sql, "events", "trace", "TEXT");
    this.head = this.#exists ? Number(sql.exec(`SELECT COALESCE(MAX(version), 0) AS head FROM events`).one().head) : 0;
  }

  /** Removes the content of events before a version. Call it inside `transactionSync`. */
  blankBefore(version: number): void {
    if (!this.#exists) return;
    this.#sql.exec(`UPDATE events SET data = '{}', meta = '{}', trace = NULL, erased = 1 WHERE version < ?`, version);
  }

  /** The events of versions `from`…`to`, in the order of `direction`. */
  range(from: number, to: number, direction: "forward" | "backward"): Iterable<AppendedEvent> {
    if (!this.#exists || from > this.head) return [];
    const forward = direction === "forward";
    const query = `SELECT ${COLUMNS} FROM events WHERE version BETWEEN ? AND ? ORDER BY version ${forward ? "ASC" : "DESC"} LIMIT ?`;
    const read = (limit: number, last?: AppendedEvent) => {
      const [low, high] = forward ? [last ? last.version + 1 : from, to] : [from, last ? last.version - 1 : to];
      return this.#sql.exec<Row>(query, low, high, limit).toArray() as unknown as AppendedEvent[];
    };
    return inBatches(read, charactersOf);
  }
}
