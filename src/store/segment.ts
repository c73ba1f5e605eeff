/**
 * A log may be larger than one object: then it is a chain of segments, each an object of its own. All but the last are sealed, and never
 * change again (except by erasures). A log's first segment has the store's name, the others `{store}#2`, `{store}#3` …; a store's name has
 * no `#`.
 */

import type { EventFilter, StoredEvent } from "../core/event.ts";
import type { EventsText } from "./events-text.ts";
import { LOG_SEGMENT_BYTES } from "./limits.ts";
import type { LogPage, LogReadRequest, LogRpc, SequencePart, Sequenced, SequencedTogether, StreamSummary } from "./log-protocol.ts";
import type { PackedPage } from "./packed-page.ts";

/** What a segment knows about itself and its predecessors. */
export interface SegmentInfo {
  /** 1, 2, 3 … */
  readonly number: number;
  /** The first position that belongs here. */
  readonly first: number;
  /** The first position of each segment before this one, the oldest first. */
  readonly earlier: readonly number[];
}

/** What a sealed segment passes to the next one, whenever it asks. */
export interface Handover {
  readonly first: number;
  readonly earlier: readonly number[];
  /** Consumers known only at run time. */
  readonly subscribers: readonly string[];
  /** The events that they handle, for those that have registered them. */
  readonly filters?: readonly { readonly consumer: string; readonly filter: EventFilter }[];
  /** As of which change of the catalog they include what it declares. */
  readonly declaredAsOf?: number;
  /** The head at which the log first heard of each consumer that begins at its head. */
  readonly origins?: Readonly<Record<string, number>>;
  /** Erasures that earlier segments still have to carry out: the stream, and the version below which to erase. */
  readonly erasures?: readonly { readonly stream: string; readonly before: number }[];
}

/** A sealed segment's answer to what only the last segment may answer. */
export interface Moved {
  readonly movedTo: number;
}

export function hasMoved(answer: unknown): answer is Moved {
  return typeof answer === "object" && answer !== null && "movedTo" in answer;
}

/** The name of the object of a store's segment. */
export function segmentName(store: string, number: number): string {
  return number === 1 ? store : `${store}#${number}`;
}

/** The store and the number of a segment, from its object's name. */
export function parseSegmentName(name: string): { store: string; number: number } {
  const [store = "", number = "1"] = name.split("#");
  return { store, number: Number(number) };
}

/** Bytes at which a segment is full. A variable can lower it: for tests, and for deployments that want smaller objects. */
export function segmentBytes(env: { readonly LOG_SEGMENT_BYTES?: string }): number {
  return Number(env.LOG_SEGMENT_BYTES ?? LOG_SEGMENT_BYTES);
}

/** The earlier segment that has a position: its number, its first and its last position. */
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

/** A part of a piece of an import, as it travels: its events are one string. A segment also takes events as they are. */
export type PackedPart = Omit<SequencePart, "events"> & { readonly events: EventsText };

/** The last segment of a log answers these; any other returns where the log continues. */
type Forwarding<Rpc> = {
  [Method in keyof Rpc]: Rpc[Method] extends (...args: infer Args) => Promise<infer Answer>
    ? (...args: Args) => Promise<Answer | Moved>
    : never;
};

/** What other segments and clients call on a segment. */
export interface SegmentRpc extends Forwarding<Omit<LogRpc, "fetch" | "read" | "sequence" | "sequenceTogether">> {
  fetch(request: Request): Promise<Response>;
  sequence(stream: string, events: EventsText | readonly StoredEvent[]): Promise<Sequenced | Moved>;
  sequenceTogether(parts: readonly (PackedPart | SequencePart)[]): Promise<SequencedTogether | Moved>;
  read(request: LogReadRequest): Promise<LogPage | PackedPage | Moved>;
  /** For the next segment; undefined if this one is not sealed. */
  handover(): Promise<Handover | undefined>;
  /** A page of this segment alone. `lifts`: for a reader that passes it on, as the code declares its events. */
  readHere(request: LogReadRequest, lifts?: boolean): Promise<LogPage | PackedPage>;
  /** The versions of streams as of this segment, in the given order; 0: not seen so far. */
  versionsHere(streams: readonly string[]): Promise<number[]>;
  /** Like `positions`, as of this segment. */
  positionsHere(stream: string, from: number, to: number): Promise<Record<number, number>>;
  /** Like `positionAt`, as of this segment; undefined: it was full before. */
  positionAtHere(time: number): Promise<number | undefined>;
  /** Like `streams`, as of this segment. */
  streamsHere(category: string | undefined, after: string, limit: number): Promise<StreamSummary[]>;
  /** Removes the content of a stream's events before a version, here and in earlier segments. */
  eraseHere(stream: string, before: number): Promise<void>;
}

/** The header of an answer to `fetch` that says where the log continues. */
export const MOVED_TO = "headspring-moved-to";
