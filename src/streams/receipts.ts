/**
 * What a stream remembers about its writers, so that the same request gets the same answer (promise 8): the outcome of each idempotency
 * key, and the version of each event id that a client gave.
 *
 * One row for each key or id, and none for writes without: that is why neither table has a second index.
 *
 * Processors derive their keys and ids from events, which clients may know, so a client could use one of them first (promise 5). Hence
 * clients' rows are marked. A processor does not see them, and if one has its key, the processor's row goes under {@link OWN} and the key.
 */

import { RECEIPT_DAYS } from "../core/limits.ts";
import { hasTableWith } from "../core/sqlite.ts";

const CREATE_RECEIPTS = `
  CREATE TABLE IF NOT EXISTS receipts (
    key         TEXT    PRIMARY KEY,
    fingerprint TEXT    NOT NULL,       -- of what the client sent as the write; '': version 0.1 kept none of appends
    status      TEXT    NOT NULL CHECK (status IN ('accepted', 'refused', 'failed')),
    first       INTEGER NOT NULL,       -- first version it stored; first > last: it stored nothing
    last        INTEGER NOT NULL,
    reason      TEXT,                   -- the command was refused with this code
    details     TEXT,                   -- JSON
    recorded_at INTEGER NOT NULL,       -- milliseconds since 1970
    client      INTEGER                 -- 1: of a client; NULL: of a processor, or written by version 0.1
  ) STRICT, WITHOUT ROWID`;

const CREATE_EVENT_IDS = `
  CREATE TABLE IF NOT EXISTS event_ids (
    id          TEXT    PRIMARY KEY,
    version     INTEGER NOT NULL,
    fingerprint TEXT                    -- of all that its client sent with it; NULL: of a processor, an import, or version 0.1
  ) STRICT, WITHOUT ROWID`;

/** A character that no header and no UUID contains. */
const OWN = "\u0001";

export interface Receipt {
  readonly fingerprint: string;
  readonly status: "accepted" | "refused" | "failed";
  readonly first: number;
  readonly last: number;
  readonly reason: string | null;
  readonly details: string | null;
}

/** What is known under a name, and the row where it is or will be. */
export interface Known<What> {
  readonly row: string;
  readonly found?: What;
}

/** An event id that was given. */
export interface GivenId {
  readonly version: number;
  readonly fingerprint: string | null;
}

export class Receipts {
  readonly #sql: SqlStorage;
  readonly #tables = new Set<string>();
  #pruned = false;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    if (hasTableWith(sql, "receipts", "client", "INTEGER")) this.#tables.add("receipts");
    if (hasTableWith(sql, "event_ids", "fingerprint", "TEXT")) this.#tables.add("event_ids");
  }

  /** @param ours a processor asks: clients' rows of the same name do not count */
  find(key: string, ours: boolean): Known<Receipt> {
    const columns = `key AS name, client IS NOT NULL AS ofClient, fingerprint, status, first, last, reason, details`;
    return this.#find<Receipt>("receipts", "key", columns, key, ours);
  }

  /** Call it inside `transactionSync`. The first call after an activation also removes receipts that are too old. */
  record(row: string, receipt: Receipt, now: number, ours: boolean): void {
    this.#sql.exec(CREATE_RECEIPTS);
    if (!this.#pruned) this.#sql.exec(`DELETE FROM receipts WHERE recorded_at < ?`, now - RECEIPT_DAYS * 86_400_000);
    this.#pruned = true;
    this.#sql.exec(
      `INSERT INTO receipts (key, fingerprint, status, first, last, reason, details, recorded_at, client) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      row,
      receipt.fingerprint,
      receipt.status,
      receipt.first,
      receipt.last,
      receipt.reason,
      receipt.details,
      now,
      ours ? null : 1,
    );
  }

  /** The event with this id, if its writer gave the id. */
  findEventId(id: string, ours: boolean): Known<GivenId> {
    const columns = `id AS name, fingerprint IS NOT NULL AS ofClient, version, fingerprint`;
    return this.#find<GivenId>("event_ids", "id", columns, id, ours);
  }

  /** The versions of the events with these ids, as far as their writers gave the ids. */
  versionsOf(ids: readonly string[]): ReadonlyMap<string, number> {
    if (!this.#tables.has("event_ids")) return new Map();
    const select = `SELECT id, version FROM event_ids WHERE id IN (SELECT value FROM json_each(?))`;
    const rows = this.#sql.exec(select, JSON.stringify(ids)).toArray() as unknown as readonly { id: string; version: number }[];
    return new Map(rows.map(({ id, version }) => [id, version]));
  }

  /** Call inside `transactionSync`. In one statement: an import or a source gives an id to each of many events. */
  recordEventIds(given: readonly (GivenId & { readonly row: string })[]): void {
    if (given.length === 0) return;
    if (!this.#tables.has("event_ids")) this.#sql.exec(CREATE_EVENT_IDS);
    const rows = JSON.stringify(given.map(({ row, version, fingerprint }) => [row, version, fingerprint]));
    this.#sql.exec(`INSERT INTO event_ids (id, version, fingerprint) SELECT value->>0, value->>1, value->>2 FROM json_each(?)`, rows);
  }

  /** Removes the content of requests from receipts. */
  blank(): void {
    if (this.#tables.has("receipts")) this.#sql.exec(`UPDATE receipts SET fingerprint = '', reason = NULL, details = NULL`);
    if (this.#tables.has("event_ids")) this.#sql.exec(`UPDATE event_ids SET fingerprint = '' WHERE fingerprint IS NOT NULL`);
  }

  /** Notes which tables a finished transaction has created. */
  committed(wroteReceipt: boolean, wroteEventIds: boolean): void {
    if (wroteReceipt) this.#tables.add("receipts");
    if (wroteEventIds) this.#tables.add("event_ids");
  }

  #find<What>(table: string, key: string, columns: string, name: string, ours: boolean): Known<What> {
    if (!this.#tables.has(table)) return { row: name };
    const own = OWN + name;
    const rows = this.#sql
      .exec(`SELECT ${columns} FROM ${table} WHERE ${key} IN (?, ?)`, name, ours ? own : name)
      .toArray() as unknown as readonly (What & { readonly name: string; readonly ofClient: 0 | 1 })[];
    const found = rows.find((one) => !ours || one.name === own || one.ofClient === 0);
    if (found) return { row: found.name, found };
    return { row: rows.length > 0 ? own : name };
  }
}
