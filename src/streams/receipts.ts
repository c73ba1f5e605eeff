/**
 * What a stream remembers of its writers, so that the same request gets the same answer (promise 8):
 * the outcome of each idempotency key, and the version of each event id that a client gave.
 *
 * One row per key or id, and none for writes without: that is why neither table has a second index.
 */

import { RECEIPT_DAYS } from "../limits.ts";
import { hasTable } from "../sqlite.ts";

const CREATE_RECEIPTS = `
  CREATE TABLE IF NOT EXISTS receipts (
    key         TEXT    PRIMARY KEY,
    fingerprint TEXT    NOT NULL,       -- of the request's content
    status      TEXT    NOT NULL CHECK (status IN ('accepted', 'refused', 'failed')),
    first       INTEGER NOT NULL,       -- first version it stored; first > last: it stored nothing
    last        INTEGER NOT NULL,
    reason      TEXT,                   -- the command was refused with this code
    details     TEXT,                   -- JSON
    recorded_at INTEGER NOT NULL        -- milliseconds since 1970
  ) STRICT, WITHOUT ROWID`;

const CREATE_EVENT_IDS = `
  CREATE TABLE IF NOT EXISTS event_ids (
    id      TEXT    PRIMARY KEY,
    version INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`;

export interface Receipt {
  readonly fingerprint: string;
  readonly status: "accepted" | "refused" | "failed";
  readonly first: number;
  readonly last: number;
  readonly reason: string | null;
  readonly details: string | null;
}

export class Receipts {
  readonly #sql: SqlStorage;
  readonly #tables: Set<string>;
  #pruned = false;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#tables = new Set(["receipts", "event_ids"].filter((name) => hasTable(sql, name)));
  }

  find(key: string): Receipt | undefined {
    if (!this.#tables.has("receipts")) return undefined;
    return this.#sql.exec(`SELECT fingerprint, status, first, last, reason, details FROM receipts WHERE key = ?`, key).toArray()[0] as
      | Receipt
      | undefined;
  }

  /** Call inside `transactionSync`. The first one after an activation also removes those that are too old. */
  record(key: string, receipt: Receipt, now: number): void {
    this.#sql.exec(CREATE_RECEIPTS);
    if (!this.#pruned) this.#sql.exec(`DELETE FROM receipts WHERE recorded_at < ?`, now - RECEIPT_DAYS * 86_400_000);
    this.#pruned = true;
    this.#sql.exec(
      `INSERT INTO receipts (key, fingerprint, status, first, last, reason, details, recorded_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      key,
      receipt.fingerprint,
      receipt.status,
      receipt.first,
      receipt.last,
      receipt.reason,
      receipt.details,
      now,
    );
  }

  /** The version of the event with this client-given id. */
  versionOf(eventId: string): number | undefined {
    if (!this.#tables.has("event_ids")) return undefined;
    return this.#sql.exec<{ version: number }>(`SELECT version FROM event_ids WHERE id = ?`, eventId).toArray()[0]?.version;
  }

  /** Call inside `transactionSync`. */
  recordEventId(eventId: string, version: number): void {
    this.#sql.exec(CREATE_EVENT_IDS);
    this.#sql.exec(`INSERT INTO event_ids (id, version) VALUES (?, ?)`, eventId, version);
  }

  /** Removes what receipts say of the content of requests. */
  blank(): void {
    if (this.#tables.has("receipts")) this.#sql.exec(`UPDATE receipts SET fingerprint = '', reason = NULL, details = NULL`);
  }

  /** Takes note of tables that a finished transaction has created. */
  committed(wroteReceipt: boolean, wroteEventIds: boolean): void {
    if (wroteReceipt) this.#tables.add("receipts");
    if (wroteEventIds) this.#tables.add("event_ids");
  }
}
