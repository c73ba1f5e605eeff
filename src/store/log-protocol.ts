/**
 * The protocol of a store's log, which streams, routes and consumers call. The rules of `stream-protocol.ts` hold here too:
 * fields may be added as optional, never renamed or removed.
 */

import * as z from "zod";
import { type Answer, Position, StreamName, Version } from "../core/answer.ts";
import type { LoggedEvent, StoredEvent, EventFilter } from "../core/event.ts";

/** The log's answer to a stream that hands over its events. */
export interface Sequenced {
  /** The stream's version as the log has it now. Smaller than what was sent means a gap: send again from there. */
  readonly head: number;
  /** The first event that this call added, with its position; those after it follow without holes. */
  readonly first?: { readonly version: number; readonly position: number };
  /** What was sent is not what the log has at the same version: the stream was restored to an earlier time. */
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
  /** All of it is in the log now. False: nothing of it was taken. */
  readonly taken: boolean;
  /** The version of each part's stream that the log has now. */
  readonly heads: readonly number[];
  /** A stream of which the log has other events at the same versions. */
  readonly diverged?: string;
}

/** What a live subscription may ask for. The log also tests it on events in memory. */
export interface FeedFilter extends EventFilter {
  /** One stream only: `category/id`. Served by the log's index. */
  readonly stream?: string;
  /** Any of these streams: looks at every entry, as the filters above do. */
  readonly streams?: readonly string[];
}

export interface LogFilter extends FeedFilter {
  /** Events with this id, in lower case. */
  readonly id?: string;
  /** Events recorded from this time on, and before that one; milliseconds since 1970. Looks at every entry: a log is not in the order of time. */
  readonly since?: number;
  readonly until?: number;
}

export interface LogReadRequest extends LogFilter {
  /** The position after which to read, in the reading direction. Backward, null means from the head. */
  readonly after: number | null;
  /** The last position to look at, inclusive. */
  readonly to?: number;
  readonly limit: number;
  /** Bytes of `data` and `meta` after which the page ends; without it {@link PAGE_BYTES}. */
  readonly bytes?: number;
  readonly direction?: "forward" | "backward";
}

export interface LogPage {
  readonly events: readonly LoggedEvent[];
  /** The last position looked at; backward null at the beginning. */
  readonly next: number | null;
  readonly head: number;
}

/** A stream as the log knows it. */
export const StreamSummary = z.object({ stream: StreamName, version: Version, lastPosition: Position });
export type StreamSummary = Answer<typeof StreamSummary>;

/** How large a log is. */
export interface LogSize {
  readonly head: number;
  /** How many objects it is made of. */
  readonly segments: number;
  /** Of the last of them. */
  readonly bytes: number;
  /** Live subscriptions, server-sent events included. */
  readonly subscriptions: number;
}

/** How far a reader is, and what it reads. */
export interface Reading extends EventFilter {
  readonly after: number;
}

/** What comes next for a reader. */
export interface NextEvent {
  /** There is nothing for it up to here: the head, or the position before the next event that it handles. */
  readonly passed: number;
  /** When the event after that was recorded (milliseconds since 1970); absent: `passed` is the head. */
  readonly recordedAt?: number;
}

/** What a consumer reports when it rests. */
export interface Acknowledgement {
  readonly consumer: string;
  readonly position: number;
  /** It stopped on purpose (paused or failed): do not wake it until it reports again. Counts only with `asOf`. */
  readonly resting?: boolean;
  /** It is still at work, or comes back by itself: it need not be woken. A position below 0 says nothing. */
  readonly working?: boolean;
  /** `asOf` of the wake-up that it answers. What was reported as of a moment before the last {@link LogRpc.sweep} counts for nothing. */
  readonly asOf?: number;
}

/** Where a consumer stands by D1, and what it handles by the code that has read it. */
export interface Standing extends EventFilter {
  readonly consumer: string;
  /** -1: it has something to do, wherever the head is. */
  readonly position: number;
  /** It is paused or has failed. */
  readonly resting?: boolean;
}

