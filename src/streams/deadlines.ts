/**
 * Waits with a limit, all on one timer of their object: a timer for each would be set and cleared twice in every command, which takes a
 * thirtieth of its processor's time (measured).
 */

interface Wait {
  /** Milliseconds since 1970. */
  readonly until: number;
  readonly end: () => void;
}

export class Deadlines {
  readonly #waits = new Set<Wait>();
  /** It may go off too early, for a wait that has ended since; then it is set for the next wait. */
  #timer: { readonly at: number; readonly id: ReturnType<typeof setTimeout> } | undefined;

  /** The result of `start`, or undefined if it takes longer than this many milliseconds. */
  inTime<Result>(start: () => Promise<Result>, waitMs: number): Promise<Result | undefined> {
    return new Promise((resolve, reject) => {
      const now = Date.now();
      const wait = { until: now + waitMs, end: () => resolve(undefined) };
      this.#waits.add(wait);
      // Before `start` runs, which may itself wait for something, and longer.
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
    // A clock that was put back must not prolong a wait: it is at least as late as the timer's time.
    const now = Math.max(at, Date.now());
    for (const wait of this.#waits) {
      if (wait.until > now) this.#ringAt(wait.until, now);
      else {
        this.#waits.delete(wait);
        wait.end();
      }
    }
  }

  /** An object that waits for nothing has no timer either: a timer would keep the platform from putting it to sleep. */
  #ended(wait: Wait): void {
    this.#waits.delete(wait);
    if (this.#waits.size > 0) return;
    clearTimeout(this.#timer?.id);
    this.#timer = undefined;
  }
}
