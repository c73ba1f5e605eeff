/** Durations as people write them. */

/** How long, for example `"30m"`: a whole number of milliseconds, seconds, minutes, hours or days. */
export type Duration = `${number}${"ms" | "s" | "m" | "h" | "d"}`;

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * The duration in milliseconds.
 *
 * @throws {TypeError} when it is not one
 */
export function milliseconds(duration: Duration): number {
  const [, amount, unit] = /^(\d{1,12})(ms|s|m|h|d)$/.exec(duration) ?? [];
  if (amount === undefined) throw new TypeError(`"${duration}" is no duration: a whole number and ms, s, m, h or d`);
  return Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
}
