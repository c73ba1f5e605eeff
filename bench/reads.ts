/** Reading streams and the log, and a view that catches up. What is read is what `writes.ts` has left. */

import { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { type Pair, compare } from "./compare.ts";
import { send } from "./load.ts";

export async function reads(pair: Pair): Promise<void> {
  const { store } = pair;
  const get = async <Body>(path: string) => (await (await fetch(store.url + path)).json()) as Body;
  await compare(pair, {
    what: "a stream's first 100 events",
    unit: "events/s",
    each: 100,
    floor: (number) => ({ path: `/reading/100-${number % 50}?limit=100` }),
    store: (number) => ({ path: `/streams/reading/100-${number % 50}?limit=100` }),
  });
  const { head } = await get<{ head: number }>("/log/head");
  await compare(pair, {
    what: "the log, page by page of 1,000 (floor: a stream's)",
    unit: "events/s",
    each: 1_000,
    clients: 4,
    floor: (number) => ({ path: `/reading/1000-${number % 50}?limit=1000` }),
    store: (number) => ({ path: `/log?limit=1000&after=${(number * 1_000) % Math.max(head - 1_000, 1)}` }),
  });

  const agent = new Agent({ keepAlive: true });
  const lines = Math.min(head, 200_000);
  let began = performance.now();
  const bytes = await send(agent, store.url, { path: `/log?to=${lines}`, accept: "application/x-ndjson" });
  const seconds = (performance.now() - began) / 1_000;
  agent.destroy();
  pair.note({ what: `the log as NDJSON, ${Math.round(bytes / 1e6)} MB`, unit: "events/s", store: lines / seconds });

  await fetch(`${store.url}/views/totals?minPosition=${head}`, { headers: { prefer: "wait=30" } });
  // Only those of the log's events count that it folds.
  const folded = (await get<{ processed: number }>("/consumers/totals")).processed;
  began = performance.now();
  await fetch(`${store.url}/views/totals/rebuild`, { method: "POST", body: "{}" });
  for (;;) {
    const { status, rebuild } = await get<{ status: string; rebuild?: unknown }>("/consumers/totals");
    if (status === "live" && rebuild === undefined) break;
    await sleep(20);
  }
  pair.note({
    what: "a view that catches up with the log, its own events",
    unit: "events/s",
    store: (folded / (performance.now() - began)) * 1_000,
  });
}
