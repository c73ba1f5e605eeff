/** How long to wait before the next try of what has failed, or the next look at what is not there yet. Every pause that grows is computed here. Pure. */

export interface Backoff {
  /** Milliseconds before the second try. */
  readonly firstDelayMs: number;
  /** No delay is longer. */
  readonly maxDelayMs: number;
  /** How many times as long as the one before each delay is. Default: twice. */
  readonly factor?: number;
}

/** Milliseconds to wait after so many tries, from 1. */
export function backoffMs({ firstDelayMs, maxDelayMs, factor = 2 }: Backoff, tries: number): number {
  return Math.min(firstDelayMs * factor ** (tries - 1), maxDelayMs);
}

/** The part of a delay that may be added to it, so that many do not come back at once. Ours. */
export const JITTER = { quarter: 1 / 4, tenth: 1 / 10 } as const;

/** @param random from 0 to 1 */
export function jittered(ms: number, part: number, random: number): number {
  return Math.round(ms * (1 + part * random));
}
