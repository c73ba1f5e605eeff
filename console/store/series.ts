/** Figures over time, as this page has seen them: kept while it is open, whichever page of it is shown. */

/** Milliseconds since 1970, and the value then. */
export type Point = readonly [at: number, value: number];

/** Points that are kept of each: an hour, with one every five seconds. */
const KEPT = 720;

const all = new Map<string, readonly Point[]>();

export function seriesOf(name: string): readonly Point[] {
  return all.get(name) ?? [];
}

/** Adds a value as of now. */
export function record(name: string, value: number): void {
  all.set(name, [...seriesOf(name), [Date.now(), value] as const].slice(-KEPT));
}

const counters = new Map<string, Point>();

/** Adds how much a counter has risen in a second since it was seen last. One that begins again has risen from 0. */
export function recordRate(name: string, value: number): void {
  const now = Date.now();
  const [at, before] = counters.get(name) ?? [];
  counters.set(name, [now, value]);
  if (at !== undefined && now > at) record(name, ((value < before! ? value : value - before!) * 1_000) / (now - at));
}
