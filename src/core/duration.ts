/** Durations as people write them. */

import { LAST_TIME_MS } from "./limits.ts";

/** How long, for example `"30m"`: a whole number of milliseconds, seconds, minutes, hours or days. */
export type Duration = `${number}${"ms" | "s" | "m" | "h" | "d"}`;

/** The same, except that what the compiler can see is not a whole number does not compile: `"-5ms"`, `"0.5ms"`. */
export type WholeDuration<Text extends Duration> = Text extends `-${string}` | `${string}${"." | "e" | "E"}${string}`
  ? "a whole number and ms, s, m, h or d"
  : Text;

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * The duration in milliseconds.
 *
 * @param part of the app that has it, for the error
 * @throws {TypeError} when it is not one
 */
export function milliseconds(duration: Duration, part?: string): number {
  const [, amount, unit] = /^(\d{1,12})(ms|s|m|h|d)$/.exec(duration) ?? [];
  const of = part === undefined ? "" : `${part}: `;
  if (amount === undefined) throw new TypeError(`${of}"${duration}" is not a duration: write a whole number and ms, s, m, h or d`);
  const ms = Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
  if (ms > LAST_TIME_MS) throw new TypeError(`${of}"${duration}" is too long a duration: at most 100000000d, the range of a Date`);
  return ms;
}
