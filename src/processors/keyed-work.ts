/** Does the work of a batch of events by key: one event after the other for each key, several keys at the same time. */

import type { RecordedEvent } from "../core/event.ts";

export interface Work {
  readonly event: RecordedEvent;
  /** The work on events of one key is done one at a time, in the log's order. */
  readonly key: string;
  readonly run: () => Promise<void>;
}

export interface Failure {
  readonly event: RecordedEvent;
  readonly error: unknown;
}

/**
 * Works until all is done or something fails.
 *
 * @returns the first failure in the log's order. Everything before it is done, and perhaps a part of what comes after it
 */
export async function workByKey(work: readonly Work[], width: number): Promise<Failure | undefined> {
  const waiting = [...Map.groupBy(work, ({ key }) => key).values()];
  let failure: Failure | undefined;
  async function worker(): Promise<void> {
    for (let queue = waiting.shift(); queue; queue = waiting.shift()) {
      for (const { event, run } of queue) {
        // What comes before the failure must still be done: the checkpoint will be right before it.
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
