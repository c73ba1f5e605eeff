/**
 * One log may be larger than one object: it is then a chain of segments, each an object of its own. All but the last
 * are sealed, and never change again (but for erasures). A log's first segment has the store's name, the others
 * `{store}#2`, `{store}#3` …; a store's name has no `#`.
 */

import type { EventFilter } from "../core/event.ts";
import { LOG_SEGMENT_BYTES } from "./limits.ts";
import type { LogPage, LogReadRequest, LogRpc, StreamSummary } from "./log-protocol.ts";

/** What a segment knows of itself and of those before it. */
export interface SegmentInfo {
  /** 1, 2, 3 … */
  readonly number: number;
  /** The first position that belongs here. */
  readonly first: number;
  /** The first position of each segment before this one, the oldest first. */
  readonly earlier: readonly number[];
}

/** What a sealed segment tells the next one, whenever it asks. */
export interface Handover {
  readonly first: number;
  readonly earlier: readonly number[];
  /** Consumers known only at run time. */
  readonly subscribers: readonly string[];
  /** The events that they handle, of those that have said so. */
  readonly filters?: readonly { readonly consumer: string; readonly filter: EventFilter }[];
  /** Since when the log knows the consumers that begin at its head. */
  readonly origins?: Readonly<Record<string, number>>;
  /** Erasures that the segments before have yet to carry out: the stream, and the version below which. */
  readonly erasures?: readonly { readonly stream: string; readonly before: number }[];
}

/** A sealed segment's answer to whatever only the last one may answer. */
export interface Moved {
  readonly movedTo: number;
}

export function hasMoved(answer: unknown): answer is Moved {
  return typeof answer === "object" && answer !== null && "movedTo" in answer;
}

/** The object's name of a store's segment. */
export function segmentName(store: string, number: number): string {
  return number === 1 ? store : `${store}#${number}`;
}

/** Store and number of a segment, from its object's name. */
export function parseSegmentName(name: string): { store: string; number: number } {
  const [store = "", number = "1"] = name.split("#");
  return { store, number: Number(number) };
}

/** Bytes at which a segment is full. A variable can say less: for tests, and for who wants smaller objects. */
export function segmentBytes(env: { readonly LOG_SEGMENT_BYTES?: string }): number {
  return Number(env.LOG_SEGMENT_BYTES ?? LOG_SEGMENT_BYTES);
}

/** Where a position is, when it is in an earlier segment: that segment's number, its first and its last position. */
export function earlierSegment(
  { first, earlier }: SegmentInfo,
  position: number,
): { number: number; first: number; last: number } | undefined {
  if (position >= first) return undefined;
  const index = Math.max(
    0,
    earlier.findLastIndex((start) => start <= position),
  );
  return { number: index + 1, first: earlier[index] ?? 1, last: (earlier[index + 1] ?? first) - 1 };
}

/** What the last segment of a log answers; any other says where the log goes on. */
type Forwarding<Rpc> = {
  [Method in keyof Rpc]: Rpc[Method] extends (...args: infer Args) => Promise<infer Answer>
    ? (...args: Args) => Promise<Answer | Moved>
    : never;
};

/** What segments and their clients say to a segment. */
export interface SegmentRpc extends Forwarding<Omit<LogRpc, "fetch">> {
  fetch(request: Request): Promise<Response>;
  /** To the segment that follows, or to one that is not sealed: undefined. */
  handover(): Promise<Handover | undefined>;
  /** A page of this segment alone. */
  readHere(request: LogReadRequest): Promise<LogPage>;
  /** The versions of streams as of this segment, in the order asked; 0: not seen so far. */
  versionsHere(streams: readonly string[]): Promise<number[]>;
  /** As `positions`, as of this segment. */
  positionsHere(stream: string, from: number, to: number): Promise<Record<number, number>>;
  /** As `streams`, as of this segment. */
  streamsHere(category: string | undefined, after: string, limit: number): Promise<StreamSummary[]>;
  /** Removes what a stream's events before a version say, here and in earlier segments. */
  eraseHere(stream: string, before: number): Promise<void>;
}

/** The header of an answer to `fetch` that says where the log goes on. */
export const MOVED_TO = "headspring-moved-to";
