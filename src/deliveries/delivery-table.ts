/**
 * The outcome of each delivery, in the SQLite of the consumer's object. `pruning.ts` removes old rows.
 *
 * An event that arrives at the first attempt costs one row. An event that waits has none: the position up to which everything is in the
 * ledger (`Feed`) and the log show which events wait. An event that fails blocks its stream, and the stream gets one row of its own
 * (`blocked-table.ts`).
 */

import { hasTableWith } from "../core/sqlite.ts";
import { WEBHOOK_ATTEMPTS_KEPT, WEBHOOK_ATTEMPT_ERROR, WEBHOOK_LEDGER_STEP, WEBHOOK_RUNS_SHOWN } from "./limits.ts";
import type { Key } from "./delivery-id.ts";
import type { DeliveryStatus, Outcome } from "../store/delivery-protocol.ts";

/** What an index covers: deliveries that will be tried again, and those that were given up. */
const TROUBLED = `status IN ('pending', 'parked')`;

/** The layout is stored: add nullable columns, change nothing. */
const CREATE = [
  `CREATE TABLE IF NOT EXISTS deliveries (
    run             INTEGER NOT NULL,   -- 0: the webhook's own way along the log; else the number of a replay or reset
    position        INTEGER NOT NULL,   -- of the event
    stream          TEXT    NOT NULL,
    type            TEXT    NOT NULL,
    status          TEXT    NOT NULL CHECK (status IN ('pending', 'delivered', 'parked', 'skipped')),
    attempts        INTEGER NOT NULL,
    at              INTEGER NOT NULL,   -- of the last attempt; milliseconds since 1970
    duration        INTEGER NOT NULL,   -- of the last attempt; milliseconds
    next_attempt_at INTEGER,            -- milliseconds since 1970; NULL: none
    response        INTEGER,            -- HTTP status of the last attempt; NULL: none came
    error           TEXT,
    excerpt         TEXT,               -- the first bytes of the answer
    earlier         TEXT,               -- attempts before the last one, the oldest first; JSON, see EARLIER; NULL: none, or not noted
    PRIMARY KEY (run, position)
  ) STRICT, WITHOUT ROWID`,
  // Deliveries that arrive are not in it, so that they cost nothing more. Only a query that repeats the same condition, word for word, uses
  // it.
  `CREATE INDEX IF NOT EXISTS troubled_deliveries ON deliveries (status, run, position) WHERE ${TROUBLED}`,
];

/**
 * The attempts before the last one, when another is recorded: `[[at, duration, response, error], …]`, of which the newest are kept. A delivery that arrives at the
 * first attempt has none, so it costs nothing more.
 */
const EARLIER = `json_insert(
  iif(json_array_length(earlier) >= ${WEBHOOK_ATTEMPTS_KEPT - 1}, json_remove(earlier, '$[0]'), coalesce(earlier, '[]')),
  '$[#]', json_array(deliveries.at, deliveries.duration, deliveries.response, substr(deliveries.error, 1, ${WEBHOOK_ATTEMPT_ERROR})))`;

/** The newest runs of which the deliveries of some positions are looked up: each is a look-up in the primary key for each position. */
const RECENT_RUNS = `WITH RECURSIVE runs(run) AS (
  SELECT max(run) FROM deliveries
  UNION ALL SELECT (SELECT max(run) FROM deliveries WHERE run < runs.run) FROM runs WHERE run IS NOT NULL LIMIT ${WEBHOOK_RUNS_SHOWN})`;

/** A delivery that has failed and will be tried again. */
export interface Retry {
  readonly run: number;
  readonly position: number;
  readonly stream: string;
  attempts: number;
  nextAttemptAt: number;
  /** The time of the last attempt. */
  at: number;
  /** It failed again although others have arrived since: its event is at fault, and not the endpoint. Only in memory. */
  isOwn?: boolean;
}

/** An entry. */
export interface Row {
  readonly run: number;
  readonly position: number;
  readonly stream: string;
  readonly type: string;
  readonly status: DeliveryStatus;
  readonly attempts: number;
  readonly at: number;
  readonly duration: number;
  readonly next_attempt_at: number | null;
  readonly response: number | null;
  readonly error: string | null;
  readonly excerpt: string | null;
  readonly earlier: string | null;
}

