/** When a delivery is tried again, and when it is given up. Pure. */

import { JITTER, jittered } from "../core/backoff.ts";
import { WEBHOOK_RETRY_AFTER_MS } from "./limits.ts";

/**
 * Milliseconds before each attempt: at once, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h; then the delivery is parked.
 * DESIGN: the HTTP contract (the schedule that Standard Webhooks recommends).
 */
const SCHEDULE_MS = [0, 5, 300, 1_800, 7_200, 18_000, 36_000, 36_000].map((seconds) => seconds * 1_000);

/** Attempts before a delivery is parked, including the first. */
export const ATTEMPTS = SCHEDULE_MS.length;

/**
 * Milliseconds until the next attempt after this many have failed, or undefined when the delivery is given up.
 *
 * @param jitter from 0 to 1
 */
export function delayAfter(attempts: number, jitter: number): number | undefined {
  const delay = SCHEDULE_MS[attempts];
  return delay === undefined ? undefined : jittered(delay, JITTER.tenth, jitter);
}

/**
 * Milliseconds that `Retry-After` asks to wait: seconds, or an HTTP date. Bounded, since the value comes from outside. Undefined: the value
 * is not valid.
 */
export function retryAfterMs(value: string | null, now: number): number | undefined {
  const text = value?.trim() ?? "";
  // An HTTP date begins with the name of the day: other strings that `Date.parse` accepts ("1", "2026") are not meant.
  const asked = /^\d{1,10}$/.test(text) ? Number(text) * 1_000 : /^[A-Z][a-z]{2,8},? /.test(text) ? Date.parse(text) - now : Number.NaN;
  return Number.isNaN(asked) ? undefined : Math.min(Math.max(asked, 0), WEBHOOK_RETRY_AFTER_MS);
}
