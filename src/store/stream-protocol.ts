/**
 * The protocol between the parts: what routes and consumers send to streams, and the log to consumers; what is sent
 * to the log is in `log-protocol.ts`. Refusals and conflicts cross as values; an exception means a bug or the platform.
 *
 * During a deployment two versions of this code talk to each other for a while:
 * fields may be added as optional, never renamed or removed.
 */

import * as z from "zod";
import { type Answer, Position, Uuid, Version } from "../core/answer.ts";
import type { Halfway } from "../core/deletion.ts";
import type { StoredEvent } from "../core/event.ts";
import type { Expected } from "../core/expected.ts";
import type { Issue } from "../core/issue.ts";

// ── to a stream ──────────────────────────────────────────────────────────────────────────────

export interface CommandRequest {
  readonly command: string;
  /** JSON text: parsed once, where it is validated. */
  readonly data: string;
  /** Members that the command's schema does not know are errors: it came from outside. */
  readonly strict?: boolean;
  /** The command's id given by the client; repeats of it get the first answer (promise 8). */
  readonly idempotencyKey?: string;
  /**
   * The key was derived from a cause, so the first outcome stands even if the content has changed since. No client can say
   * so: what it names alike is in another space.
   */
  readonly firstStands?: boolean;
  /** Keep a receipt even of a failure, because nobody waits for the answer. */
  readonly recordFailure?: boolean;
  /** The answer tells what the events say. */
  readonly withData?: boolean;
  readonly expected: Expected;
  readonly correlationId?: string;
  readonly causationId?: string;
  /** How many reactions in a row have led to this command; its events say so in their meta. */
  readonly hops?: number;
  /** The trace that its events belong to: a `traceparent` of version 00. */
  readonly trace?: string;
  /** Milliseconds to wait for the log's positions; without it as long as the log usually takes (`streams/round-trip.ts`). */
  readonly waitMs?: number;
}

/** An event of an append, checked by the route. */
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
  /** As of a {@link CommandRequest}. */
  readonly trace?: string;
}

export interface AppendRequest {
  readonly events: readonly AppendEvent[];
  readonly idempotencyKey?: string;
  /** Of what the client sent: types, data, metas and times, before the route has made events of them. */
  readonly fingerprint?: string;
  /** As of a {@link CommandRequest}: key and ids were derived by a processor, and are looked for among those only. */
  readonly firstStands?: boolean;
  readonly expected: Expected;
  readonly waitMs?: number;
}

/** A stored event, as a write's answer names it. */
export const EventReference = z.object({
  id: Uuid,
  version: Version,
  position: Position.optional(),
  type: z.string(),
});
export type EventReference = Answer<typeof EventReference> & {
  /** JSON text, for who asked for it. */
  readonly data?: string;
};

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
  /** A version, or whether the stream was to exist. */
  readonly expected: number | "absent" | "existing";
  readonly actual: number;
}

export interface IdempotencyConflict {
  readonly outcome: "idempotency-conflict";
  readonly detail: string;
}

/** The command's data is no JSON, or none that is taken from outside. */
export interface InvalidJson {
  readonly outcome: "invalid-json";
  readonly detail: string;
}

export interface Invalid {
  readonly outcome: "invalid";
  readonly issues: readonly Issue[];
}

/** The stream's state cannot be computed by this code: nothing was decided, and nothing is on record. */
export interface StateUnavailable {
  readonly outcome: "state-unavailable";
  readonly commandId: string;
  readonly detail: string;
}

/** The stream has ended. */
export interface Deleted {
  readonly outcome: "deleted";
}

export type AppendAnswer = Written | VersionConflict | IdempotencyConflict | Deleted;

export type DeleteAnswer = Written | VersionConflict | Deleted | Unfinished | { readonly outcome: "unknown" };

/** The stream has not reached its end: it is deleted by force only. */
export interface Unfinished extends Halfway {
  readonly outcome: "unfinished";
}

/** An event of another store. Those that a stream has already, by their ids, are skipped. */
export type ImportedEvent = AppendEvent & { readonly id: string; readonly erased?: boolean };

/** The first event that a stream does not take; those before it are fine. */
export interface ImportRefusal {
  readonly outcome: "idempotency-conflict" | "deleted";
  readonly detail: string;
  readonly index: number;
}

/** One stream's part in a piece of an import. */
export interface ImportPart {
  readonly events: readonly ImportedEvent[];
  /** The stream's version in the log, when the log has said. */
  readonly inLog?: number;
}

/** What a stream has stored of its part, which the importer now brings into the log together with the parts of other streams. */
export interface HeldImport {
  /** How many events are new. */
  readonly stored: number;
  /** The version of each event that was taken, in the order given. */
  readonly versions: readonly number[];
  /** The stream's version before; what is above it is new, and recorded at `recordedAt` (milliseconds since 1970). */
  readonly before: number;
  readonly recordedAt: number;
  /** The stream's version in the log, most probably. */
  readonly inLog: number;
  /** Older events that follow it: the log needs them before it takes the part. If there are very many, only the first of them. */
  readonly older: readonly StoredEvent[];
  readonly refused?: ImportRefusal;
}