export class DeliveryTable {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    if (!hasTableWith(sql, "deliveries", "earlier", "TEXT")) for (const statement of CREATE) sql.exec(statement);
  }

  /** Records the outcome of an attempt. */
  record(
    { run, position }: Key,
    event: { readonly stream: string; readonly type: string },
    status: DeliveryStatus,
    attempts: number,
    { durationMs, response, error, excerpt }: Outcome,
    now: number,
    nextAttemptAt: number | undefined,
  ): void {
    this.#sql.exec(
      `INSERT INTO deliveries (run, position, stream, type, status, attempts, at, duration, next_attempt_at, response, error, excerpt)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET status = excluded.status, attempts = excluded.attempts, at = excluded.at, duration = excluded.duration,
         next_attempt_at = excluded.next_attempt_at, response = excluded.response, error = excluded.error, excerpt = excluded.excerpt,
         earlier = ${EARLIER}`,
      run,
      position,
      event.stream,
      event.type,
      status,
      attempts,
      now,
      durationMs,
      nextAttemptAt ?? null,
      response ?? null,
      error ?? null,
      excerpt ?? null,
    );
  }

  /** Parks a delivery as it is, with the given reason. */
  park({ run, position }: Key, reason: string): void {
    this.#sql.exec(
      `UPDATE deliveries SET status = 'parked', next_attempt_at = NULL, error = ? || coalesce(': ' || error, '') WHERE run = ? AND position = ?`,
      reason,
      run,
      position,
    );
  }

  /** Makes parked deliveries wait for an attempt now, with all attempts of the schedule left. Returns those deliveries. */
  revive(from: number, to: number, limit: number, now: number): Retry[] {
    return this.#sql
      .exec(
        `UPDATE deliveries SET status = 'pending', attempts = 0, next_attempt_at = ?
          WHERE (run, position) IN (SELECT run, position FROM deliveries
                                     WHERE ${TROUBLED} AND status = 'parked' AND position BETWEEN ? AND ? ORDER BY run, position LIMIT ?)
          RETURNING run, position, stream, attempts, next_attempt_at AS nextAttemptAt, at`,
        now,
        from,
        to,
        limit,
      )
      .toArray() as unknown as Retry[];
  }

  /** The same for one delivery, parked or waiting. Undefined: it has ended otherwise, or does not exist. */
  reviveOne({ run, position }: Key, now: number): Retry | undefined {
    return this.#sql
      .exec(
        `UPDATE deliveries SET attempts = iif(status = 'parked', 0, attempts), status = 'pending', next_attempt_at = ?
          WHERE run = ? AND position = ? AND ${TROUBLED}
          RETURNING run, position, stream, attempts, next_attempt_at AS nextAttemptAt, at`,
        now,
        run,
        position,
      )
      .toArray()[0] as unknown as Retry | undefined;
  }

  parkedBetween(from: number, to: number): number {
    return Number(
      this.#sql
        .exec(`SELECT count(*) AS n FROM deliveries WHERE ${TROUBLED} AND status = 'parked' AND position BETWEEN ? AND ?`, from, to)
        .one().n,
    );
  }

  /** Positions that are in the ledger already, among those after one and up to another. */
  known(run: number, after: number, to: number): Set<number> {
    const rows = this.#sql.exec<{ position: number }>(
      `SELECT position FROM deliveries WHERE run = ? AND position > ? AND position <= ?`,
      run,
      after,
      to,
    );
    return new Set([...rows].map(({ position }) => position));
  }

  retries(): Retry[] {
    return this.#sql
      .exec(
        `SELECT run, position, stream, attempts, next_attempt_at AS nextAttemptAt, at FROM deliveries WHERE ${TROUBLED} AND status = 'pending'`,
      )
      .toArray() as unknown as Retry[];
  }

  /** Removes deliveries of a run that wait for another attempt, after a position: they come again, as part of another run. */
  forget(run: number, after: number): void {
    this.#sql.exec(`DELETE FROM deliveries WHERE run = ? AND position > ? AND status = 'pending'`, run, after);
  }

  parked(): number {
    return Number(this.#sql.exec(`SELECT count(*) AS n FROM deliveries WHERE ${TROUBLED} AND status = 'parked'`).one().n);
  }

  find({ run, position }: Key): Row | undefined {
    return this.#sql.exec(`SELECT * FROM deliveries WHERE run = ? AND position = ?`, run, position).toArray()[0] as unknown as
      | Row
      | undefined;
  }

  /** The deliveries of events at these positions: those of the webhook's own way along the log, and of its latest replays and resets. */
  ofEvents(positions: readonly number[]): Row[] {
    return this.#sql
      .exec(
        `${RECENT_RUNS} SELECT deliveries.* FROM (SELECT run FROM runs UNION SELECT 0) AS shown CROSS JOIN json_each(?) AS wanted
           CROSS JOIN deliveries ON deliveries.run = shown.run AND deliveries.position = wanted.value
          ORDER BY deliveries.position, deliveries.run`,
        JSON.stringify(positions),
      )
      .toArray() as unknown as Row[];
  }

  /** From the newest run and position downwards. Reads a bounded number of rows: `next` is where to continue. */
  page(status: DeliveryStatus | undefined, after: Key | undefined, limit: number): { rows: Row[]; next?: Key } {
    const { run, position } = after ?? { run: Number.MAX_SAFE_INTEGER, position: 0 };
    // Delivered and skipped ones have no index: read a fixed number of rows, and show those that match.
    const hasIndex = status === "pending" || status === "parked";
    const step = status === undefined || hasIndex ? limit : WEBHOOK_LEDGER_STEP;
    const looked = this.#sql
      .exec(
        `SELECT * FROM deliveries WHERE ${hasIndex ? `${TROUBLED} AND status = '${status}' AND` : ""} (run, position) < (?, ?)
          ORDER BY run DESC, position DESC LIMIT ?`,
        run,
        position,
        step,
      )
      .toArray() as unknown as Row[];
    const fitting = looked.filter((row) => status === undefined || row.status === status);
    const rows = fitting.slice(0, limit);
    const last = fitting.length > limit ? rows.at(-1) : looked.length === step ? looked.at(-1) : undefined;
    return { rows, ...(last ? { next: { run: last.run, position: last.position } } : {}) };
  }
}
