/**
 * Introduces the consumers of the code that runs here to a store's log, which may run older code for a while. So the log wakes new
 * consumers, and a consumer that begins at the head begins before the first event that the newer code writes. Once for each store in an
 * isolate.
 */

import { makeRoom } from "../core/make-room.ts";
import { within } from "../core/within.ts";
import type { Store } from "./store.ts";
import type { App } from "../definitions/app.ts";
import { INTRODUCED_STORES, INTRODUCTION_WAIT_MS } from "./limits.ts";
import type { Introduction } from "./log-consumers.ts";
import { logger } from "../telemetry/logger.ts";
import { consumersInCode } from "../definitions/consumers.ts";

/** Stores whose logs know, by app. */
const introduced = new WeakMap<App, Set<string>>();

/**
 * Await it before anything is written. Never fails, and takes no more than {@link INTRODUCTION_WAIT_MS}: a log that cannot be reached takes
 * no events either, so the next introduction is still before them. If several requests are the first at the same time, each makes the call:
 * the platform cancels a request that waits for another's call.
 */
export async function introduce(store: Store): Promise<void> {
  const known = introduced.get(store.app) ?? new Set<string>();
  introduced.set(store.app, known);
  if (known.has(store.name)) return;
  try {
    await within(INTRODUCTION_WAIT_MS, tell(store), () => {
      throw new Error(`it took more than ${INTRODUCTION_WAIT_MS} ms`);
    });
    makeRoom(known, INTRODUCED_STORES);
    known.add(store.name);
  } catch (error) {
    const message = "the log could not be notified which consumers the code has; the next request notifies it";
    logger.warn({ message, store: store.name }, error);
  }
}

async function tell({ app, variables, log }: Store): Promise<void> {
  const introduction = introductionOf(app, variables);
  if (introduction.consumers.length > 0) await log.introduce(introduction);
}

/** The consumers of this code, with the events that they handle. */
export function introductionOf(app: App, variables: object): Introduction {
  const { names, filters, startingAtHead } = consumersInCode(app, variables);
  return { consumers: names, filters: [...filters].map(([consumer, filter]) => ({ consumer, filter })), startingAtHead };
}
