/**
 * Waits that end in time, all on one timer of their object: a timer for each would be set and cleared again
 * twice in every command, which is a thirtieth of its processor's time (measured).
 */

interface Wait {
  /** Milliseconds since 1970. */
  readonly until: number;
  readonly end: () => void;
}

export class Deadlines {
  readonly #waits = new Set<Wait>();
  /** It may ring too early, for a wait that has ended since, and then looks for the next. */
  #timer: { readonly at: number; readonly id: ReturnType<typeof setTimeout> } | undefined;

  /** What `start` resolves to, or undefined when that takes longer than so many milliseconds. */
  inTime<Result>(start: () => Promise<Result>, waitMs: number): Promise<Result | undefined> {
    return new Promise((resolve, reject) => {
      const now = Date.now();
      const wait = { until: now + waitMs, end: () => resolve(undefined) };
      this.#waits.add(wait);
      // Before what it waits for, which may wait for something itself, and longer.
      this.#ringAt(wait.until, now);
      start()
        .then(resolve, reject)
        .finally(() => this.#ended(wait));
    });
  }

  #ringAt(at: number, now: number): void {
    if (this.#timer && this.#timer.at <= at) return;
    clearTimeout(this.#timer?.id);
    this.#timer = { at, id: setTimeout(() => this.#ring(at), at - now) };
  }

  #ring(at: number): void {
    this.#timer = undefined;
    // A clock that was put back must not prolong a wait: it is at least as late as it was to be.
    const now = Math.max(at, Date.now());
    for (const wait of this.#waits) {
      if (wait.until > now) this.#ringAt(wait.until, now);
      else {
        this.#waits.delete(wait);
        wait.end();
      }
    }
  }

  /** An object that waits for nothing has no timer either, which would keep it from being put to sleep. */
  #ended(wait: Wait): void {
    this.#waits.delete(wait);
    if (this.#waits.size > 0) return;
    clearTimeout(this.#timer?.id);
    this.#timer = undefined;
  }
}
