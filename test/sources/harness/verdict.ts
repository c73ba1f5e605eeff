/** What has arrived, against what was written. Pure. */

import type { Written } from "./outside.ts";

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
export function verdictOn(counts: ReadonlyMap<string, number>, arrived: readonly Written[], isOrdered: boolean): Verdict {
  const byKey = Map.groupBy(arrived, ({ key }) => key);
  const examples: string[] = [];
  let [lost, doubled, disordered] = [0, 0, 0];
  for (const [key, count] of counts) {
    const seen = new Set<number>();
    let highest = 0;
    for (const { n } of byKey.get(key) ?? []) {
      if (seen.has(n)) {
        doubled += 1;
        examples.push(`${key}: ${n} is there twice`);
      } else if (isOrdered && n < highest) {
        disordered += 1;
        examples.push(`${key}: ${n} comes after ${highest}`);
      }
      seen.add(n);
      highest = Math.max(highest, n);
    }
    for (let n = 1; n <= count; n++) {
      if (seen.has(n)) continue;
      lost += 1;
      examples.push(`${key}: ${n} is missing`);
    }
  }
  for (const key of byKey.keys()) if (!counts.has(key)) examples.push(`${key} was never written`);
  return { lost, doubled, disordered, examples: examples.slice(0, 20) };
}

/** What has not arrived. */
export function missingIn(counts: ReadonlyMap<string, number>, arrived: readonly Written[]): Written[] {
  const there = new Set(arrived.map(({ key, n }) => `${key}/${n}`));
  return [...counts].flatMap(([key, count]) =>
    Array.from({ length: count }, (_, index) => ({ key, n: index + 1 })).filter(({ n }) => !there.has(`${key}/${n}`)),
  );
}
