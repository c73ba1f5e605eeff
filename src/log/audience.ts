/**
 * Which consumers an event concerns: those that follow its type and category. A consumer without a known filter is concerned by every
 * event.
 */

import { AUDIENCES_REMEMBERED } from "./limits.ts";
import { categoryOf, type EventFilter } from "../core/event.ts";
import { makeRoom } from "../core/make-room.ts";
import { matches } from "./filter.ts";
import type { Introduced } from "./introduced.ts";

/** Consumers by name, with the events that they handle. */
export type Filters = ReadonlyMap<string, EventFilter | undefined>;

/** The parts of an event that decide which consumers it concerns. */
interface Kind {
  /** `category/id` */
  readonly stream: string;
  readonly type: string;
}

export class Audience {
  /** A name for this code's consumers: other code has another name. */
  readonly code: string;
  readonly #inCode: Filters;
  readonly #atRunTime: () => Filters;
  /** Consumers of other code, and the filters that it has for ours. */
  readonly #introduced: Introduced;
  /** Names of consumers, by category and type. */
  readonly #known = new Map<string, readonly string[]>();

  constructor(code: string, inCode: Filters, atRunTime: () => Filters, introduced: Introduced) {
    this.code = code;
    this.#inCode = inCode;
    this.#atRunTime = atRunTime;
    this.#introduced = introduced;
  }

  names(): string[] {
    return [...new Set([...this.#inCode.keys(), ...this.#atRunTime().keys(), ...this.#introduced.names(Date.now())])];
  }

  /** The consumers that an event concerns. */
  of(event: Kind): readonly string[] {
    const own = this.#ofOwn(event);
    const others = this.#introduced.concernedBy(event, Date.now()).filter((name) => !own.includes(name));
    return others.length === 0 ? own : [...own, ...others];
  }

  #ofOwn(event: Kind): readonly string[] {
    const key = `${categoryOf(event.stream)}/${event.type}`;
    const known = this.#known.get(key);
    if (known) return known;
    const concerned = [...this.#inCode, ...this.#atRunTime()].flatMap(([name, filter]) => (matches(filter ?? {}, event) ? [name] : []));
    makeRoom(this.#known, AUDIENCES_REMEMBERED);
    this.#known.set(key, concerned);
    return concerned;
  }

  /** The consumers that are known only at run time have changed. */
  forget(): void {
    this.#known.clear();
  }
}
