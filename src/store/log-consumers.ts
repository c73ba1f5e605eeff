/**
 * What a log and its consumers know of each other: which events each handles, how far it is, and what comes next for it. The rules of
 * `stream-protocol.ts` apply here as well. Types only.
 */

import type { EventFilter } from "../core/event.ts";

/** How far a reader is, and what it reads. */
export interface Reading extends EventFilter {
  readonly after: number;
}

/** What comes next for a reader. */
export interface NextEvent {
  /** Nothing up to here concerns it: this is the head, or the position before the next event that it handles. */
  readonly passed: number;
  /** When that next event was recorded (milliseconds since 1970); absent: `passed` is the head. */
  readonly recordedAt?: number;
}

/** What a consumer reports when it stops working. */
export interface Acknowledgement {
  readonly consumer: string;
  readonly position: number;
  /** It stopped on purpose (paused or failed): do not wake it until it reports again. Only valid with `asOf`. */
  readonly resting?: boolean;
  /** It is still working, or continues by itself: it need not be woken. A position below 0 means that none is reported. */
  readonly working?: boolean;
  /** `asOf` of the wake-up that it answers. Reports as of a moment before the last `LogRpc.sweep` are ignored. */
  readonly asOf?: number;
}

/** How far a consumer is according to D1, and what it handles according to the code that has read it. */
export interface Standing extends EventFilter {
  readonly consumer: string;
  /** -1: it has something to do, wherever the head is. */
  readonly position: number;
  /** It is paused or has failed. */
  readonly resting?: boolean;
}

/** The consumers of the log, according to the caller's code. The log itself may run other code. */
export interface Introduction {
  /** All of them. The log wakes them for the events that they handle. */
  readonly consumers: readonly string[];
  /** Which events those are, according to that code; absent: unknown. */
  readonly filters?: readonly { readonly consumer: string; readonly filter: EventFilter }[];
  /** Those that begin with events from now on, if they have not begun yet. */
  readonly startingAtHead: readonly string[];
}

/** The views and processors that the store's catalog declares. */
export interface DeclaredConsumers {
  /** A number of the catalog that grows with every change: older lists do not count. */
  readonly asOf: number;
  /** All of them, except those that the code shadows. */
  readonly consumers: readonly { readonly consumer: string; readonly filter?: EventFilter }[];
}

/** What the cron's sweep has read about a store's consumers. */
export interface Census {
  /** The consumers that keep their position in D1. */
  readonly standings: readonly Standing[];
  /** Also wake consumers whose position is unknown, although there is no sign that they are behind. */
  readonly thorough?: boolean;
  /** The consumers that the sweep's code declares. */
  readonly introduction?: Introduction;
  /** Those of the store's catalog; absent: it was not asked. */
  readonly declared?: DeclaredConsumers;
}

/** The log's answer to a sweep. */
export interface SweepAnswer {
  /** How many consumers are behind and were woken; 0: the store is at rest. */
  readonly behind: number;
  /** Consumers that have no event to handle between their position and the head: their checkpoints may move to the head. */
  readonly passed: readonly string[];
  readonly head: number;
}
