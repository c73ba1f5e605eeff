/**
 * The protocol between the parts: what the doors and consumers say to streams, streams to the log,
 * and the log to consumers. Refusals and conflicts cross as values; an exception means a bug or the platform.
 *
 * During a deployment two versions of this code talk to each other for a while:
 * fields may be added as optional, never renamed or removed.
 */

import type { LoggedEvent, StoredEvent } from "./event.ts";

// ── to a stream ──────────────────────────────────────────────────────────────────────────────

/** What the writer believes of the stream. A write on a wrong belief is refused (promise 2). */
export type Expected = { kind: "any" } | { kind: "exists" } | { kind: "absent" } | { kind: "version"; version: number };

export interface CommandRequest {
  readonly command: string;
  /** JSON text: parsed once, where it is validated. */
  readonly data: string;
  /** The command's id given by the client; repeats of it get the first answer (promise 8). */
  readonly idempotencyKey?: string;
  /** The key was derived from a cause, so the first outcome stands even if the content has changed since. */
  readonly firstStands?: boolean;
  readonly expected: Expected;
  readonly correlationId?: string;
  readonly causationId?: string;
  /** Milliseconds to wait for the log's positions; without it {@link ACKNOWLEDGE_BUDGET_MS}. */
  readonly waitMs?: number;
}

/** An event of an append, checked by the door. */
export interface AppendEvent {
  /** Lower case; absent: the stream makes one. */
  readonly id?: string;
  readonly type: string;
  /** JSON text. */
  readonly data: string;
  /** JSON text. */
  readonly meta: string;
  readonly time?: string;
  readonly schemaVersion: number;
}

export interface AppendRequest {
  readonly events: readonly AppendEvent[];
  readonly idempotencyKey?: string;
  readonly firstStands?: boolean;
  readonly expected: Expected;
  readonly waitMs?: number;
}

/** A stored event, as a write's answer names it. */
export interface EventReference {
  readonly id: string;
  readonly version: number;
  /** Present when the log answered in time. */
  readonly position?: number;
  readonly type: string;
}

export interface Issue {
  /** Where in the body, for example `lines.0.sku`. */
  readonly path: string;
  readonly message: string;
}

export interface Written {
  readonly outcome: "written";
  /** The stream's version after the write. */
  readonly version: number;
  /** Of the last event, when the log answered in time. */
  readonly position?: number;
  readonly events: readonly EventReference[];
  /** The answer is a repeat of an earlier one. */
  readonly replayed: boolean;
}

export interface VersionConflict {
  readonly outcome: "version-conflict";
  readonly expected: string;
  readonly actual: number;
}

export interface IdempotencyConflict {
  readonly outcome: "idempotency-conflict";
  readonly detail: string;
}

export interface Invalid {
  readonly outcome: "invalid";
  readonly issues: readonly Issue[];
}

export type AppendAnswer = Written | VersionConflict | IdempotencyConflict;

export type CommandAnswer =
  | (Written & { readonly commandId: string })
  | {
      readonly outcome: "refused";
      readonly commandId: string;
      readonly reason: string;
      readonly details?: string;
      readonly replayed: boolean;
    }
  | { readonly outcome: "failed"; readonly commandId: string }
  | { readonly outcome: "unknown-command" }
  | Invalid
  | VersionConflict
  | IdempotencyConflict;

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

export interface StreamPage {
  /** The stream's version; 0: never written. */
  readonly version: number;
  readonly events: readonly (StoredEvent & { readonly position?: number })[];
  /** The version at which the next page begins, in the reading direction. */
  readonly next?: number;
}

/** The state as JSON text. `version` 0: never written. */
export interface StreamState {
  readonly version: number;
  readonly state: string;
}

export interface StreamRpc {
  execute(request: CommandRequest): Promise<CommandAnswer>;
  append(request: AppendRequest): Promise<AppendAnswer>;
  read(request: StreamReadRequest): Promise<StreamPage>;
  state(): Promise<StreamState>;
}

// ── to the log ───────────────────────────────────────────────────────────────────────────────

/** The log's answer to a stream that hands over its events. */
export interface Sequenced {
  /** The stream's version as the log has it now. Smaller than what was sent means a gap: send again from there. */
  readonly head: number;
  /** The first event that this call added, with its position; those after it follow without holes. */
  readonly first?: { readonly version: number; readonly position: number };
  /** What was sent is not what the log has at the same version: the stream was restored to an earlier time. */
  readonly diverged?: boolean;
}

export interface LogFilter {
  /** Any of these types; absent: all. */
  readonly types?: readonly string[];
  /** Any of these categories; absent: all. */
  readonly categories?: readonly string[];
  /** One stream only: `category/id`. */
  readonly stream?: string;
}

export interface LogReadRequest extends LogFilter {
  /** The position after which to read, in the reading direction. Backward, null means from the head. */
  readonly after: number | null;
  /** The last position to look at, inclusive. */
  readonly to?: number;
  readonly limit: number;
  readonly direction?: "forward" | "backward";
}

export interface LogPage {
  readonly events: readonly LoggedEvent[];
  /** The last position looked at; backward null at the beginning. */
  readonly next: number | null;
  readonly head: number;
}

/** What a consumer reports when it rests. */
export interface Acknowledgement {
  readonly consumer: string;
  readonly position: number;
  /** It stopped on purpose (paused or failed): do not ring for it until it reports again. */
  readonly resting?: boolean;
}

export interface LogRpc {
  /** Takes a stream's events, contiguously; what it already has it ignores (promise 3). An empty list asks for the head. */
  sequence(stream: string, events: readonly StoredEvent[]): Promise<Sequenced>;
  read(request: LogReadRequest): Promise<LogPage>;
  /** Positions of a stream's versions `from`…`to`, by version. */
  positions(stream: string, from: number, to: number): Promise<Record<number, number>>;
  head(): Promise<number>;
  /** Consumers say how far they are, so that the log knows for whom to ring again. */
  acknowledge(acknowledgements: readonly Acknowledgement[]): Promise<void>;
  /** Rings for every consumer that is not known to be at the head. */
  sweep(): Promise<void>;
  /** Adds a consumer known only at run time (a webhook). Idempotent. */
  subscribe(consumer: string): Promise<void>;
  unsubscribe(consumer: string): Promise<void>;
  subscribers(): Promise<string[]>;
}

// ── to a consumer ────────────────────────────────────────────────────────────────────────────

/** The message in the queue. Losing, repeating or reordering it is harmless: it only says "look". */
export interface WakeUp {
  readonly store: string;
  readonly consumer: string;
  readonly head: number;
}

export type ConsumerStatus = "live" | "catching-up" | "paused" | "failed" | "rebuilding";

/** Why a consumer does not go on. */
export interface ConsumerError {
  readonly message: string;
  /** RFC 3339. */
  readonly at: string;
  /** The event it could not process. */
  readonly event?: { readonly position: number; readonly stream: string; readonly version: number; readonly type: string };
}
