/** ③ A consumer follows the log: reads a range after its checkpoint, computes, and commits effects and checkpoint together. */

import type { Followed } from "../definitions/followed.ts";
import type { Budget } from "../core/budget.ts";
import type { RecordedEvent } from "../core/event.ts";
import type { ConsumerHooks } from "../definitions/hooks.ts";
import type { RetryPolicy } from "../definitions/retry.ts";
import type { Store } from "../store/store.ts";
import type { CheckpointStore, Work } from "./checkpoint.ts";

/** An event that could not be processed, and why. */
export interface Failure {
  readonly event: RecordedEvent;
  readonly error: unknown;
}

/** Events that a consumer is given together. */
export interface Batch extends Work {
  readonly events: readonly RecordedEvent[];
  /** Where the checkpoint was when the events were read. */
  readonly from: number;
  /** The last position that was read; the events are all that concern the consumer up to there. */
  readonly to: number;
}

/** The result of one batch. */
export interface Applied {
  /** The last position whose effects are committed with the checkpoint. */
  readonly position: number;
  /** The event that could not be processed, right after `position`. */
  readonly failure?: Failure;
}

/** What views and processors have in common. */
export interface Consumer {
  readonly name: string;
  readonly store: Store;
  /** Absent: all types. */
  readonly types?: readonly string[];
  readonly categories: readonly string[];
  /** Where its events come from, as its own code declares them: the log may run another version of it. */
  readonly followed: readonly Followed[];
  readonly checkpoint: CheckpointStore;
  readonly retry?: RetryPolicy;
  readonly hooks?: ConsumerHooks;
  /** The span around a batch, if a batch is one piece of work. Without it each of its reactions has a span of its own. */
  readonly batchSpan?: "project";
  /** The budget of the invocation that it works in. */
  readonly budget?: Budget | undefined;
  /**
   * Where it begins when it has no checkpoint yet: at the log's beginning (the default), with events after its first deployment, or with
   * those after a position.
   */
  readonly start?: "beginning" | "head" | number;
  /**
   * Commits the effects of events and moves the checkpoint, together.
   *
   * @throws {CheckpointMoved} when another worker was faster; nothing was committed
   */
  apply(batch: Batch): Promise<Applied>;
  /** An operator is about to skip the event at this position. */
  skips?(position: number): Promise<void>;
}

export interface Progress {
  readonly position: number;
  readonly outcome:
    | "caught-up"
    /** The time budget is over; there is more. */
    | "behind"
    /** Paused or failed: an operator has to act. */
    | "resting"
    /** An event failed and is not due yet. */
    | "backing-off";
  /** The event failed just now: try again after this time. */
  readonly retryInMs?: number;
}
