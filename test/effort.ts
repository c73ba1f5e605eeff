/** How much a run of tests tries: `npm test` a share of what could be tried, `npm run test:long` all of it. */

import { inject } from "vitest";

declare module "vitest" {
  interface ProvidedContext {
    /** By vitest.config.ts: this run is the long one. */
    readonly isLong: boolean;
    /** By the environment's EFFORT: the share of the random runs that the long run makes. */
    readonly effort: number;
  }
}

/** Ours: so small a share shows every mistake that is not rare, and a run on two cores takes minutes. */
const SHARE = 10;
export const IS_LONG = inject("isLong");
/** All random runs are made: what is rare has come. */
export const IS_WHOLE = IS_LONG && inject("effort") >= 1;

/** @returns random runs of a property: `long` of them in the long run (times EFFORT), else a tenth, but two at least */
export function runs(long: number): number {
  return Math.max(2, Math.ceil(IS_LONG ? long * inject("effort") : long / SHARE));
}

/**
 * A walk through cases that follow each other, for example a death at each of a worker's steps.
 *
 * @returns how far the next case is: one in the long run, else a tenth of the cases is walked through
 */
export const STRIDE = IS_LONG ? 1 : SHARE;

/** @returns all cases in the long run, else every tenth, beginning with the first */
export function cases<Case>(all: readonly Case[]): readonly Case[] {
  return all.filter((_one, index) => index % STRIDE === 0);
}
