/**
 * Erasures that the earlier segments of a log still have to carry out. They are written with the event that demands them, passed to the
 * next segment, and applied to every read until they are carried out: from the moment when the log has the event, no new read shows the
 * stream's erased content.
 */

import type { LoggedEvent } from "../core/event.ts";
import { hasTable } from "../core/sqlite.ts";
import type { SegmentRpc } from "../store/segment.ts";

const CREATE = `
  CREATE TABLE IF NOT EXISTS erasures (
    stream TEXT    PRIMARY KEY,
    before INTEGER NOT NULL       -- versions below it
  ) STRICT, WITHOUT ROWID`;

/**
 * The streams (`category/id`), and the version below which each one's events are erased. Never changed, only replaced: a read keeps the map
 * that it began with.
 */
export type Pending = ReadonlyMap<string, number>;

export class Erasures {
  readonly #sql: SqlStorage;
  /** Kept in memory, so that a commit without an erasure costs no query. */
  #pending: Pending = new Map();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.reload();
  }

  /** Reads what is stored. Also call it when the transaction that called {@link add} did not commit. */
  reload(): void {
    const rows = hasTable(this.#sql, "erasures")
      ? this.#sql.exec<{ stream: string; before: number }>(`SELECT stream, before FROM erasures`).toArray()
      : [];
    this.#pending = new Map(rows.map(({ stream, before }) => [stream, before]));
  }

  get pending(): Pending {
    return this.#pending;
  }

  /** Call it inside `transactionSync`. */
  add(stream: string, before: number): void {
    this.#sql.exec(CREATE);
    this.#sql.exec(`INSERT OR REPLACE INTO erasures (stream, before) VALUES (?, ?)`, stream, before);
    this.#pending = new Map([...this.#pending, [stream, before]]);
  }

  /** Makes the earlier segments carry out what is pending. Throws when one cannot be reached; calling again is harmless. */
  async carryOut(previous: () => SegmentRpc): Promise<void> {
    for (const [stream, before] of this.#pending) {
      await previous().eraseHere(stream, before);
      this.#sql.exec(`DELETE FROM erasures WHERE stream = ? AND before = ?`, stream, before);
      this.#pending = new Map([...this.#pending].filter(([name, version]) => name !== stream || version !== before));
    }
  }
}

/** The event as it will be once the pending erasures are carried out. */
export function blanked(event: LoggedEvent, pending: Pending): LoggedEvent {
  return event.version < (pending.get(event.stream) ?? 0) ? { ...event, data: "{}", meta: "{}", erased: true } : event;
}
