/** Removes what is too old from the ledger: once a day, a bounded number of entries at a time. */

import { WEBHOOK_LEDGER_DAYS, WEBHOOK_LEDGER_STEP, WEBHOOK_PARKED_DAYS } from "./limits.ts";
import type { Key } from "./delivery-id.ts";
import type { Row } from "./delivery-table.ts";

const DAY_MS = 86_400_000;
/** Milliseconds between two prunings. Ours. */
const PRUNE_MS = DAY_MS;
/** Before every entry. */
const BEGINNING: Key = { run: -1, position: -1 };

export class Pruning {
  readonly #sql: SqlStorage;
  #doneAt: number;
  /** Where an unfinished pruning continues. */
  #after: Key | undefined;

  constructor(sql: SqlStorage, doneAt: number) {
    this.#sql = sql;
    this.#doneAt = doneAt;
  }

  /** When the last one ended (milliseconds since 1970). */
  get doneAt(): number {
    return this.#doneAt;
  }

  /** Takes the next step when it is time. Returns when to come back (milliseconds since 1970); undefined: the ledger has no entry. */
  step(now: number): number | undefined {
    if (this.#isEmpty()) return undefined;
    if (now < this.#doneAt + PRUNE_MS) return this.#doneAt + PRUNE_MS;
    this.#after = removeOld(this.#sql, this.#after ?? BEGINNING, now);
    if (this.#after) return now;
    this.#doneAt = now;
    return this.#isEmpty() ? undefined : now + PRUNE_MS;
  }

  #isEmpty(): boolean {
    return this.#sql.exec(`SELECT 1 FROM deliveries LIMIT 1`).toArray().length === 0;
  }
}

/**
 * Removes entries that are too old. Reads a bounded number of rows, beginning with the oldest: within a run their order is that of their
 * age, except for the parked ones, which stay longer.
 *
 * @returns where to continue; undefined: that was all
 */
export function removeOld(sql: SqlStorage, after: Key, now: number): Key | undefined {
  const isOld = ({ status, at }: Pick<Row, "status" | "at">) =>
    status !== "pending" && now - at >= (status === "parked" ? WEBHOOK_PARKED_DAYS : WEBHOOK_LEDGER_DAYS) * DAY_MS;
  const rows = sql
    .exec(
      `SELECT run, position, status, at FROM deliveries WHERE (run, position) > (?, ?) ORDER BY run, position LIMIT ?`,
      after.run,
      after.position,
      WEBHOOK_LEDGER_STEP,
    )
    .toArray() as unknown as Pick<Row, "run" | "position" | "status" | "at">[];
  for (const row of rows.filter(isOld)) sql.exec(`DELETE FROM deliveries WHERE run = ? AND position = ?`, row.run, row.position);
  const last = rows.at(-1);
  if (!last) return undefined;
  // Everything after a recently delivered row is recent as well: continue with the next run.
  const isYoung = rows.some((row) => row.run === last.run && row.status === "delivered" && !isOld(row));
  return isYoung ? { run: last.run + 1, position: -1 } : { run: last.run, position: last.position };
}
