/** Times as text, for the many events of a page: formatting a date costs as much as all the rest of an event. */

let second = Number.NaN;
let untilSecond = "";

/**
 * The same as `toISOString`.
 *
 * @param ms milliseconds since 1970, whole
 */
export function isoTime(ms: number): string {
  const current = Math.floor(ms / 1_000);
  // Events of a page were recorded one after another: most share their second with the one before.
  if (current !== second) {
    untilSecond = new Date(current * 1_000).toISOString().slice(0, -"000Z".length);
    second = current;
  }
  return `${untilSecond}${String(ms - current * 1_000).padStart(3, "0")}Z`;
}
