/** What this worker finishes after it has answered, because nothing else may come back for it. */

import { type Backoff, backoffMs } from "../core/backoff.ts";
import { HAND_OVER_FIRST_MS, HAND_OVER_MS } from "./limits.ts";

const TRIES: Backoff = { firstDelayMs: HAND_OVER_FIRST_MS, maxDelayMs: HAND_OVER_MS };

/** Tries until it succeeds, less and less often, for a minute. Never throws. Give it to `waitUntil`. */
export async function tryAgain(work: () => Promise<unknown>): Promise<void> {
  let waited = 0;
  for (let tries = 1; ; tries++) {
    const waitMs = backoffMs(TRIES, tries);
    waited += waitMs;
    if (waited > HAND_OVER_MS) return;
    await scheduler.wait(waitMs);
    try {
      await work();
      return;
    } catch {
      // As unreachable as before.
    }
  }
}
