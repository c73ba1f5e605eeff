/**
 * What routes and consumers send to a stream, and what it answers; what they read of it is in `stream-reads.ts`. What is sent to the log is in
 * `log-protocol.ts`, what an import sends in `import-protocol.ts`, and what is said to a consumer in `consumer-protocol.ts`. Refusals and
 * conflicts are returned as values; an exception means a bug or the platform.
 *
 * During a deployment two versions of this code talk to each other for a while: fields may be added as optional, never renamed or removed.
 */

import * as z from "zod";
import { type Answer, Position, Uuid, Version } from "../core/answer.ts";
import type { Halfway } from "../core/deletion.ts";
import type { Expected } from "../core/expected.ts";
import type { Issue } from "../core/issue.ts";
import type { StreamPage, StreamReadRequest, StreamState } from "./stream-reads.ts";

export interface CommandRequest {
  readonly command: string;
  /** JSON text: parsed once, where it is validated. */
  readonly data: string;
  /** Members that the command's schema does not declare are errors, because a client sent the command. */
  readonly strict?: boolean;
  /** The command's id, as the client gave it; a repeat with the same id gets the first answer (promise 8). */
  readonly idempotencyKey?: string;
  /**
   * The key was derived from a cause, so the first outcome counts even if the content has changed since. No client can set this: keys of
   * clients are kept apart.
   */
  readonly firstStands?: boolean;
  /** Keep a receipt of a failure as well, because nobody waits for the answer. */
  readonly recordFailure?: boolean;
  /** The answer has the events' data. */
  readonly withData?: boolean;
  readonly expected: Expected;
  readonly correlationId?: string;
  readonly causationId?: string;
  /** The caller that sends it from outside. Its events keep that in their meta. */
  readonly by?: string;
  /** The processor that sends it. Its events keep that in their meta. */
  readonly processor?: string;
  /** How many reactions in a row led to this command; its events record it in their meta. */
  readonly hops?: number;
  /** The processors declared over HTTP that led to this command; its events record them in their meta. */
  readonly lineage?: readonly string[];
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
  /** Like that of a {@link CommandRequest}. */
  readonly trace?: string;
}

export interface AppendRequest {
  readonly events: readonly AppendEvent[];
  readonly idempotencyKey?: string;
  /** A hash over what the client sent: types, data, metas and times, before the route made events of them. */
  readonly fingerprint?: string;
  /** Like that of a {@link CommandRequest}: a processor derived the key and the ids, and only those of processors are searched. */
  readonly firstStands?: boolean;
  readonly expected: Expected;
  readonly waitMs?: number;
}

/** A stored event, as the answer to a write lists it. */
export const EventReference = z.object({
  id: Uuid,
  version: Version,
  position: Position.optional(),
  type: z.string(),
});
export type EventReference = Answer<typeof EventReference> & {
  /** JSON text, if the caller asked for it. */
  readonly data?: string;
};

export interface Written {
  readonly outcome: "written";
  /** The stream's version after the write. */
  readonly version: number;
  /** The position of the last event, if the log answered in time. */
  readonly position?: number;
  readonly events: readonly EventReference[];
  /** The answer repeats an earlier one. */
  readonly replayed: boolean;
}

export interface VersionConflict {
  readonly outcome: "version-conflict";
  /** A version, or whether the stream was expected to exist. */
  readonly expected: number | "absent" | "existing";
  readonly actual: number;
}

export interface IdempotencyConflict {
  readonly outcome: "idempotency-conflict";
  readonly detail: string;
}

/** The command's data is not JSON, or not JSON that is accepted from clients. */
export interface InvalidJson {
  readonly outcome: "invalid-json";
  readonly detail: string;
}

export interface Invalid {
  readonly outcome: "invalid";
  readonly issues: readonly Issue[];
}

/** This code cannot compute the stream's state: nothing was decided or recorded. */
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

/** The stream has not reached its end: only force deletes it. */
export interface Unfinished extends Halfway {
  readonly outcome: "unfinished";
}

export interface DeleteRequest {
  /** Also remove the content of the stream's events. */
  readonly erase: boolean;
  /** Delete even a saga that has not reached its end. */
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
      /** The error that was thrown. For processors and developers: no route of a deployment shows it. */
      readonly cause?: string;
      /** Which part of the app threw it, if the cause does not say so itself. */
      readonly part?: string;
      /** The code lacks something: other inputs would fail as well. */
      readonly isMistake?: boolean;
    }
  | StateUnavailable
  | { readonly outcome: "unknown-command" }
  | InvalidJson
  | Invalid
  | VersionConflict
  | IdempotencyConflict
  | Deleted;

/** A command that is decided but not stored. */
export type DryRunRequest = Pick<CommandRequest, "command" | "data" | "expected" | "correlationId" | "by">;

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

export interface StreamRpc {
  execute(request: CommandRequest): Promise<CommandAnswer>;
  /** A method of its own: an object that does not know it yet must not take the command for a real one. */
  dryRun(request: DryRunRequest): Promise<DryRunAnswer>;
  append(request: AppendRequest): Promise<AppendAnswer>;
  /** The outcome of an earlier command by its id; undefined: unknown, or no longer known. */
  command(commandId: string, waitMs: number): Promise<CommandAnswer | undefined>;
  read(request: StreamReadRequest): Promise<StreamPage>;
  /** The state now, or as of an earlier version. */
  state(version?: number): Promise<StreamState>;
  /** Ends the stream. */
  remove(request: DeleteRequest): Promise<DeleteAnswer>;
}
