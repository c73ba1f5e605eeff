/** Changes a checkpoint for an operator: stops its consumer, resumes it, or moves it. */

import { DELETED } from "../core/event.ts";
import type { ConsumerError } from "../definitions/hooks.ts";
import { type CheckpointStore, guarded } from "./checkpoint.ts";

/** Stops the consumer until an operator resumes it. */
export async function pause(checkpoint: CheckpointStore): Promise<void> {
  await checkpoint.update(`status = 'paused'`).run();
}

/** Resumes the consumer at once, with all its attempts left. */
export async function activate(checkpoint: CheckpointStore): Promise<void> {
  await checkpoint.update(`status = 'active', attempts = 0, next_attempt_at = 0`).run();
}

/**
 * Moves the checkpoint, whatever the consumer's status; a consumer that had failed continues.
 *
 * @param also what is written with it
 * @throws {CheckpointMoved} when the checkpoint is no longer at `from`; nothing was written
 */
export async function jump(
  checkpoint: CheckpointStore,
  from: number,
  to: number,
  also: readonly D1PreparedStatement[] = [],
): Promise<void> {
  const { db, key } = checkpoint;
  const paused = await db
    .prepare(`SELECT status = 'paused' AS paused FROM headspring_checkpoints WHERE store = ? AND consumer = ? AND generation = ?`)
    .bind(...key)
    .first("paused");
  // The guard lets only active checkpoints move: for the length of this transaction it is active.
  const active = checkpoint.update(`status = 'active'`);
  const rest = checkpoint.update(`status = ?`, [paused === 1 ? "paused" : "active"]);
  await guarded(db.batch([active, checkpoint.move(from, to), rest, ...also]));
}

/**
 * The same, past an event that failed. The event and its error stay on record: a view's later tables pass it over as well. A view that
 * skips an erasure is rebuilt, without the erased events.
 */
export async function passOver(checkpoint: CheckpointStore, from: number, to: number, error: ConsumerError): Promise<void> {
  const [store, consumer] = checkpoint.key;
  const record = recordSkip(checkpoint, to, error);
  const erase = checkpoint.db
    .prepare(`UPDATE headspring_views SET erase_to = MAX(erase_to, ?) WHERE store = ? AND view = ?`)
    .bind(to, store, consumer);
  await jump(checkpoint, from, to, error.event?.type === DELETED ? [record, erase] : [record]);
}

/** The statement that records which event was passed over, and why. */
export function recordSkip(checkpoint: CheckpointStore, position: number, error: ConsumerError): D1PreparedStatement {
  const [store, consumer] = checkpoint.key;
  return checkpoint.db
    .prepare(`INSERT OR REPLACE INTO headspring_skipped (store, consumer, position, error, at, incarnation) VALUES (?, ?, ?, ?, ?, ?)`)
    .bind(store, consumer, position, JSON.stringify(error), Date.now(), checkpoint.incarnation);
}
