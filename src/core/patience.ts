/** Waits for what is not ready yet: the pauses between two looks get longer, and it ends when no calls are left for looking. */

import { type Backoff, backoffMs } from "./backoff.ts";
import type { Budget } from "./budget.ts";
import { LOOK_AGAIN_MAX_MS, LOOK_AGAIN_MS } from "./limits.ts";

const LOOKS: Backoff = { firstDelayMs: LOOK_AGAIN_MS, maxDelayMs: LOOK_AGAIN_MAX_MS, factor: 5 };

export class Patience {
  readonly #until: number;
  readonly #budget: Budget | undefined;
  readonly #calls: number;
  readonly #pauses: Backoff;
  #looks = 0;

  /**
   * @param until milliseconds since 1970
   * @param calls that one look takes
   * @param pauses between two looks
   */
  constructor(budget: Budget | undefined, until: number, calls: number, pauses = LOOKS) {
    this.#until = until;
    this.#budget = budget;
    this.#calls = calls;
    this.#pauses = pauses;
  }

  /** There will be no further look. */
  get isOver(): boolean {
    return Date.now() >= this.#until || this.#budget?.fits(this.#calls) === false;
  }

  /**
   * Waits until it is time for the next look.
   *
   * @param happens resolves when the next look could find a change; it gets the milliseconds that are left
   */
  async wait(happens?: (ms: number) => Promise<unknown>): Promise<void> {
    const left = Math.max(0, this.#until - Date.now());
    const pause = Math.min(backoffMs(this.#pauses, ++this.#looks), left);
    // If it rejects (the other side is out of reach, or runs an earlier version), wait for the pause instead.
    const happened = happens?.(Math.min(left, LOOK_AGAIN_MAX_MS)).catch(() => scheduler.wait(pause));
    await Promise.all([scheduler.wait(pause), happened]);
  }
}