export interface DeleteRequest {
  /** Also remove what the stream's events say. */
  readonly erase: boolean;
  /** Also a saga that has not reached its end. */
  readonly force?: boolean;
  readonly trace?: string;
  readonly expected: Expected;
  readonly waitMs?: number;
}

export type CommandAnswer =
  | (Written & { readonly commandId: string })
  | {
      readonly outcome: "refused";
      readonly commandId: string;
      readonly reason: string;
      readonly details?: string;
      readonly replayed: boolean;
    }
  | {
      readonly outcome: "failed";
      readonly commandId: string;
      /** What was thrown. For processors and for the developer: no route of a deployment shows it. */
      readonly cause?: string;
      /** Which part of the app threw, where the cause does not say it itself. */
      readonly part?: string;
      /** The code lacks something: more inputs than this one would fail. */
      readonly isMistake?: boolean;
    }
  | StateUnavailable
  | { readonly outcome: "unknown-command" }
  | InvalidJson
  | Invalid
  | VersionConflict
  | IdempotencyConflict
  | Deleted;

/** A command that is decided and not stored. */
export type DryRunRequest = Pick<CommandRequest, "command" | "data" | "expected" | "correlationId">;

export type DryRunAnswer =
  | ({ readonly outcome: "would-be-accepted" } & Tried)
  | ({ readonly outcome: "would-be-refused"; readonly reason: string; readonly details?: string } & Tried)
  | Extract<
      CommandAnswer,
      { readonly outcome: "failed" | "state-unavailable" | "unknown-command" | "invalid-json" | "invalid" | "version-conflict" | "deleted" }
    >;

interface Tried {
  /** `data` as JSON text. */
  readonly events: readonly { readonly type: string; readonly data: string }[];
  /** After the events; JSON text. */
  readonly state: string;
}

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
  readonly deleted?: boolean;
  readonly events: readonly (StoredEvent & { readonly position?: number })[];
  /** The version at which the next page begins, in the reading direction. */
  readonly next?: number;
}

export interface StreamState {
  /** The version that the state is of. 0: before the first event. */
  readonly version: number;
  /** The stream's own version; 0: never written. */
  readonly head: number;
  readonly deleted: boolean;
  /** JSON text. */
  readonly state: string;
  /** The app's code cannot fold it; the stream has logged the cause. */
  readonly failed?: boolean;
  /** Why this code cannot compute it although it is no fault of the app's: it has events of newer code. */
  readonly unavailable?: string;
  /** Commands that the stream will send to itself; `due` in milliseconds since 1970, `data` as JSON text. */
  readonly timers: readonly { readonly command: string; readonly key?: string; readonly due: number; readonly data: string }[];
  /** Events that the log is not known to have, and when the first of them was stored (milliseconds since 1970). */
  readonly unsequenced?: { readonly since: number; readonly events: number };
  /** How long the log usually takes to answer this stream (absent: not measured yet), and how long a write waits for it, in milliseconds. */
  readonly log?: { readonly usualMs?: number; readonly budgetMs: number };
}

export interface StreamRpc {
  execute(request: CommandRequest): Promise<CommandAnswer>;
  /** A method of its own: an object that does not know it yet must not take the command for a real one. */
  dryRun(request: DryRunRequest): Promise<DryRunAnswer>;
  append(request: AppendRequest): Promise<AppendAnswer>;
  /** The outcome of an earlier command by its id; undefined: not known (any more). */
  command(commandId: string, waitMs: number): Promise<CommandAnswer | undefined>;
  read(request: StreamReadRequest): Promise<StreamPage>;
  /** The state now, or as of an earlier version. */
  state(version?: number): Promise<StreamState>;
  /** The first of these events that {@link holdImport} would not take. Stores nothing. */
  checkImport(events: readonly ImportedEvent[]): Promise<ImportRefusal | undefined>;
  /** Stores them, and for some seconds leaves it to the importer to bring them into the log: so that it has many streams' in the order of their lines. */
  holdImport(part: ImportPart): Promise<HeldImport>;
  /** Ends the stream. */
  remove(request: DeleteRequest): Promise<DeleteAnswer>;
}

// ── to a consumer ────────────────────────────────────────────────────────────────────────────

/** The message in the queue. Losing, repeating or reordering it is harmless: it only says "look". */
export interface WakeUp {
  readonly store: string;
  readonly consumer: string;
  readonly head: number;
  /** The trace of a write that it was woken: of the last that had one, while it may stand for many. */
  readonly trace?: string;
  /** The log's word for when it was sent: what the consumer then says of itself is as of that moment. Absent: nobody knows. */
  readonly asOf?: number;
}

export const ConsumerStatus = z.enum(["live", "catching-up", "paused", "failed", "rebuilding"]);
export type ConsumerStatus = z.infer<typeof ConsumerStatus>;

/** What an operator may tell a consumer. */
export type ConsumerAction = "pause" | "resume" | "retry" | "skip" | "reset";
