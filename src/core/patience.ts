/** Waits for what is not there yet: longer and longer between two looks, and no longer than there are calls left for looking. */

import type { Budget } from "./budget.ts";
import { LOOK_AGAIN_MAX_MS, LOOK_AGAIN_MS } from "./limits.ts";

export class Patience {
  readonly #until: number;
  readonly #budget: Budget | undefined;
  readonly #calls: number;
  #pause = LOOK_AGAIN_MS;

  /**
   * @param until milliseconds since 1970
   * @param calls that one look takes
   */
  constructor(budget: Budget | undefined, until: number, calls: number) {
    this.#until = until;
    this.#budget = budget;
    this.#calls = calls;
  }

  /** There is no other look after the one that has just been made. */
  get isOver(): boolean {
    return Date.now() >= this.#until || this.#budget?.fits(this.#calls) === false;
  }

  /**
   * Waits until it is time for the next look.
   *
   * @param happens something without which another look would find the same; it gets the milliseconds that are left
   */
  async wait(happens?: (ms: number) => Promise<unknown>): Promise<void> {
    const left = Math.max(0, this.#until - Date.now());
    const pause = Math.min(this.#pause, left);
    this.#pause = Math.min(5 * this.#pause, LOOK_AGAIN_MAX_MS);
    // Who cannot be asked (out of reach, or of an earlier version) is not waited for.
    const happened = happens?.(Math.min(left, LOOK_AGAIN_MAX_MS)).catch(() => scheduler.wait(pause));
    await Promise.all([scheduler.wait(pause), happened]);
  }
}
