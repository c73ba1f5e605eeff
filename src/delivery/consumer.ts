/** ③ A consumer follows the log: pulls a range after its checkpoint, computes, and commits effects and checkpoint together. */

import { CONSUMER_BATCH_EVENTS } from "../limits.ts";
import { type RecordedEvent, toRecorded } from "../event.ts";
import type { LogRpc } from "../log-protocol.ts";
import type { ConsumerError } from "../protocol.ts";
import { CheckpointMoved, type CheckpointStore } from "./checkpoint.ts";
import { DEFAULT_RETRY, type RetryPolicy, delayAfter } from "./retry.ts";

/** What one batch came to. */
export interface Applied {
  /** The last position whose effects are committed with the checkpoint. */
  readonly position: number;
  /** The event that could not be processed, right after `position`. */
  readonly failure?: { readonly event: RecordedEvent; readonly error: unknown };
}

/** What views and processors have in common. */
export interface Consumer {
  readonly name: string;
  readonly store: string;
  readonly types: readonly string[];
  readonly categories: readonly string[];
  readonly checkpoint: CheckpointStore;
  readonly retry?: RetryPolicy;
  /** Where it begins when it has no checkpoint yet; without it at the log's beginning. */
  readonly start?: "beginning" | "head";
  /**
   * Commits the effects of events and moves the checkpoint, together.
   *
   * @param from where the checkpoint was when the events were read
   * @param to the last position looked at; the events are all of interest up to there
   * @throws {CheckpointMoved} when another worker was faster; nothing was committed
   */
  apply(events: readonly RecordedEvent[], from: number, to: number): Promise<Applied>;
}

export interface Progress {
  readonly position: number;
  readonly outcome:
    | "caught-up"
    /** The time budget is over; there is more. */
    | "behind"
    /** Paused or failed: somebody has to act. */
    | "resting"
    /** An event failed and is not due yet. */
    | "backing-off";
  /** The event failed just now: somebody should look again then. */
  readonly retryInMs?: number;
}

/** Brings a consumer to the log's head, or as far as `until`, the deadline (milliseconds since 1970) or a failure let it. */
export async function catchUp(consumer: Consumer, log: LogRpc, deadline: number, until = Number.POSITIVE_INFINITY): Promise<Progress> {
  let checkpoint = await consumer.checkpoint.load();
  for (;;) {
    const { position, status, nextAttemptAt } = checkpoint;
    if (status !== "active") return { position, outcome: "resting" };
    if (nextAttemptAt > Date.now()) return { position, outcome: "backing-off" };

    const { types, categories } = consumer;
    const page = await log.read({ after: position, limit: CONSUMER_BATCH_EVENTS, types, categories });
    const to = page.next ?? position;
    if (to <= position) return { position, outcome: "caught-up" };
    // What was erased says nothing any more: there is nothing in it to fold or to answer.
    const events = page.events.filter((event) => !event.erased);
    try {
      const applied = await consumer.apply(events.map(toRecorded), position, to);
      if (applied.failure)
        return await fail(consumer, applied.position, applied.position === position ? checkpoint.attempts : 0, applied.failure);
      checkpoint = { position: applied.position, status: "active", attempts: 0, nextAttemptAt: 0 };
    } catch (error) {
      const event = events[0];
      if (error instanceof CheckpointMoved) checkpoint = await consumer.checkpoint.load();
      // The commit itself failed. It may be the batch's fault (a row too big) or the database's: both end by the policy.
      else if (event) return await fail(consumer, position, checkpoint.attempts, { event: toRecorded(event), error });
      else throw error;
    }
    if (checkpoint.position >= page.head) return { position: checkpoint.position, outcome: "caught-up" };
    if (checkpoint.position >= until || Date.now() >= deadline) return { position: checkpoint.position, outcome: "behind" };
  }
}

async function fail(
  consumer: Consumer,
  position: number,
  earlierAttempts: number,
  { event, error }: NonNullable<Applied["failure"]>,
): Promise<Progress> {
  const attempts = earlierAttempts + 1;
  const retryInMs = delayAfter(consumer.retry ?? DEFAULT_RETRY, attempts, Math.random());
  const now = Date.now();
  const { stream, version, type } = event;
  const report: ConsumerError = {
    message: error instanceof Error ? error.message : String(error),
    at: new Date(now).toISOString(),
    event: { position: event.position, stream, version, type },
  };
  // One line when it begins and one when it is given up, not one per retry.
  if (attempts === 1 || retryInMs === undefined) {
    console.error({
      message: retryInMs === undefined ? "a consumer has failed and stopped" : "a consumer could not process an event and will retry",
      store: consumer.store,
      consumer: consumer.name,
      attempts,
      ...report.event,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  }
  await consumer.checkpoint.recordFailure(position, attempts, retryInMs === undefined ? undefined : now + retryInMs, report);
  return retryInMs === undefined ? { position, outcome: "resting" } : { position, outcome: "backing-off", retryInMs };
}
