import { quietStore } from "../delivery/support.ts";

/** A store with counters at 1, 2, 3 … in the view `totals`. */
export async function counted(name: string, totals: Readonly<Record<string, number>>) {
  const store = quietStore(name);
  for (const [counter, by] of Object.entries(totals)) await store.post(`/aggregates/counter/${counter}/Count`, { by });
  await store.wake("totals");
  const keys = async (path: string) => (await store.json(path)).rows.map(({ counter }: { counter: string }) => counter);
  return { ...store, keys };
}
