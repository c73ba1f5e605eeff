/** Statistics of attempts: totals, the last failure, and the health of the endpoint. */

import type { LoggedEvent } from "../core/event.ts";
import type { ConsumerError } from "../definitions/hooks.ts";
import { Health } from "./health.ts";
import type { Cursor } from "./cursor.ts";
import type { Totals } from "../store/webhook-protocol.ts";
import type { Outcome } from "../store/delivery-protocol.ts";

const NONE: Totals = { delivered: 0, failed: 0, parked: 0, skipped: 0 };

export class Statistics {
  readonly health: Health;
  #totals: Totals;
  #lastFailure: ConsumerError | undefined;

  constructor({ health, totals = NONE, lastFailure }: Pick<Cursor, "health" | "totals" | "lastFailure">) {
    this.health = new Health(health);
    this.#totals = totals;
    this.#lastFailure = lastFailure;
  }

  get totals(): Totals {
    return this.#totals;
  }

  get lastFailure(): ConsumerError | undefined {
    return this.#lastFailure;
  }

  count(what: keyof Totals): void {
    this.#totals = { ...this.#totals, [what]: this.#totals[what] + 1 };
  }

  /** Counts a success. Returns the beginning of the outage that it ends (milliseconds since 1970), if it ends one. */
  arrived(now: number): number | undefined {
    const { failingSince } = this.health.record;
    const wasDown = this.health.isDown;
    this.health.succeeded(now);
    return wasDown ? failingSince : undefined;
  }

  /** Counts a failure. `isOwn`: the event is at fault, and not the endpoint. */
  failed(
    { stream, version, type, position }: LoggedEvent,
    { error, retryAfterMs, ownFault = false }: Outcome,
    now: number,
    isOwn: boolean,
  ): void {
    this.count("failed");
    if (!ownFault) this.health.failed(stream, now, Math.random(), isOwn);
    if (retryAfterMs !== undefined) this.health.hold(now + retryAfterMs);
    const message = error ?? "the delivery failed";
    this.#lastFailure = { message, at: new Date(now).toISOString(), event: { position, stream, version, type } };
  }

  /** The form in which they are stored. */
  toCursor(): Pick<Cursor, "health" | "totals" | "lastFailure"> {
    return { health: this.health.record, totals: this.#totals, ...(this.#lastFailure ? { lastFailure: this.#lastFailure } : {}) };
  }
}
