/**
 * The newest events of a stream, in memory. What has just been stored is read at least twice more, for the answer and for the log, and
 * reading it back from SQLite costs as much as storing it did (measured).
 */

import { type StoredEvent, charactersOf } from "../core/event.ts";
import { APPEND_BYTES } from "../core/limits.ts";

export class Tail {
  /** Whole appends, without a gap, up to the stream's head; or nothing. */
  #events: StoredEvent[] = [];
  #characters = 0;

  /** Takes an append that has been committed. The tail then has at least that, and at most about as much as the largest append. */
  take(events: readonly StoredEvent[]): void {
    const characters = events.reduce((sum, event) => sum + charactersOf(event), 0);
    if (this.#characters + characters > APPEND_BYTES) this.forget();
    this.#events.push(...events);
    this.#characters += characters;
  }

  /** The events of versions `from`…`to`, or undefined when it does not have all of them. */
  range(from: number, to: number): readonly StoredEvent[] | undefined {
    const first = this.#events[0]?.version;
    if (first === undefined || from < first || to >= first + this.#events.length) return undefined;
    return this.#events.slice(from - first, to - first + 1);
  }

  /** All readers have read up to this version. */
  release(version: number): void {
    const last = this.#events.at(-1)?.version;
    if (last !== undefined && last <= version) this.forget();
  }

  forget(): void {
    this.#events = [];
    this.#characters = 0;
  }
}
