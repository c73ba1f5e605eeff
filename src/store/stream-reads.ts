/** What routes and consumers read of a stream. The rules of `stream-protocol.ts` apply here as well. Types only. */

import type { StoredEvent } from "../core/event.ts";

/** Which events of a stream are asked for. */
export interface StreamReadRequest {
  /** Versions, inclusive. */
  readonly from: number;
  readonly to: number;
  readonly limit: number;
  readonly direction: "forward" | "backward";
  readonly types?: readonly string[];
  /** Also ask the log for the positions. */
  readonly positions?: boolean;
}

/** A page of a stream. */
export interface StreamPage {
  /** The stream's version; 0: never written. */
  readonly version: number;
  readonly deleted?: boolean;
  readonly events: readonly (StoredEvent & { readonly position?: number })[];
  /** The version at which the next page begins, in the reading direction. */
  readonly next?: number;
}

/** The state of a stream at one version. */
export interface StreamState {
  /** The version of the state. 0: before the first event. */
  readonly version: number;
  /** The stream's own version; 0: never written. */
  readonly head: number;
  readonly deleted: boolean;
  /** JSON text. */
  readonly state: string;
  /** The app's code cannot fold it; the stream has logged the cause. */
  readonly failed?: boolean;
  /** Why this code cannot compute it, through no fault of the app: the stream has events of newer code. */
  readonly unavailable?: string;
  /** Commands that the stream will send to itself; `due` in milliseconds since 1970, `data` as JSON text. */
  readonly timers: readonly { readonly command: string; readonly key?: string; readonly due: number; readonly data: string }[];
  /** Events that may not have reached the log, and when the first of them was stored (milliseconds since 1970). */
  readonly unsequenced?: { readonly since: number; readonly events: number };
  /** How long the log usually takes to answer this stream (absent: not measured yet), and how long a write waits for it, in milliseconds. */
  readonly log?: { readonly usualMs?: number; readonly budgetMs: number };
}
