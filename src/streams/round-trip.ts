/**
 * How long a write waits for its position: as long as the log has lately taken to answer this stream, plus a margin.
 *
 * A write that gives up costs an alarm (a row and a request) and is answered without a position, so waiting is cheaper. But a log that does
 * not answer must not hold up every write. The estimate is the one that TCP makes for its retransmission timer: a smoothed mean plus four
 * times the smoothed deviation (RFC 6298, section 2).
 */

import { ACKNOWLEDGE_BUDGET_MAX_MS, ACKNOWLEDGE_BUDGET_MIN_MS } from "./limits.ts";

/** The weight of a new measurement in the mean and in the deviation (RFC 6298: alpha and beta). */
const MEAN_WEIGHT = 1 / 8;
const DEVIATION_WEIGHT = 1 / 4;
/** The least margin, as a part of the mean: a log that always takes the same time has no deviation. Ours. */
const MARGIN = 1 / 2;

export class RoundTrip {
  #mean: number | undefined;
  #deviation = 0;

  /** Milliseconds that a write waits for its position. Before the first measurement this is the longest wait: the log may be far away. */
  get budgetMs(): number {
    if (this.#mean === undefined) return ACKNOWLEDGE_BUDGET_MAX_MS;
    const expected = Math.ceil(this.#mean + Math.max(4 * this.#deviation, this.#mean * MARGIN));
    return Math.min(Math.max(expected, ACKNOWLEDGE_BUDGET_MIN_MS), ACKNOWLEDGE_BUDGET_MAX_MS);
  }

  /** Milliseconds that a write usually takes to get into the log; undefined: not measured since the object woke up. */
  get usualMs(): number | undefined {
    return this.#mean;
  }

  /** Notes how long a write waited until it was in the log. If the clock was put back, it counts as no time. */
  took(ms: number): void {
    const measured = Math.max(0, ms);
    if (this.#mean === undefined) {
      this.#mean = measured;
      this.#deviation = measured / 2;
      return;
    }
    this.#deviation += (Math.abs(this.#mean - measured) - this.#deviation) * DEVIATION_WEIGHT;
    this.#mean += (measured - this.#mean) * MEAN_WEIGHT;
  }
}
