/** How soon a write is seen, at a rate that leaves room: milliseconds. */

import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "../scripts/client.ts";
import type { Pair } from "./compare.ts";
import { quantile } from "./load.ts";

const RATE = 50;
const SECONDS = 6;

export async function latency({ floor, store, note }: Pair): Promise<void> {
  const [below, here] = [new Client(floor.url), new Client(store.url)];
  const tell = (what: string, samples: readonly number[], floors?: readonly number[]) => {
    const sorted = samples.toSorted((a, b) => a - b);
    const p50 = quantile(sorted, 0.5);
    const p50Below =
      floors &&
      quantile(
        floors.toSorted((a, b) => a - b),
        0.5,
      );
    note({
      what,
      unit: "ms",
      store: p50,
      ...(p50Below === undefined ? {} : { floor: p50Below, ratio: p50Below / p50 }),
      p50Ms: p50,
      p99Ms: quantile(sorted, 0.99),
    });
  };

  const floors = await atRate(async (number) => timed(() => below.call(`/counter/l-${number % 100}`, { by: 1 })));
  const answers = await atRate(async (number) => timed(() => here.call(`/aggregates/counter/l-${number % 100}/Add`, { by: 1 })));
  tell(`a command at ${RATE} a second, until it is answered`, answers, floors);
  const seen = await atRate(async (number) => {
    await here.call(`/aggregates/counter/seen-${number}/Add`, { by: 1 });
    return timed(async () => {
      while ((await here.call(`/views/totals/seen-${number}`)).status !== 200) await sleep(5);
    });
  });
  tell("from its answer until a query shows its row", seen);
  const asked = await atRate(async (number) => {
    const { body } = await here.call<{ position: number }>(`/aggregates/counter/asked-${number}/Add`, { by: 1 });
    return timed(() => here.call(`/views/totals/asked-${number}?minPosition=${body.position}`));
  });
  tell("from its answer, by a query that names its position", asked);
}

async function atRate(sample: (number: number) => Promise<number>): Promise<number[]> {
  const samples: Promise<number>[] = [];
  for (let number = 0; number < RATE * SECONDS; number++) {
    samples.push(sample(number));
    await sleep(1_000 / RATE);
  }
  return Promise.all(samples);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
