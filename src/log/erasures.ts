/** Erasures that the earlier segments of a log have yet to carry out. Written with the event that asks for them. */

import { hasTable } from "../sqlite.ts";
import type { SegmentRpc } from "./segment.ts";

const CREATE = `
  CREATE TABLE IF NOT EXISTS erasures (
    stream TEXT    PRIMARY KEY,
    before INTEGER NOT NULL       -- versions below it
  ) STRICT, WITHOUT ROWID`;

interface Erasure {
  readonly stream: string;
  readonly before: number;
}

export class Erasures {
  readonly #sql: SqlStorage;
  /** Kept in memory, so that a commit without an erasure asks nothing. */
  #pending: readonly Erasure[] = [];

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.reload();
  }

  /** Reads what is stored: also when the transaction that called {@link add} did not commit. */
  reload(): void {
    this.#pending = hasTable(this.#sql, "erasures")
      ? this.#sql.exec<{ stream: string; before: number }>(`SELECT stream, before FROM erasures`).toArray()
      : [];
  }

  /** Call inside `transactionSync`. */
  add(stream: string, before: number): void {
    this.#sql.exec(CREATE);
    this.#sql.exec(`INSERT OR REPLACE INTO erasures (stream, before) VALUES (?, ?)`, stream, before);
    this.#pending = [...this.#pending, { stream, before }];
  }

  /** Has the earlier segments carry out what is pending. Throws when one cannot be reached; asking again is harmless. */
  async carryOut(previous: () => SegmentRpc): Promise<void> {
    for (const erasure of this.#pending) {
      const { stream, before } = erasure;
      await previous().eraseHere(stream, before);
      this.#sql.exec(`DELETE FROM erasures WHERE stream = ? AND before = ?`, stream, before);
      this.#pending = this.#pending.filter((one) => one !== erasure);
    }
  }
}
