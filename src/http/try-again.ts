/** What this worker finishes after it has answered, because nothing else may come back for it. */

import { HAND_OVER_FIRST_MS, HAND_OVER_MS } from "./limits.ts";

/** Tries until it succeeds, less and less often, for a minute. Never throws. Give it to `waitUntil`. */
export async function tryAgain(work: () => Promise<unknown>): Promise<void> {
  for (let waitMs = HAND_OVER_FIRST_MS, waited = 0; waited + waitMs <= HAND_OVER_MS; waited += waitMs, waitMs *= 2) {
    await scheduler.wait(waitMs);
    try {
      await work();
      return;
    } catch {
      // As unreachable as before.
    }
  }
}
