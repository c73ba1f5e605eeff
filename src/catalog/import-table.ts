/**
 * How far imports with an `Idempotency-Key` have got, and hashes of their bodies: so that an import that broke off continues where it
 * stopped, and another body under the same key is recognised before any line of it is stored.
 */

import { RECEIPT_DAYS } from "../core/limits.ts";
import { hasTable } from "../core/sqlite.ts";
import type { ImportProgress } from "../store/catalog-protocol.ts";

/** The layout is stored: add nullable columns, change nothing. */
const CREATE = `
  CREATE TABLE IF NOT EXISTS imports (
    key           TEXT    PRIMARY KEY,
    stored_lines  INTEGER NOT NULL,    -- the body's first lines, all of which are stored
    stored_hash   TEXT    NOT NULL,
    claimed_lines INTEGER NOT NULL,    -- lines after those of which some may be stored
    claimed_hash  TEXT    NOT NULL,
    ended         INTEGER NOT NULL,    -- 1: the body has no further lines
    moved_at      INTEGER NOT NULL     -- milliseconds since 1970
  ) STRICT, WITHOUT ROWID`;

interface Row {
  readonly stored_lines: number;
  readonly stored_hash: string;
  readonly claimed_lines: number;
  readonly claimed_hash: string;
  readonly ended: number;
}

export class ImportTable {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  find(key: string): ImportProgress | undefined {
    if (!hasTable(this.#sql, "imports")) return undefined;
    const row = this.#sql.exec(`SELECT * FROM imports WHERE key = ?`, key).toArray()[0] as unknown as Row | undefined;
    return (
      row && {
        stored: { lines: row.stored_lines, hash: row.stored_hash },
        claimed: { lines: row.claimed_lines, hash: row.claimed_hash },
        ended: row.ended === 1,
      }
    );
  }

  /** Notes how far an import has got. Returns false if another import with the same key has moved on since. */
  move(key: string, before: ImportProgress | undefined, { stored, claimed, ended }: ImportProgress): boolean {
    const now = this.find(key);
    if (now?.claimed.lines !== before?.claimed.lines || now?.claimed.hash !== before?.claimed.hash) return false;
    this.#sql.exec(CREATE);
    if (!now) this.#sql.exec(`DELETE FROM imports WHERE moved_at < ?`, Date.now() - RECEIPT_DAYS * 86_400_000);
    this.#sql.exec(
      `INSERT OR REPLACE INTO imports (key, stored_lines, stored_hash, claimed_lines, claimed_hash, ended, moved_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
      key,
      stored.lines,
      stored.hash,
      claimed.lines,
      claimed.hash,
      ended ? 1 : 0,
      Date.now(),
    );
    return true;
  }
}
