/** Folds stored events into states by the code's `evolve`, as the stream's object would: whether each stream could still be loaded. */

import type { LoggedEvent } from "../../core/event.ts";
import { messageOf } from "../../core/mistake.ts";
import type { AnyAggregate } from "../../definitions/aggregate.ts";
import { evolved, initialStateOf } from "../../streams/fold.ts";

/** Streams whose states are kept while the log is read. Ours: some megabytes; those that come later are not folded. */
const FOLDED_STREAMS = 20_000;

/** What `evolve` gets about an event. */
export interface Facts extends Pick<LoggedEvent, "stream" | "version" | "type"> {
  readonly id: string;
  readonly meta: object;
  readonly time: string;
  readonly recordedAt: string;
}

interface State {
  readonly version: number;
  readonly value: unknown;
}

export class Folds {
  /** Undefined: the stream is not folded any further. */
  readonly #states = new Map<string, State | undefined>();

  /** Why the stream could not be loaded any more; undefined: it can, or it is not known. */
  next(aggregate: AnyAggregate, { stream, ...facts }: Facts, data: unknown): string | undefined {
    const before = this.#states.has(stream) ? this.#states.get(stream) : this.#begun(aggregate, facts.version);
    if (before?.version !== facts.version - 1) return undefined;
    try {
      const value = evolved(aggregate, before.value, data, facts as Parameters<typeof evolved>[3]);
      this.#states.set(stream, { version: facts.version, value });
      return undefined;
    } catch (error) {
      this.stop(stream);
      return `\`evolve\` threw: ${messageOf(error)}`;
    }
  }

  /** Nothing more is known about the stream's state. */
  stop(stream: string): void {
    if (this.#states.has(stream)) this.#states.set(stream, undefined);
  }

  #begun(aggregate: AnyAggregate, version: number): State | undefined {
    return version === 1 && this.#states.size < FOLDED_STREAMS ? { version: 0, value: initialStateOf(aggregate) } : undefined;
  }
}
