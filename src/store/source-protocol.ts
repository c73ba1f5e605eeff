/**
 * What routes, the cron and the queue's consumer say to a source's object, and what it answers. Refusals are returned as values; an exception
 * means a bug or the platform. Fields may be added as optional, never renamed or removed.
 */

import * as z from "zod";
import { type Answer, Name, Time, Whole } from "../core/answer.ts";

/** The actions that an operator has on a source. */
export const SOURCE_ACTIONS = ["pause", "resume", "retry", "skip", "reset"] as const;
export type SourceAction = (typeof SOURCE_ACTIONS)[number];

export const SourceError = z.object({
  message: z.string(),
  at: Time,
  change: z.string().optional().describe("The position of the change that could not be stored. Absent: the error is not about one change."),
});
export type SourceError = Answer<typeof SourceError>;

export const SourceLagReport = z.object({
  entries: Whole.optional().describe("Changes that are not read yet, as far as the kind can tell."),
  bytes: Whole.optional().describe("Bytes that the outside keeps for this source."),
  seconds: z.number().nonnegative().optional().describe("Age in seconds of the first change that is not stored yet."),
});

export const SourceStatus = z
  .enum(["live", "catching-up", "paused", "retrying", "failed"])
  .describe("`retrying`: the last attempt failed, and there will be another. `failed`: it stopped until somebody acts.");
export type SourceStatus = z.infer<typeof SourceStatus>;

/** How far a source is, as its object knows it. */
export const SourceProgress = z.object({
  name: Name,
  status: SourceStatus,
  position: z.string().optional().describe("Where it is outside: an LSN, a sequence number. Absent: it has stored nothing yet."),
  lag: SourceLagReport,
  changes: Whole.describe("Changes that it has read and settled since it began: stored, found stored already, or of no concern."),
  appended: Whole.describe("Events that it has appended."),
  ended: Whole.describe("Changes that were dropped because their stream was deleted."),
  attempts: Whole.describe("Failed attempts in a row."),
  lastError: SourceError.optional(),
  nextAttemptAt: Time.optional(),
  lastProgressAt: Time.optional(),
  warning: z.string().optional(),
  waiting: Whole.optional().describe("Messages that were brought and wait in the source: it is paused, or fails at one before them."),
  skipped: z.array(z.object({ change: z.string(), message: z.string(), skippedAt: Time })).optional(),
});
export type SourceProgress = Answer<typeof SourceProgress>;

/** A message that the platform brought. */
export interface BroughtMessage {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  /** JSON text. */
  readonly body: string;
}

/** Why an action is not possible now. */
export interface ActionNotPossible {
  readonly detail: string;
}

/** The object of a source: `{store}/{name}`. */
export interface SourceRpc {
  /**
   * It exists: it works from now on, by its own alarm. Once more is harmless.
   *
   * @param isChanged its definition has changed: what it failed at may fit now
   */
  wake(isChanged?: boolean): Promise<void>;
  /** Undefined: there is no such source. */
  progress(): Promise<SourceProgress | undefined>;
  /** Undefined: there is no such source. `change`: the position of the change, which `skip` needs. */
  control(action: SourceAction, change?: string): Promise<SourceProgress | ActionNotPossible | undefined>;
  /**
   * Forgets everything, and removes what was made outside. To be called before the definition is removed.
   *
   * @returns why what was made outside is still there; undefined: nothing is left
   */
  remove(): Promise<{ readonly left: string } | undefined>;
  /** Keeps these messages: when it returns, they are safe. */
  take(messages: readonly BroughtMessage[]): Promise<void>;
}
