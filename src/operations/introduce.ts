/**
 * Tells a store's log whom the code that runs here has to follow it: the log may run older code for a while. So it rings for who is new,
 * and a consumer that begins at the head begins before the first event that the newer code writes. Once for each store in an isolate.
 */

import type { App } from "../definitions/app.ts";
import { INTRODUCED_STORES, INTRODUCTION_WAIT_MS } from "../core/limits.ts";
import type { Introduction } from "../store/log-protocol.ts";
import { logOf } from "../store/objects.ts";
import { logger } from "../telemetry/logger.ts";
import { consumersInCode, filtersInCode, startingAtHead } from "../definitions/consumers.ts";

/** Stores whose logs know, by app. */
const introduced = new WeakMap<App, Set<string>>();

/**
 * Await it before anything is written. Never fails, and takes no more than {@link INTRODUCTION_WAIT_MS}: a log that cannot be told takes no
 * events either, so that whoever tells it next is still before them. Requests that are the first together each tell it: the platform cancels
 * one that waits for another's call.
 */
export async function introduce(app: App, env: Env, store: string): Promise<void> {
  const known = introduced.get(app) ?? new Set<string>();
  introduced.set(app, known);
  if (known.has(store)) return;
  try {
    await within(INTRODUCTION_WAIT_MS, tell(app, env, store));
    if (known.size >= INTRODUCED_STORES) known.clear();
    known.add(store);
  } catch (error) {
    logger.warn({ message: "the log was not told which consumers the code has; the next request tells it", store }, error);
  }
}

async function tell(app: App, env: Env, store: string): Promise<void> {
  const introduction = introductionOf(app, env);
  if (introduction.consumers.length > 0) await logOf(env, store).introduce(introduction);
}

/** The consumers of this code, with the events that they handle. */
export function introductionOf(app: App, env: Env): Introduction {
  const filters = [...filtersInCode(app, env)].map(([consumer, filter]) => ({ consumer, filter }));
  return { consumers: consumersInCode(app, env), filters, startingAtHead: startingAtHead(app, env) };
}

async function within(ms: number, work: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`it took more than ${ms} ms`)), ms);
  try {
    await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
