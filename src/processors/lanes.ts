/** Does the work of a batch of events in lanes: one event after the other within a lane, several lanes at the same time. */

import type { RecordedEvent } from "../core/event.ts";

export interface Work {
  readonly event: RecordedEvent;
  /** What has an order among itself: events of one lane are worked on one at a time, in the log's order. */
  readonly lane: string;
  readonly run: () => Promise<void>;
}

export interface Failure {
  readonly event: RecordedEvent;
  readonly error: unknown;
}

/**
 * Works until all is done or something fails.
 *
 * @returns the first failure in the log's order. Then everything before it is done, and of what comes after it perhaps a part
 */
export async function workInLanes(work: readonly Work[], width: number): Promise<Failure | undefined> {
  const waiting = [...Map.groupBy(work, ({ lane }) => lane).values()];
  let failure: Failure | undefined;
  async function worker(): Promise<void> {
    for (let lane = waiting.shift(); lane; lane = waiting.shift()) {
      for (const { event, run } of lane) {
        // What comes before the failure must still be done: the checkpoint will stand right before it.
        if (failure && event.position > failure.event.position) break;
        try {
          await run();
        } catch (error) {
          if (!failure || event.position < failure.event.position) failure = { event, error };
          break;
        }
      }
    }
  }
  await Promise.all(Array.from({ length: width }, worker));
  return failure;
}
