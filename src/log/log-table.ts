/** The events of one segment of a log, in its object's SQLite: every event of a store, in one order (promise 3). */

import type { StoredEvent } from "../core/event.ts";
import type { LogPage, LogReadRequest, Sequenced, StreamSummary } from "../store/log-protocol.ts";
import type { PackedPage } from "../store/packed-page.ts";
import type { Lifting } from "./stored-page.ts";

/** How a segment stores its events. Nobody else knows which of the two ways it is. */
export interface LogTable {
  /** The first position that belongs here. */
  readonly first: number;
  /** The last position; if there is no event, the position before the first. */
  readonly head: number;
  /** Forgets what is in memory, after a transaction that changed it did not commit. */
  reload(): void;
  /**
   * Takes a stream's events, contiguously: ignores those that are here already, and takes nothing across a gap. That alone makes the call
   * idempotent and keeps the log exact. Call it inside `transactionSync`, and {@link flush} before that ends.
   */
  accept(stream: string, events: readonly StoredEvent[]): Sequenced;
  /** Stores what was accepted and is not stored yet. */
  flush(): void;
  /** Whether the log has other events of the stream at these versions. */
  differs(stream: string, events: readonly StoredEvent[]): boolean;
  /** One page. A filtered page examines a bounded number of entries and reports how far it came. */
  page(request: LogReadRequest): LogPage;
  /** The same page, lifted, for a reader that unpacks it; undefined: only {@link page} can make it. */
  storedPage?(request: LogReadRequest, lifting: Lifting): PackedPage | undefined;
  /** The first position that was taken at this time or later (milliseconds since 1970); undefined: all were taken before. */
  positionAt(time: number): number | undefined;
  /** The kinds of events after a position, each with the last event of that kind, of any stream of the category. */
  kindsAfter(position: number): { stream: string; type: string; position: number }[];
  /** Streams in the order of their names, of one category or of all, after this name. */
  streams(category: string | undefined, after: string, limit: number): StreamSummary[];
  /** The positions of a stream's versions, by version. */
  positions(stream: string, from: number, to: number): Record<number, number>;
  /** Removes the content of a stream's events before this version, however far apart they are. */
  blank(stream: string, before: number): void;
  /** The stream's version as far as it is here; undefined: no event of it is. */
  versionHere(stream: string): number | undefined;
  /** Takes a stream's version from an earlier segment. */
  learn(stream: string, version: number): void;
}
