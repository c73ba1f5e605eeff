/** When to try again what failed. Pure. */

export interface RetryPolicy {
  /** Attempts before the consumer stops as `failed`, the first included. */
  readonly attempts: number;
  /** Milliseconds before the second attempt; doubled for each further one. */
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
}

/** DESIGN: 1 s doubling to 64 s, which gives up about two minutes after the first attempt. */
export const DEFAULT_RETRY: RetryPolicy = { attempts: 8, firstDelayMs: 1_000, maxDelayMs: 64_000 };

/**
 * Milliseconds to wait after this many failed attempts, or undefined when they are used up.
 *
 * @param jitter from 0 to 1: up to a quarter is added, so that many consumers do not come back at once
 */
export function delayAfter(policy: RetryPolicy, attempts: number, jitter: number): number | undefined {
  if (attempts >= policy.attempts) return undefined;
  return Math.round(Math.min(policy.firstDelayMs * 2 ** (attempts - 1), policy.maxDelayMs) * (1 + jitter / 4));
}
