/**
 * Consumers that whoever calls the log has in his code. While a deployment is under way the log's own code may not have them, or no longer.
 * In memory only, and for a while: the next call of an isolate that is new, and every sweep, says it again.
 */

import { INTRODUCED_MS } from "../core/limits.ts";

export class Introduced {
  /** Until when each counts, in milliseconds since 1970. */
  readonly #until = new Map<string, number>();

  add(names: readonly string[], now: number): void {
    for (const name of names) this.#until.set(name, now + INTRODUCED_MS);
  }

  names(now: number): string[] {
    for (const [name, until] of this.#until) if (until <= now) this.#until.delete(name);
    return [...this.#until.keys()];
  }
}
