/**
 * Consumers that the callers of the log have in their code. During a deployment the log's own code may not have them yet, or no longer. In
 * memory only, and for a while: the first call of every new isolate, and every sweep, introduces them again.
 */

import type { EventFilter } from "../core/event.ts";
import { INTRODUCED_MS } from "./limits.ts";
import type { Introduction } from "../store/log-consumers.ts";
import { matches } from "./filter.ts";

export class Introduced {
  /** Until when each of them counts, in milliseconds since 1970. */
  readonly #until = new Map<string, number>();
  /** The events that each handles according to the code that introduced it; absent: unknown. */
  readonly #filters = new Map<string, EventFilter>();

  add({ consumers, filters = [] }: Pick<Introduction, "consumers" | "filters">, now: number): void {
    for (const name of consumers) this.#until.set(name, now + INTRODUCED_MS);
    for (const { consumer, filter } of filters) this.#filters.set(consumer, filter);
  }

  /** Those that an event concerns. */
  concernedBy(event: { readonly stream: string; readonly type: string }, now: number): string[] {
    return this.names(now).filter((name) => matches(this.#filters.get(name) ?? {}, event));
  }

  names(now: number): string[] {
    for (const [name, until] of this.#until) if (until <= now) this.#until.delete(name);
    return [...this.#until.keys()];
  }
}
