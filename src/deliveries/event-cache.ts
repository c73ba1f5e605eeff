/**
 * Events that were read in a page and are sent one by one, kept only for a moment: an event may be erased while it waits, and then nothing
 * of it may be sent.
 */

import type { LoggedEvent } from "../core/event.ts";
import { CONSUMER_BATCH_BYTES } from "../core/limits.ts";
import { WEBHOOK_BATCH_EVENTS, WEBHOOK_FRESH_MS } from "./limits.ts";
import type { LogFilter, LogRpc } from "../store/log-protocol.ts";

export class EventCache {
  readonly #log: () => Pick<LogRpc, "read">;
  #events = new Map<number, LoggedEvent>();
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  constructor(log: () => Pick<LogRpc, "read">) {
    this.#log = log;
  }

  /** Keeps one page, and forgets the one before. */
  keep(events: readonly LoggedEvent[]): void {
    this.#events = new Map(events.map((event) => [event.position, event]));
    this.#readAt = Date.now();
  }

  clear(): void {
    this.#events.clear();
  }

  /** The event at a position; also reads those after it, which come next. Undefined: it does not exist. */
  async get(position: number, filter: Pick<LogFilter, "types" | "categories">): Promise<LoggedEvent | undefined> {
    await this.#reading?.catch(() => {}); // the first caller reports it
    if (!this.#has(position)) {
      this.#reading = this.#readFrom(position, filter).finally(() => (this.#reading = undefined));
      await this.#reading;
    }
    // It may be missing with another filter than the one it was taken with.
    return this.#has(position) ? this.#events.get(position) : this.readOne(position);
  }

  #has(position: number): boolean {
    const age = Date.now() - this.#readAt;
    return this.#events.has(position) && age >= 0 && age < WEBHOOK_FRESH_MS;
  }

  async #readFrom(position: number, { types, categories }: Pick<LogFilter, "types" | "categories">): Promise<void> {
    const page = await this.#log().read({
      after: position - 1,
      limit: WEBHOOK_BATCH_EVENTS,
      bytes: CONSUMER_BATCH_BYTES,
      ...(types ? { types } : {}),
      ...(categories ? { categories } : {}),
    });
    this.keep(page.events);
  }

  async readOne(position: number): Promise<LoggedEvent | undefined> {
    const page = await this.#log().read({ after: position - 1, to: position, limit: 1 });
    return page.events[0];
  }
}
