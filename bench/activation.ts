/** The first command on a stream of 50,000 events after its object was gone from memory: with a snapshot, and without one. */

import { Client } from "../scripts/client.ts";
import { temporaryFolder } from "../scripts/dev-server.ts";
import { type Note, median } from "./report.ts";
import { startRuntime } from "./runtime.ts";

const EVENTS = 50_000;
const APPEND = 1_000;
const TIMES = 3;

const command = (id: string) => `/aggregates/counter/${id}/Add`;
const insert = (id: string) => `/counter/${id}`;

export async function activations(note: Note): Promise<void> {
  const states = { floor: temporaryFolder(), store: temporaryFolder() };
  const store = await startRuntime("bench/store.ts", { state: states.store, variables: { REVISION: "1" } });
  for (let at = 0; at < EVENTS; at += APPEND) await post(store.url, "/aggregates/counter/long/AddOften", { times: APPEND });
  await store.stop();
  const floor = await startRuntime("bench/floor.ts", { state: states.floor });
  const events = Array.from({ length: APPEND }, () => ({ by: 1 }));
  for (let at = 0; at < EVENTS; at += APPEND) await post(floor.url, "/counter/long", { events });
  await floor.stop();

  const below = await activation("bench/floor.ts", states.floor, () => ({}), insert);
  const withSnapshot = await activation("bench/store.ts", states.store, () => ({ REVISION: "1" }), command);
  // Each time another revision: a command stores no snapshot unless one is due.
  const without = await activation("bench/store.ts", states.store, (time) => ({ REVISION: `other-${time}` }), command);
  note({
    what: "first command on a stream of 50,000 events, snapshot",
    unit: "ms",
    store: withSnapshot,
    floor: below,
    ratio: below / withSnapshot,
  });
  note({ what: "the same, all events read", unit: "ms", store: without, floor: below, ratio: below / without });
}

async function activation(
  main: string,
  state: string,
  variables: (time: number) => Record<string, string>,
  path: (id: string) => string,
): Promise<number> {
  const samples: number[] = [];
  for (let time = 0; time < TIMES; time++) {
    const runtime = await startRuntime(main, { state, variables: variables(time) });
    // The code is loaded and warm; only the stream is not.
    for (let number = 0; number < 50; number++) await post(runtime.url, path(`short-${time}-${number}`), { by: 1 });
    const began = performance.now();
    await post(runtime.url, path("long"), { by: 1 });
    samples.push(performance.now() - began);
    await runtime.stop();
  }
  return median(samples);
}

async function post(url: string, path: string, body: unknown): Promise<void> {
  const { status } = await new Client(url).call(path, body);
  if (status !== 200 && status !== 201) throw new Error(`${path} answered ${status}`);
}
