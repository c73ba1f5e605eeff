/** Requests that wait for an event that passes a filter, for a limited time: they ask once instead of again and again. */

import type { StoredEvent } from "../core/event.ts";
import { FEED_SUBSCRIBERS, LOG_WAITERS_PAUSE_MS } from "./limits.ts";
import type { FeedFilter } from "../store/log-protocol.ts";
import { matches } from "./filter.ts";

interface Waiter {
  readonly filter: FeedFilter;
  readonly resolve: () => void;
}

export class Waiters {
  readonly #waiting = new Set<Waiter>();

  /** Waits until such an event is in the log, or the time is over. */
  async wait(filter: FeedFilter, ms: number): Promise<void> {
    const isFull = this.#waiting.size >= FEED_SUBSCRIBERS;
    const { promise, resolve } = Promise.withResolvers<void>();
    // A timer of its own: the platform cancels a request that waits for nothing but another request.
    const timer = setTimeout(resolve, isFull ? Math.min(ms, LOG_WAITERS_PAUSE_MS) : ms);
    const waiter = { filter, resolve };
    if (!isFull) this.#waiting.add(waiter);
    await promise;
    clearTimeout(timer);
    this.#waiting.delete(waiter);
  }

  /** These events are in the log. */
  tell(calls: readonly { readonly stream: string; readonly events: readonly StoredEvent[] }[]): void {
    for (const { filter, resolve } of this.#waiting) {
      if (calls.some(({ stream, events }) => events.some(({ type }) => matches(filter, { stream, type })))) resolve();
    }
  }
}
