/** What has arrived, against what was written. Pure. */

import type { Arrived, Written } from "./outside.ts";

export interface Verdict {
  readonly lost: number;
  readonly doubled: number;
  /** Changes that come after a later one of their key. */
  readonly disordered: number;
  /** Some of them, for a person. */
  readonly examples: readonly string[];
}

/**
 * @param counts how many changes each key has had
 * @param arrived in the order of the log
 */
export function verdictOn(counts: ReadonlyMap<string, number>, arrived: readonly Arrived[], isOrdered: boolean): Verdict {
  const byKey = Map.groupBy(arrived, ({ key }) => key);
  const examples: string[] = [];
  let [lost, doubled, disordered] = [0, 0, 0];
  for (const [key, count] of counts) {
    const seen = new Set<number>();
    /** Every change up to this one has arrived, or is part of a state that has. */
    let settled = 0;
    let highest = 0;
    for (const { n, isState = false } of byKey.get(key) ?? []) {
      if (!isState && seen.has(n)) {
        doubled += 1;
        examples.push(`${key}: ${n} is there twice`);
      } else if (isOrdered && n < highest) {
        disordered += 1;
        examples.push(`${key}: ${n} comes after ${highest}`);
      }
      if (isState) settled = Math.max(settled, n);
      else seen.add(n);
      highest = Math.max(highest, n);
    }
    for (let n = settled + 1; n <= count; n++) {
      if (seen.has(n)) continue;
      lost += 1;
      examples.push(`${key}: ${n} is missing`);
    }
  }
  for (const key of byKey.keys()) if (!counts.has(key)) examples.push(`${key} was never written`);
  return { lost, doubled, disordered, examples: examples.slice(0, 20) };
}

/** What has not arrived. */
export function missingIn(counts: ReadonlyMap<string, number>, arrived: readonly Arrived[]): Written[] {
  const there = new Set(arrived.map(({ key, n }) => `${key}/${n}`));
  const settled = new Map<string, number>();
  for (const { key, n, isState } of arrived) if (isState) settled.set(key, Math.max(n, settled.get(key) ?? 0));
  return [...counts].flatMap(([key, count]) =>
    Array.from({ length: count }, (_, index) => ({ key, n: index + 1 })).filter(
      ({ n }) => n > (settled.get(key) ?? 0) && !there.has(`${key}/${n}`),
    ),
  );
}
