/** When to retry what failed. Pure. */

import { type Backoff, JITTER, backoffMs, jittered } from "../core/backoff.ts";
import { type Duration, milliseconds } from "../core/duration.ts";

/**
 * How a view or processor declares its retries; `"none"` gives up at the first failure.
 *
 * @example
 * retry: { attempts: 5, delay: "10s", backoff: "constant" }
 */
export type Retry =
  | "none"
  | {
      /** Attempts before the consumer stops as `failed`, the first included. */
      readonly attempts: number;
      /** The delay before the second attempt. Default: 1 s. */
      readonly delay?: Duration;
      /** Whether the delay doubles with each attempt (the default) or stays the same. */
      readonly backoff?: "exponential" | "constant";
      /** The longest delay. Default: 64 s. */
      readonly maxDelay?: Duration;
    };

export interface RetryPolicy extends Backoff {
  /** Attempts before the consumer stops as `failed`, the first included. */
  readonly attempts: number;
}

/** DESIGN: 1 s doubling to 64 s, which gives up about two minutes after the first attempt. */
export const DEFAULT_RETRY: RetryPolicy = { attempts: 8, firstDelayMs: 1_000, maxDelayMs: 64_000 };

/**
 * The policy that a declaration means; without one, the default.
 *
 * @throws {TypeError} when the attempts are not a whole number from 1, or a delay is not a duration
 */
export function retryPolicy(part: string, retry: Retry | undefined): RetryPolicy {
  if (retry === undefined) return DEFAULT_RETRY;
  if (retry === "none") return { ...DEFAULT_RETRY, attempts: 1 };
  const { attempts, delay = "1s", backoff = "exponential", maxDelay = "64s" } = retry;
  if (!Number.isInteger(attempts) || attempts < 1)
    throw new TypeError(`${part}: a retry policy has a whole number of attempts from 1, not ${attempts}`);
  const firstDelayMs = milliseconds(delay, `${part}: the delay of its retry policy`);
  return {
    attempts,
    firstDelayMs,
    maxDelayMs:
      backoff === "constant"
        ? firstDelayMs
        : Math.max(firstDelayMs, milliseconds(maxDelay, `${part}: the longest delay of its retry policy`)),
  };
}

/**
 * Milliseconds to wait after this many failed attempts, or undefined when no attempt is left.
 *
 * @param jitter from 0 to 1: adds up to a quarter, so that many consumers do not retry at the same moment
 */
export function delayAfter(policy: RetryPolicy, attempts: number, jitter: number): number | undefined {
  if (attempts >= policy.attempts) return undefined;
  return jittered(backoffMs(policy, attempts), JITTER.quarter, jitter);
}
