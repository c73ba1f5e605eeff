/** A stream's timers: commands to itself that are due later. One for each command name; kept until carried out. */

import { hasTable } from "../sqlite.ts";
import type { TimerChange } from "./decide.ts";

const CREATE = `
  CREATE TABLE IF NOT EXISTS timers (
    command        TEXT    PRIMARY KEY,
    due            INTEGER NOT NULL,      -- milliseconds since 1970
    data           TEXT    NOT NULL,      -- JSON, the command's body
    command_id     TEXT    NOT NULL,      -- the same in every attempt
    correlation_id TEXT    NOT NULL,
    causation_id   TEXT    NOT NULL,      -- the command that set it
    attempts       INTEGER NOT NULL       -- that failed
  ) STRICT, WITHOUT ROWID`;

export interface StoredTimer {
  readonly command: string;
  readonly due: number;
  readonly data: string;
  readonly commandId: string;
  readonly correlationId: string;
  readonly causationId: string;
  readonly attempts: number;
}

/** After a failed attempt the timer waits, doubling from the first to the last of these (milliseconds), for as long as it takes. Ours. */
const RETRY_MS = 1_000;
const RETRY_MAX_MS = 3_600_000;

const COLUMNS = `command, due, data, command_id AS commandId, correlation_id AS correlationId, causation_id AS causationId, attempts`;

export class Timers {
  readonly #sql: SqlStorage;
  #exists: boolean;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#exists = hasTable(sql, "timers");
  }

  /** All timers, the next one first. */
  all(): StoredTimer[] {
    if (!this.#exists) return [];
    return this.#sql.exec(`SELECT ${COLUMNS} FROM timers ORDER BY due, command`).toArray() as unknown as StoredTimer[];
  }

  /** When the next one is due (milliseconds since 1970). */
  nextDue(): number | undefined {
    return this.all()[0]?.due;
  }

  /** Sets or takes back. Call inside `transactionSync`. */
  change(change: TimerChange, now: number, of: { commandId: string; correlationId: string; causationId: string }): void {
    if ("cancelled" in change) return this.remove(change.command);
    this.#sql.exec(CREATE);
    this.#sql.exec(
      `INSERT OR REPLACE INTO timers (command, due, data, command_id, correlation_id, causation_id, attempts) VALUES (?, ?, ?, ?, ?, ?, 0)`,
      change.command,
      now + change.delayMs,
      change.data,
      of.commandId,
      of.correlationId,
      of.causationId,
    );
  }

  /** Call inside `transactionSync`. */
  remove(command: string): void {
    if (this.#exists) this.#sql.exec(`DELETE FROM timers WHERE command = ?`, command);
  }

  /** The command could not be carried out: it is a bug or an outage, so the timer is kept and tried again later. */
  postpone({ command, attempts }: StoredTimer, now: number): void {
    const due = now + Math.min(RETRY_MS * 2 ** attempts, RETRY_MAX_MS);
    this.#sql.exec(`UPDATE timers SET due = ?, attempts = attempts + 1 WHERE command = ?`, due, command);
  }

  removeAll(): void {
    if (this.#exists) this.#sql.exec(`DELETE FROM timers`);
  }

  /** Takes note of the table that a finished transaction may have created. */
  committed(): void {
    this.#exists = true;
  }
}
