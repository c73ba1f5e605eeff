/** How long to wait before the next attempt, or before the next look at what is not ready yet. Every pause that grows is computed here. Pure. */

export interface Backoff {
  /** Milliseconds before the second attempt. */
  readonly firstDelayMs: number;
  /** No delay is longer. */
  readonly maxDelayMs: number;
  /** The factor by which each delay is longer than the one before. Default: 2. */
  readonly factor?: number;
}

/** Milliseconds to wait after this many attempts, from 1. */
export function backoffMs({ firstDelayMs, maxDelayMs, factor = 2 }: Backoff, attempts: number): number {
  return Math.min(firstDelayMs * factor ** (attempts - 1), maxDelayMs);
}

/** The part of a delay that may be added to it, so that not all come back at once. Ours. */
export const JITTER = { quarter: 1 / 4, tenth: 1 / 10 } as const;

/** @param random from 0 to 1 */
export function jittered(ms: number, part: number, random: number): number {
  return Math.round(ms * (1 + part * random));
}