/** Who follows the log by the code of whoever says so. The log itself may run other code. */
export interface Introduction {
  /** All of them. They are woken the events that they handle. */
  readonly consumers: readonly string[];
  /** Which events those are, by that code; absent: it does not say. */
  readonly filters?: readonly { readonly consumer: string; readonly filter: EventFilter }[];
  /** Those that begin with what comes from now on, if they have not begun. */
  readonly startingAtHead: readonly string[];
}

/** What the cron's sweep has read of a store's consumers. */
export interface Census {
  /** Of those that keep their position in D1. */
  readonly standings: readonly Standing[];
  /** Also wake those whose place nobody knows, although nothing says that they are behind. */
  readonly thorough?: boolean;
  /** Whom the sweep's code has. */
  readonly introduction?: Introduction;
}

/** What the log makes of it. */
export interface SweepAnswer {
  /** How many consumers are behind and were woken; 0: the store is at rest. */
  readonly behind: number;
  /** Consumers for which there is nothing between where they stand and the head: their checkpoints may move there. */
  readonly passed: readonly string[];
  readonly head: number;
}

export interface LogRpc {
  /** Takes a stream's events, contiguously; what it already has it ignores (promise 3). An empty list asks for the head. */
  sequence(stream: string, events: readonly StoredEvent[]): Promise<Sequenced>;
  /** Takes the events of many streams in this order, all or none of them: none if one would come behind a gap. What it has it ignores. */
  sequenceTogether(parts: readonly SequencePart[]): Promise<SequencedTogether>;
  read(request: LogReadRequest): Promise<LogPage>;
  /** Positions of a stream's versions `from`…`to`, by version. */
  positions(stream: string, from: number, to: number): Promise<Record<number, number>>;
  head(): Promise<number>;
  /** Waits until an event that passes the filter comes after a position, or so many milliseconds. Answers with the head. */
  changed(filter: FeedFilter, after: number, ms: number): Promise<number>;
  /** What comes next for each of these readers: one question for all consumers of a store. Looks at a bounded number of entries for each. */
  nextFor(readings: readonly Reading[]): Promise<NextEvent[]>;
  /** How large it has become. */
  size(): Promise<LogSize>;
  /** Streams in the order of their names (of UTF-8 bytes), of one category or of all, after this name. */
  streams(category: string | undefined, after: string, limit: number): Promise<StreamSummary[]>;
  /** Opens a live subscription over a WebSocket; `log/feed.ts` says what is asked and what is sent. */
  fetch(request: Request): Promise<Response>;
  /** Consumers say how far they are, so that the log knows for whom to wake again. */
  acknowledge(acknowledgements: readonly Acknowledgement[]): Promise<void>;
  /**
   * Wakes a consumer that was told to go on, to begin again or to do something else, and for those that rest; goes on waking them. Without
   * one it wakes all of whom nothing is known. What consumers report as of a moment before this counts no more. Answers with that
   * moment.
   */
  sweep(consumer?: string): Promise<number>;
  /** Wakes the consumers that are behind by what the sweep has read, and goes on waking them. */
  wakeBehind(census: Census): Promise<SweepAnswer>;
  /** Takes note of consumers that this object's own code may not have. Idempotent. */
  introduce(introduction: Introduction): Promise<void>;
  /** The head as it was when the log first knew of a consumer: where one that wants no history begins. */
  knownSince(consumer: string): Promise<number>;
  /**
   * Adds a consumer known only at run time (a webhook), or says that it handles other events from now on. Idempotent. Unless it is at
   * the head it is woken.
   *
   * @param filter without it all events concern it
   * @param position where it stands; without it that is not known
   */
  subscribe(consumer: string, filter?: EventFilter, position?: number): Promise<void>;
  unsubscribe(consumer: string): Promise<void>;
  subscribers(): Promise<string[]>;
}
