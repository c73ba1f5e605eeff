/**
 * The protocol of a store's log, which streams, routes and consumers call; what it knows of consumers is in `log-consumers.ts`. The rules of
 * `stream-protocol.ts` apply here as well: fields may be added as optional, never renamed or removed.
 */

import * as z from "zod";
import { type Answer, Position, StreamName, Version } from "../core/answer.ts";
import type { LoggedEvent, StoredEvent, EventFilter } from "../core/event.ts";
import type { Acknowledgement, Census, DeclaredConsumers, Introduction, NextEvent, Reading, SweepAnswer } from "./log-consumers.ts";

/** The log's answer to a stream that sends its events. */
export interface Sequenced {
  /** The stream's version as the log has it now. Smaller than what was sent means a gap: send again from there. */
  readonly head: number;
  /** The first event that this call added, with its position; those after it follow without holes. */
  readonly first?: { readonly version: number; readonly position: number };
  /** The log has another event at a version that was sent: the stream was restored to an earlier time. */
  readonly diverged?: boolean;
}

/** Some events of a stream, among those of other streams. */
export interface SequencePart {
  readonly stream: string;
  /** In the order of their versions, without holes. */
  readonly events: readonly StoredEvent[];
  /** The version that the log must have of the stream before it takes them. */
  readonly after: number;
}

/** The log's answer to a piece of an import. */
export interface SequencedTogether {
  /** All of the piece is in the log now. False: nothing of it was taken. */
  readonly taken: boolean;
  /** The version of each part's stream in the log now. */
  readonly heads: readonly number[];
  /** A stream of which the log has other events at the same versions. */
  readonly diverged?: string;
}

/** What a live subscription may filter by. The log also applies it to events in memory. */
export interface FeedFilter extends EventFilter {
  /** One stream only: `category/id`. Uses the log's index. */
  readonly stream?: string;
  /** Any of these streams: reads every entry, as the filters above do. */
  readonly streams?: readonly string[];
}

export interface LogFilter extends FeedFilter {
  /** Events with this id, in lower case. */
  readonly id?: string;
  /**
   * Events recorded from this time on, and before the next one; milliseconds since 1970. Reads every entry: a log is not ordered by time.
   */
  readonly since?: number;
  readonly until?: number;
  /** Events whose meta has this correlation id. A packed segment has an index of them; in another one it reads every entry. */
  readonly correlationId?: string;
}

export interface LogReadRequest extends LogFilter {
  /** The position after which to read, in the reading direction. Backward, null means from the head. */
  readonly after: number | null;
  /** The last position to read, inclusive. */
  readonly to?: number;
  readonly limit: number;
  /** Bytes of `data` and `meta` after which the page ends; without it {@link PAGE_BYTES}. */
  readonly bytes?: number;
  readonly direction?: "forward" | "backward";
  /** The caller can read a page whose events are packed. */
  readonly packed?: true;
}

export interface LogPage {
  readonly events: readonly LoggedEvent[];
  /** The last position that was read; null when reading backward has reached the beginning. */
  readonly next: number | null;
  readonly head: number;
}

/** A stream as the log knows it. */
export const StreamSummary = z.object({ stream: StreamName, version: Version, lastPosition: Position });
export type StreamSummary = Answer<typeof StreamSummary>;

/** How large a log is. */
export interface LogSize {
  readonly head: number;
  /** The number of objects it is made of. */
  readonly segments: number;
  /** The size of the last segment. */
  readonly bytes: number;
  /** Live subscriptions, including server-sent events. */
  readonly subscriptions: number;
}

export interface LogRpc {
  /** Takes a stream's events, contiguously; ignores those that it has already (promise 3). An empty list asks for the head. */
  sequence(stream: string, events: readonly StoredEvent[]): Promise<Sequenced>;
  /**
   * Takes the events of many streams in this order, all or none of them: none if one would leave a gap. Ignores those that it has already.
   */
  sequenceTogether(parts: readonly SequencePart[]): Promise<SequencedTogether>;
  read(request: LogReadRequest): Promise<LogPage>;
  /** Positions of a stream's versions `from`…`to`, by version. */
  positions(stream: string, from: number, to: number): Promise<Record<number, number>>;
  head(): Promise<number>;
  /** The first position that the log took at this time or later (milliseconds since 1970); if there is none, the one after the head. */
  positionAt(time: number): Promise<number>;
  /** Waits until an event that passes the filter arrives after a position, or for this many milliseconds. Returns the head. */
  changed(filter: FeedFilter, after: number, ms: number): Promise<number>;
  /** The next event for each of these readers: one question for all consumers of a store. Reads a bounded number of entries for each. */
  nextFor(readings: readonly Reading[]): Promise<NextEvent[]>;
  /** How large it has become. */
  size(): Promise<LogSize>;
  /** Goes on in the next segment, unless the last one is empty. */
  rollOver(): Promise<void>;
  /** Streams in the order of their names (of UTF-8 bytes), of one category or of all, after this name. */
  streams(category: string | undefined, after: string, limit: number): Promise<StreamSummary[]>;
  /** Opens a live subscription over a WebSocket; `log/feed.ts` describes the messages. */
  fetch(request: Request): Promise<Response>;
  /** Consumers report how far they are, so that the log knows which ones to wake again. */
  acknowledge(acknowledgements: readonly Acknowledgement[]): Promise<void>;
  /**
   * Wakes a consumer that was resumed, reset or otherwise operated on, even one that rests, and keeps waking it. Without a name it wakes
   * all consumers whose state is unknown. What consumers report as of an earlier moment no longer counts. Returns the moment.
   */
  sweep(consumer?: string): Promise<number>;
  /** Wakes the consumers that are behind according to the sweep, and keeps waking them. */
  wakeBehind(census: Census): Promise<SweepAnswer>;
  /** Remembers consumers that this object's own code may not have. Idempotent. */
  introduce(introduction: Introduction): Promise<void>;
  /** The head at the time when the log first heard of a consumer: where a consumer begins that wants no history. */
  knownSince(consumer: string): Promise<number>;
  /**
   * Adds a consumer known only at run time (a webhook), or changes the events that it handles from now on. Idempotent. Unless it is at the
   * head, it is woken.
   *
   * @param filter without it, it handles all events
   * @param position how far it is; without it that is unknown
   */
  subscribe(consumer: string, filter?: EventFilter, position?: number): Promise<void>;
  unsubscribe(consumer: string): Promise<void>;
  /** Keeps which views and processors the catalog declares, instead of those that it has kept. New ones are woken. */
  keepDeclared(declared: DeclaredConsumers): Promise<void>;
  subscribers(): Promise<string[]>;
}

export type LogMethod = Exclude<keyof LogRpc, "fetch">;

/**
 * Every method by its name, which is all that the client needs. `retryable`: the runtime may send a call again when it cannot tell whether
 * it arrived (`core/retryable.ts`); `once`: it must not, or need not.
 */
export const LOG_METHODS: Record<LogMethod, "retryable" | "once"> = {
  sequence: "retryable",
  sequenceTogether: "retryable",
  read: "retryable",
  positions: "retryable",
  head: "retryable",
  positionAt: "retryable",
  changed: "once",
  nextFor: "retryable",
  size: "retryable",
  rollOver: "once",
  streams: "retryable",
  acknowledge: "retryable",
  sweep: "retryable",
  wakeBehind: "retryable",
  introduce: "retryable",
  knownSince: "once",
  subscribe: "retryable",
  unsubscribe: "retryable",
  keepDeclared: "retryable",
  subscribers: "retryable",
};
