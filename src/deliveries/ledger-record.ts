/**
 * What the ledger has stored of its cursor, and what is in memory only. After a crash the log is read again from the position that is stored, so
 * not every change has to be stored at once.
 */

import type { Cursor } from "./cursor.ts";

/** The key of the cursor. Stored: never renamed. */
const PROGRESS = "progress";

/** One for each ledger that is open. */
export class LedgerRecord {
  /** The storage failed: what is in memory may not be what is stored. */
  isBroken = false;
  /** Whether a success, or positions that were reached, are not stored yet. */
  isBehind = false;
  readonly #storage: DurableObjectStorage;
  /** The position that is stored. */
  #stored: number;

  /** @param settled the position of the cursor that was read */
  constructor(storage: DurableObjectStorage, settled: number) {
    this.#storage = storage;
    this.#stored = settled;
  }

  /** The cursor as it is stored; undefined: there is no ledger. */
  static read(storage: DurableObjectStorage): Cursor | undefined {
    return storage.kv.get<Cursor>(PROGRESS);
  }

  /** Stores the first cursor. */
  static begin(storage: DurableObjectStorage, cursor: Cursor): void {
    storage.kv.put(PROGRESS, cursor);
  }

  /** Whether so many positions, or more, would be read again after a crash. */
  isFar(settled: number, positions: number): boolean {
    return settled - this.#stored >= positions;
  }

  /** Stores the cursor. Call it inside a transaction. */
  put(cursor: Cursor, settled: number): void {
    this.#storage.kv.put(PROGRESS, cursor);
    this.isBehind = false;
    this.#stored = settled;
  }

  /** Writes everything or nothing. */
  transaction(write: () => void): void {
    try {
      this.#storage.transactionSync(write);
    } catch (error) {
      this.isBroken = true;
      throw error;
    }
  }
}
