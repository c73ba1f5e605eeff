/** Reads the log for deliveries: the next page of each feed when there is room for it, and single events. */

import type { LoggedEvent } from "../core/event.ts";
import { CONSUMER_BATCH_BYTES } from "../core/limits.ts";
import { WEBHOOK_BATCH_EVENTS, WEBHOOK_WINDOW_EVENTS } from "./limits.ts";
import type { Ledger } from "./ledger.ts";
import type { Attempt } from "./attempt.ts";
import { EventCache } from "./event-cache.ts";
import type { Context } from "./context.ts";
import { isOfInterest } from "./interest.ts";
import type { Window } from "./window.ts";

export class Reader {
  readonly #context: Context;
  readonly #ledger: Ledger;
  readonly #cache: EventCache;
  #refilling: Promise<void> | undefined;

  constructor(context: Context) {
    this.#context = context;
    this.#ledger = context.ledger;
    this.#cache = new EventCache(() => context.log());
  }

  /** Whether there may be something to read, and room for it. */
  get isHungry(): boolean {
    return this.#ledger.feeds.windows.some((window) => this.#mayRead(window));
  }

  /**
   * Reads on: for the webhook's own feed as much as there is room for, for each replay one page. A replay of a time may search the whole
   * log, and new events must not wait for that. Only one runs at a time. Throws when the log cannot be reached.
   */
  refill(): Promise<void> {
    return (this.#refilling ??= this.#refill().finally(() => (this.#refilling = undefined)));
  }

  /** The settings have changed: deliveries that have not begun are read again. */
  reread(): void {
    this.#cache.clear();
    for (const window of this.#ledger.feeds.windows) window.reread();
  }

  /** The event of an attempt. Undefined: it does not exist. */
  async eventAt(attempt: Attempt, position: number): Promise<LoggedEvent | undefined> {
    const settings = this.#context.settings();
    return attempt.kind === "fresh" && settings ? this.#cache.get(position, settings) : this.#cache.readOne(position);
  }

  /** The next event of a stream that waits behind a failed one. Undefined: there is none. */
  async findNext({ run, stream, blocked }: Attempt): Promise<LoggedEvent | undefined> {
    if (!blocked) return undefined;
    const feed = this.#ledger.feeds.find(run)?.feed;
    while (blocked.after < blocked.seen) {
      const settings = this.#context.settings();
      if (!settings || !this.#context.hasRoom(1)) return undefined;
      const page = await this.#context.log().read({ after: blocked.after, to: blocked.seen, limit: 1, stream });
      const [event] = page.events;
      if (event && isOfInterest(event, settings, this.#context, feed) && !this.#ledger.isKnown(run, event.position)) return event;
      // A page without events is not the end: it stops where a segment of the log does, and the rest is in the next one.
      const next = event?.position ?? page.next ?? blocked.after;
      if (next <= blocked.after) break;
      blocked.after = next;
    }
    if (this.#context.settings()) this.#ledger.endBlocked(blocked);
    return undefined;
  }

  /** A feed that a reset has put aside is not read any more. */
  #mayRead(window: Window): boolean {
    const { waits, feeds } = this.#ledger;
    const hasRoom = window.size + WEBHOOK_BATCH_EVENTS <= WEBHOOK_WINDOW_EVENTS && !waits.isFull;
    return (
      window.mayHaveMore && hasRoom && this.#context.hasRoom(1) && feeds.windows.includes(window) && this.#context.settings() !== undefined
    );
  }

  async #refill(): Promise<void> {
    for (const window of this.#ledger.feeds.windows) {
      while (this.#mayRead(window)) {
        await this.#readPage(window);
        if (window.feed.end !== undefined) break;
      }
    }
  }

  async #readPage(window: Window): Promise<void> {
    const settings = this.#context.settings();
    if (!settings) return;
    const { types, categories } = settings;
    const { taken: after, feed } = window;
    const { since, until, end } = feed;
    // Before the read: a wake-up that comes during the read may be for an event that the read does not include.
    window.mayHaveMore = false;
    let hasMore = true;
    try {
      const page = await this.#context.log().read({
        after,
        limit: WEBHOOK_BATCH_EVENTS,
        bytes: CONSUMER_BATCH_BYTES,
        ...(types ? { types } : {}),
        ...(categories ? { categories } : {}),
        ...(since === undefined ? {} : { since }),
        ...(until === undefined ? {} : { until }),
        ...(end === undefined ? {} : { to: end }),
      });
      // In the meantime, the webhook may have been removed, paused, changed or reset.
      if (this.#context.settings() !== settings || window.taken !== after || !this.#ledger.feeds.windows.includes(window)) return;
      const next = page.next ?? after;
      this.#cache.keep(page.events);
      const isWanted = (event: LoggedEvent) => isOfInterest(event, settings, this.#context, feed);
      this.#ledger.admit(window, page.events.filter(isWanted), next);
      hasMore = next > after && next < Math.min(page.head, end ?? page.head);
    } finally {
      if (hasMore) window.mayHaveMore = true;
    }
  }
}
