/** A store's log, as all other parts see it: one log, however many segments it has. */

import type { HeadspringEnv } from "./env.ts";
import type { StoredEvent, EventFilter } from "../core/event.ts";
import type {
  Acknowledgement,
  Census,
  FeedFilter,
  Introduction,
  LogPage,
  LogReadRequest,
  LogRpc,
  LogSize,
  NextEvent,
  Reading,
  SequencePart,
  Sequenced,
  SequencedTogether,
  StreamSummary,
  SweepAnswer,
} from "./log-protocol.ts";
import { MOVED_TO, type Moved, type SegmentRpc, hasMoved, segmentName } from "./segment.ts";

/** The last segment of each log that this isolate has met. A number that is out of date costs one more call. */
const lastSegments = new Map<string, number>();

export class LogClient implements LogRpc {
  readonly #env: HeadspringEnv;
  readonly #store: string;

  constructor(env: HeadspringEnv, store: string) {
    this.#env = env;
    this.#store = store;
  }

  sequence(stream: string, events: readonly StoredEvent[]): Promise<Sequenced> {
    return this.#ask((segment) => segment.sequence(stream, events));
  }

  sequenceTogether(parts: readonly SequencePart[]): Promise<SequencedTogether> {
    return this.#ask((segment) => segment.sequenceTogether(parts));
  }

  read(request: LogReadRequest): Promise<LogPage> {
    return this.#ask((segment) => segment.read(request));
  }

  positions(stream: string, from: number, to: number): Promise<Record<number, number>> {
    return this.#ask((segment) => segment.positions(stream, from, to));
  }

  head(): Promise<number> {
    return this.#ask((segment) => segment.head());
  }

  changed(filter: FeedFilter, after: number, ms: number): Promise<number> {
    return this.#ask((segment) => segment.changed(filter, after, ms));
  }

  nextFor(readings: readonly Reading[]): Promise<NextEvent[]> {
    return this.#ask((segment) => segment.nextFor(readings));
  }

  size(): Promise<LogSize> {
    return this.#ask((segment) => segment.size());
  }

  streams(category: string | undefined, after: string, limit: number): Promise<StreamSummary[]> {
    return this.#ask((segment) => segment.streams(category, after, limit));
  }

  async fetch(request: Request): Promise<Response> {
    for (;;) {
      const response = await this.#last().fetch(request.clone());
      const movedTo = response.headers.get(MOVED_TO);
      if (movedTo === null) return response;
      lastSegments.set(this.#store, Number(movedTo));
    }
  }

  acknowledge(acknowledgements: readonly Acknowledgement[]): Promise<void> {
    return this.#ask((segment) => segment.acknowledge(acknowledgements));
  }

  sweep(consumer?: string): Promise<number> {
    return this.#ask((segment) => segment.sweep(consumer));
  }

  wakeBehind(census: Census): Promise<SweepAnswer> {
    return this.#ask((segment) => segment.wakeBehind(census));
  }

  introduce(introduction: Introduction): Promise<void> {
    return this.#ask((segment) => segment.introduce(introduction));
  }

  knownSince(consumer: string): Promise<number> {
    return this.#ask((segment) => segment.knownSince(consumer));
  }

  subscribe(consumer: string, filter?: EventFilter, position?: number): Promise<void> {
    return this.#ask((segment) => segment.subscribe(consumer, filter, position));
  }

  unsubscribe(consumer: string): Promise<void> {
    return this.#ask((segment) => segment.unsubscribe(consumer));
  }

  subscribers(): Promise<string[]> {
    return this.#ask((segment) => segment.subscribers());
  }

  /** Asks the last segment, which may have become an earlier one since. */
  async #ask<Answer>(question: (segment: SegmentRpc) => Promise<Answer | Moved>): Promise<Answer> {
    for (;;) {
      const answer = await question(this.#last());
      if (!hasMoved(answer)) return answer;
      lastSegments.set(this.#store, answer.movedTo);
    }
  }

  #last(): SegmentRpc {
    return this.#env.LOGS.getByName(segmentName(this.#store, lastSegments.get(this.#store) ?? 1));
  }
}
