/**
 * The slot of a source while it is read. It is moved only by what the engine acknowledges, and never beyond what a stored cursor says (`at`):
 * a slot that is further was moved by somebody else. `claim.ts` makes and claims it.
 */

import { SourceStopped } from "../../definitions/sources/kind.ts";
import { type Names, RECORD, lost, taken } from "./claim.ts";
import { type Lsn, shown } from "./lsn.ts";
import type { Standing } from "./peek.ts";
import { LONG_STATEMENT_MS, type Session, literal, stateOf } from "./session.ts";

/** The slot, which this source has claimed. */
export class HeldSlot {
  readonly #session: Session;
  readonly #names: Names;
  /** The engine has acknowledged so far. */
  #acknowledged: Lsn | undefined;
  #moved: Lsn | undefined;

  constructor(session: Session, names: Names) {
    this.#session = session;
    this.#names = names;
  }

  /** What is before this is stored. The slot is moved there by the next {@link move}. */
  acknowledge(to: Lsn): void {
    this.#acknowledged = to;
  }

  /** Moves the slot as far as is acknowledged. */
  async move(): Promise<void> {
    const to = this.#acknowledged;
    if (to === undefined || (this.#moved !== undefined && to <= this.#moved)) return;
    const { slot, owner } = this.#names;
    const rows = await this.#session.transaction(
      [
        `SELECT record.owner, CASE WHEN slot.confirmed_flush_lsn < ${literal(shown(to))}::pg_lsn THEN pg_replication_slot_advance(${literal(slot)}, ${literal(shown(to))}) END
FROM ${RECORD} AS record LEFT JOIN pg_catalog.pg_replication_slots AS slot ON slot.slot_name = record.slot WHERE record.slot = ${literal(slot)} AND record.owner = ${literal(owner)}`,
      ],
      LONG_STATEMENT_MS,
    );
    if (rows.length === 0) throw new SourceStopped(taken(this.#names, undefined));
    this.#moved = to;
  }

  /**
   * Makes sure that the slot is this source's, and where it left it.
   *
   * @param at the slot has never been moved beyond this
   * @throws {SourceStopped} when it is another source's, or was moved by another program
   */
  requireOwn({ owner, claimedBy, confirmed }: Standing, at: Lsn): void {
    const names = this.#names;
    if (owner !== names.owner) throw new SourceStopped(taken(names, claimedBy));
    if (confirmed > at)
      throw new SourceStopped(
        `another program has moved the slot ${names.slot} to ${shown(confirmed)}, beyond ${shown(at)}, so changes may be missing. A reset of the source begins again, with a snapshot`,
      );
  }

  /** What an error of a reading means: what will not change by itself stops the source. */
  async explained(error: unknown): Promise<unknown> {
    const { slot, publication } = this.#names;
    const message = error instanceof Error ? error.message : "";
    switch (stateOf(error)) {
      case "55006": {
        const by = await this.#session
          .transaction([
            `SELECT 'process ' || pid || coalesce(' (' || nullif(application_name, '') || ')', '') FROM pg_catalog.pg_replication_slots JOIN pg_catalog.pg_stat_activity ON pid = active_pid WHERE slot_name = ${literal(slot)}`,
          ])
          .catch(() => []);
        return new Error(`the slot ${slot} is in use by ${by[0]?.[0] ?? "another connection"}: a slot can have one reader`, {
          cause: error,
        });
      }
      case "42704":
        if (message.includes("publication"))
          return new SourceStopped(
            `the publication ${publication} is younger than what the slot has still to read, so it cannot be used for that. A reset of the source begins again`,
          );
        return new SourceStopped(
          `the slot ${slot} was dropped, so changes are missing. A reset of the source begins again, with a snapshot`,
        );
      case "42P01":
        return new SourceStopped(taken(this.#names, undefined));
      case "55000":
        return /slot/.test(message) ? new SourceStopped(lost(slot)) : error;
      default:
        return error;
    }
  }
}
