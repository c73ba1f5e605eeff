/** A webhook's deliveries, in its object's SQLite: one row each, from intent to outcome. */

import type { LoggedEvent } from "../event.ts";

const CREATE = [
  `CREATE TABLE IF NOT EXISTS deliveries (
    position        INTEGER PRIMARY KEY,              -- of the event
    stream          TEXT    NOT NULL,
    status          TEXT    NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivered', 'parked')),
    attempts        INTEGER NOT NULL DEFAULT 0,
    next_attempt_at INTEGER NOT NULL DEFAULT 0,       -- milliseconds since 1970
    response        INTEGER,                          -- HTTP status of the last attempt; NULL: none came
    error           TEXT
  ) STRICT`,
  `CREATE INDEX IF NOT EXISTS pending_deliveries ON deliveries (stream, position) WHERE status = 'pending'`,
];

/** A delivery whose turn it is. */
export interface Due {
  readonly position: number;
  readonly stream: string;
  readonly attempts: number;
}

export interface Outcome {
  readonly delivered: boolean;
  readonly response?: number;
  readonly error?: string;
}

/**
 * Milliseconds before each attempt: at once, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h; then the delivery is parked.
 * DESIGN: the HTTP contract (the schedule that Standard Webhooks recommends).
 */
const SCHEDULE_MS = [0, 5, 300, 1_800, 7_200, 18_000, 36_000, 36_000].map((seconds) => seconds * 1_000);

export class Ledger {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    for (const statement of CREATE) sql.exec(statement);
  }

  /** Puts deliveries on the books. Call inside the transaction that moves the checkpoint. */
  intend(events: readonly LoggedEvent[]): void {
    for (const { position, stream } of events) {
      this.#sql.exec(`INSERT INTO deliveries (position, stream) VALUES (?, ?) ON CONFLICT DO NOTHING`, position, stream);
    }
  }

  /** The oldest pending delivery of each stream, where it is due: so a stream's order holds, and no stream waits for another. */
  due(now: number, limit: number): Due[] {
    return this.#sql
      .exec(
        `SELECT position, stream, attempts FROM deliveries
         WHERE position IN (SELECT MIN(position) FROM deliveries WHERE status = 'pending' GROUP BY stream) AND next_attempt_at <= ?
         ORDER BY position LIMIT ?`,
        now,
        limit,
      )
      .toArray() as unknown as Due[];
  }

  /** When the next delivery is due (milliseconds since 1970), or undefined when none is pending. */
  nextDue(): number | undefined {
    const row = this.#sql
      .exec(
        `SELECT MIN(next_attempt_at) AS due FROM deliveries
         WHERE position IN (SELECT MIN(position) FROM deliveries WHERE status = 'pending' GROUP BY stream)`,
      )
      .one();
    return row.due === null ? undefined : Number(row.due);
  }

  record({ position, attempts }: Due, { delivered, response, error }: Outcome, now: number): void {
    const made = attempts + 1;
    const delay = SCHEDULE_MS[made];
    const status = delivered ? "delivered" : delay === undefined ? "parked" : "pending";
    this.#sql.exec(
      `UPDATE deliveries SET status = ?, attempts = ?, next_attempt_at = ?, response = ?, error = ? WHERE position = ?`,
      status,
      made,
      delivered || delay === undefined ? 0 : now + delay,
      response ?? null,
      error ?? null,
      position,
    );
  }

  counts(): { pending: number; parked: number } {
    const rows = this.#sql.exec<{ status: string; n: number }>(
      `SELECT status, COUNT(*) AS n FROM deliveries WHERE status IN ('pending', 'parked') GROUP BY status`,
    );
    const counts = Object.fromEntries([...rows].map(({ status, n }) => [status, n]));
    return { pending: counts.pending ?? 0, parked: counts.parked ?? 0 };
  }
}
