/** How far a consumer is, and how D1 keeps it (`schema.ts`). */

import type { ConsumerError } from "../definitions/hooks.ts";

export interface Checkpoint {
  /** The last position whose effects are committed. */
  readonly position: number;
  readonly status: "active" | "paused" | "failed";
  /** Failed attempts at the event after `position`. */
  readonly attempts: number;
  /** Milliseconds since 1970. */
  readonly nextAttemptAt: number;
  readonly error?: ConsumerError;
  /** The log's head when it was created. */
  readonly bornAt: number;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Positions per second, when last measured. */
  readonly pace?: number;
  /** Events whose effects were committed, and failed attempts, since the checkpoint was created. */
  readonly processed: number;
  readonly failures: number;
  /** Milliseconds since 1970; undefined: it has not moved yet. */
  readonly movedAt?: number;
  /** Only for a view's table that another version's has replaced: when its own code last had it at the head. Milliseconds since 1970. */
  readonly keptAt?: number;
}

export interface CheckpointRow {
  readonly consumer: string;
  readonly generation: string;
  readonly position: number;
  readonly status: Checkpoint["status"];
  readonly attempts: number;
  readonly next_attempt_at: number;
  readonly error: string | null;
  readonly born_at: number;
  readonly started_at: number;
  readonly pace: number | null;
  readonly processed: number;
  readonly failures: number;
  readonly moved_at: number | null;
  readonly kept_at: number | null;
}

export function fromRow(row: CheckpointRow): Checkpoint {
  const { position, status, attempts, next_attempt_at: nextAttemptAt, born_at: bornAt, started_at: startedAt } = row;
  const error = row.error === null ? {} : { error: JSON.parse(row.error) as ConsumerError };
  const { processed, failures, pace, moved_at: movedAt, kept_at: keptAt } = row;
  const known = { position, status, attempts, nextAttemptAt, bornAt, startedAt, processed, failures };
  const moments = { ...(movedAt === null ? {} : { movedAt }), ...(keptAt === null ? {} : { keptAt }) };
  return { ...known, ...error, ...(pace === null ? {} : { pace }), ...moments };
}
