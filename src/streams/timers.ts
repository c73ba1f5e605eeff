/** A stream's timers: commands to itself that are due later. One for each command name and key; kept until it is carried out. */

import { type Backoff, backoffMs } from "../core/backoff.ts";
import { STREAM_TIMERS } from "./limits.ts";
import { hasTable } from "../core/sqlite.ts";
import type { TimerChange } from "./decide.ts";

/** The default of `key` lets version 0.1, which has no keys, write into the table as well. */
const CREATE = `
  CREATE TABLE IF NOT EXISTS timers (
    command        TEXT    NOT NULL,
    key            TEXT    NOT NULL DEFAULT '', -- '': none
    due            INTEGER NOT NULL,      -- milliseconds since 1970
    data           TEXT    NOT NULL,      -- JSON, the command's body
    command_id     TEXT    NOT NULL,      -- the same in every attempt
    correlation_id TEXT    NOT NULL,
    causation_id   TEXT    NOT NULL,      -- the event that set it, or the command if it led to none
    attempts       INTEGER NOT NULL,      -- that failed
    PRIMARY KEY (command, key)
  ) STRICT, WITHOUT ROWID`;

export interface TimerName {
  readonly command: string;
  /** `""`: none. */
  readonly key: string;
}

export interface StoredTimer extends TimerName {
  readonly due: number;
  readonly data: string;
  readonly commandId: string;
  readonly correlationId: string;
  readonly causationId: string;
  readonly attempts: number;
}

/** How long a timer waits after a failed attempt; it is tried for as long as it takes. Ours. */
const RETRY: Backoff = { firstDelayMs: 1_000, maxDelayMs: 3_600_000 };

const COLUMNS = `command, key, due, data, command_id AS commandId, correlation_id AS correlationId, causation_id AS causationId, attempts`;

export class Timers {
  readonly #sql: SqlStorage;
  #exists: boolean;

  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql;
    this.#exists = hasTable(storage.sql, "timers");
    if (this.#exists && !this.#hasKeys()) storage.transactionSync(() => this.#giveKeys());
  }

  /** All timers, the next one first. */
  all(): StoredTimer[] {
    if (!this.#exists) return [];
    return this.#sql.exec(`SELECT ${COLUMNS} FROM timers ORDER BY due, command, key`).toArray() as unknown as StoredTimer[];
  }

  /** When the next one is due (milliseconds since 1970). */
  nextDue(): number | undefined {
    return this.all()[0]?.due;
  }

  /** Whether this timer still exists as it was read: not fired, cancelled or moved since. */
  isPending({ command, key, commandId }: StoredTimer): boolean {
    return (
      this.#sql.exec(`SELECT 1 FROM timers WHERE command = ? AND key = ? AND command_id = ?`, command, key, commandId).toArray().length > 0
    );
  }

  /** @throws {RangeError} when the stream would have more timers than it may */
  requireRoom(changes: readonly TimerChange[], fired?: TimerName): void {
    if (!changes.some((change) => "due" in change)) return;
    const name = ({ command, key }: TimerName) => JSON.stringify([command, key]);
    const names = new Set(this.all().map(name));
    if (fired) names.delete(name(fired));
    for (const change of changes) {
      if ("due" in change) names.add(name(change));
      else if (change.cancelled === "all") names.clear();
      else names.delete(name(change));
    }
    if (names.size > STREAM_TIMERS) throw new RangeError(`a stream may have at most ${STREAM_TIMERS} timers at a time`);
  }

  /** Sets or cancels a timer. Call it inside `transactionSync`. */
  change(change: TimerChange, of: { commandId: string; correlationId: string; causationId: string }): void {
    if (!("due" in change)) return change.cancelled === "all" ? this.removeAll() : this.remove(change);
    this.#sql.exec(CREATE);
    this.#exists = true;
    this.#sql.exec(
      `INSERT OR REPLACE INTO timers (command, key, due, data, command_id, correlation_id, causation_id, attempts) VALUES (?, ?, ?, ?, ?, ?, ?, 0)`,
      change.command,
      change.key,
      change.due,
      change.data,
      of.commandId,
      of.correlationId,
      of.causationId,
    );
  }

  /** Call inside `transactionSync`. */
  remove({ command, key }: TimerName): void {
    if (this.#exists) this.#sql.exec(`DELETE FROM timers WHERE command = ? AND key = ?`, command, key);
  }

  /** The command could not be carried out, because of a bug or an outage: keeps the timer, to try again later. */
  postpone({ command, key, attempts }: StoredTimer, now: number): void {
    const due = now + backoffMs(RETRY, attempts + 1);
    this.#sql.exec(`UPDATE timers SET due = ?, attempts = attempts + 1 WHERE command = ? AND key = ?`, due, command, key);
  }

  removeAll(): void {
    if (this.#exists) this.#sql.exec(`DELETE FROM timers`);
  }

  /** A transaction that may have created the table did not commit. */
  rolledBack(): void {
    this.#exists = hasTable(this.#sql, "timers");
  }

  #hasKeys(): boolean {
    return this.#sql.exec(`SELECT 1 FROM pragma_table_info('timers') WHERE name = 'key'`).toArray().length > 0;
  }

  /** Version 0.1 had one timer for each command. A primary key cannot be changed, so this makes a new table. */
  #giveKeys(): void {
    this.#sql.exec(`ALTER TABLE timers RENAME TO timers_without_keys`);
    this.#sql.exec(CREATE);
    this.#sql.exec(
      `INSERT INTO timers (command, due, data, command_id, correlation_id, causation_id, attempts)
       SELECT command, due, data, command_id, correlation_id, causation_id, attempts FROM timers_without_keys`,
    );
    this.#sql.exec(`DROP TABLE timers_without_keys`);
  }
}
