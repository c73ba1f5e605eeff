/** Time as an axis on which nothing takes much room while nothing happens. */

/** A gap is idle time if it is longer than this many times all shorter gaps together. Ours. */
const IDLE_FACTOR = 4;
/** Shorter ones are never cut: milliseconds. */
const IDLE_MS = 1_000;
/** The part of the axis that a cut takes. */
const CUT = 0.05;

export interface Scale {
  /** From 0 to 1. */
  readonly placeOf: (at: number) => number;
  /** Where idle time is cut, and how long it was. */
  readonly cuts: readonly { readonly place: number; readonly ms: number }[];
  readonly from: number;
  readonly ms: number;
  readonly idleMs: number;
}

export function scaleOf(moments: readonly number[]): Scale {
  const times = [...new Set(moments.filter((at) => !Number.isNaN(at)))].toSorted((a, b) => a - b);
  const gaps = times.slice(1).map((at, index) => at - times[index]!);
  const longest = longestKept(gaps);
  const busy = gaps.reduce((sum, ms) => sum + (ms > longest ? 0 : ms), 0);
  const cutCount = gaps.filter((ms) => ms > longest).length;
  const room = Math.max(0.2, 1 - cutCount * CUT);
  const cut = (1 - room) / Math.max(1, cutCount);
  const places = [0];
  const cuts: { place: number; ms: number }[] = [];
  for (const ms of gaps) {
    const before = places.at(-1)!;
    if (ms > longest) cuts.push({ place: before + cut / 2, ms });
    places.push(before + (ms > longest ? cut : busy === 0 ? 0 : (ms / busy) * (cutCount === 0 ? 1 : room)));
  }
  const placeByTime = new Map(times.map((at, index) => [at, places[index]!]));
  return {
    placeOf: (at) => placeByTime.get(at) ?? 0,
    cuts,
    from: times[0] ?? 0,
    ms: gaps.reduce((sum, ms) => sum + ms, 0),
    idleMs: cuts.reduce((sum, { ms }) => sum + ms, 0),
  };
}

/** The longest gap that is drawn as long as it is. */
function longestKept(gaps: readonly number[]): number {
  const sorted = gaps.toSorted((a, b) => a - b);
  let shorter = sorted[0] ?? 0;
  for (const ms of sorted.slice(1)) {
    if (ms > IDLE_MS && ms > IDLE_FACTOR * shorter) return ms - 1;
    shorter += ms;
  }
  return Number.POSITIVE_INFINITY;
}
