/** The same calls to the floor and to the store, in turns. */

import { type Call, load, quantile } from "./load.ts";
import { type Note, median } from "./report.ts";
import type { Runtime } from "./runtime.ts";

const ROUNDS = Number(process.env["ROUNDS"] ?? 5);
const SECONDS = Number(process.env["SECONDS"] ?? 2);
/** Connections with one call under way each. */
const CLIENTS = 32;

export interface Pair {
  readonly floor: Runtime;
  readonly store: Runtime;
  readonly note: Note;
}

export interface Comparison {
  readonly what: string;
  readonly unit: string;
  /** What one call counts for. */
  readonly each?: number;
  readonly clients?: number;
  /** Calls by their number. */
  readonly floor: (number: number) => Call;
  readonly store: (number: number) => Call;
}

export async function compare(pair: Pair, { what, unit, each = 1, clients = CLIENTS, floor, store }: Comparison): Promise<void> {
  // One that does not count: objects awake, code compiled.
  await load(pair.floor.url, clients, SECONDS / 2, floor);
  await load(pair.store.url, clients, SECONDS / 2, store);
  const floors: number[] = [];
  const stores: number[] = [];
  const ratios: number[] = [];
  const latencies: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const below = await load(pair.floor.url, clients, SECONDS, floor);
    const here = await load(pair.store.url, clients, SECONDS, store);
    floors.push(below.perSecond * each);
    stores.push(here.perSecond * each);
    ratios.push(here.perSecond / below.perSecond);
    latencies.push(...here.latencies);
  }
  const sorted = latencies.toSorted((a, b) => a - b);
  pair.note({
    what,
    unit,
    store: median(stores),
    floor: median(floors),
    ratio: median(ratios),
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
  });
}
