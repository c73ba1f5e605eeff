/** At every call that the objects and the worker make, the call fails (before or after it was carried out), and all objects lose their memory. */

import { evictAllDurableObjects, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { totals, values } from "../app.ts";
import { deliver, eventually, quietStore } from "../delivery/support.ts";
import { read } from "../support.ts";
import { endpointAt } from "../webhooks/support.ts";
import { steps } from "./steps.ts";
import { STRIDE } from "../../effort.ts";

afterEach(() => vi.restoreAllMocks());

const CONSUMERS = ["values", "totals", "relay"];
const STREAMS = ["counter/1", "reading/s", "counter/of-s", "alarm/s"] as const;

/** One command, one append, a view of each, the reactions, and a webhook; what fails is asked for again. */
async function story(step: number, after: boolean) {
  for (const level of ["warn", "error", "info"] as const) vi.spyOn(console, level).mockReturnValue();
  const store = quietStore("evicted");
  const url = `http://${store.store}.test/hook`;
  const endpoint = endpointAt(url);
  const { id: webhook } = await read(await store.post("/webhooks", { url, categories: ["reading"] }));
  let lost = false;
  // Not where the call is lost: an eviction waits for the calls under way, of which that is one.
  const loseMemory = async () => {
    if (!lost) return;
    lost = false;
    await evictAllDurableObjects();
  };
  const { seen, restore } = steps({
    step,
    after,
    act() {
      lost = true;
      throw new Error("the call was lost");
    },
  });
  const write = (path: string, body: object) =>
    eventually(async () => {
      const response = await store.post(path, body, { "idempotency-key": "once" });
      const { status } = response;
      await response.body?.cancel();
      await loseMemory();
      expect(status).toBeLessThan(300);
    });
  await write("/aggregates/counter/1/CountTwice", {});
  await write("/streams/reading/s", { events: [101, 2, 103].map((value) => ({ type: "Read", data: { value } })) });
  const everybody = [...CONSUMERS, webhook].map((consumer: string) => ({ store: store.store, consumer, head: 0 }));
  await deliver(...everybody).catch(() => {});
  await loseMemory();
  restore();

  // Nobody asks for anything any more: alarms and wake-ups bring the rest.
  await eventually(async () => {
    await env.VIEWS.prepare(`UPDATE headspring_checkpoints SET next_attempt_at = 0 WHERE store = ?`).bind(store.store).run();
    for (const stream of STREAMS) await runDurableObjectAlarm(store.stream(...(stream.split("/") as [string, string])));
    await deliver(...everybody);
    await runDurableObjectAlarm(env.WEBHOOKS.getByName(`${store.store}/${webhook}`));
    const { head } = await store.json("/log/head");
    const behind = (await store.consumers()).filter(({ name, position }) => CONSUMERS.includes(name) && position < head);
    expect({ head, behind, pending: (await store.json(`/webhooks/${webhook}`)).pending }).toEqual({ head: 10, behind: [], pending: 0 });
  });
  return { ...store, endpoint, taken: seen.length };
}

describe("a call that is lost with the memory of all objects, whichever it is", () => {
  it.each(["before it was carried out", "after it was carried out"])("breaks no promise: %s", { timeout: 300_000 }, async (when) => {
    let step = 0;
    for (let taken = 1; step < taken; step += STRIDE) {
      const told = await story(step, when.startsWith("after"));
      taken = told.taken;
      const events = await told.log();
      expect(events.map(({ position }) => position)).toEqual(events.map((_, index) => index + 1));
      const of = (stream: string) => events.filter((event) => event.stream === stream).map(({ version, type }) => `${version} ${type}`);
      expect({ step, streams: STREAMS.map(of) }).toEqual({
        step,
        streams: [
          ["1 Counted", "2 Counted"],
          ["1 Read", "2 Read", "3 Read"],
          ["1 Counted", "2 Counted", "3 Counted"],
          ["1 Raised", "2 Raised"],
        ],
      });
      expect((await told.json("/aggregates/counter/1")).state).toEqual({ total: 2 });
      expect(await told.rows(values)).toEqual(await told.folded(values));
      expect(await told.rows(totals)).toEqual(await told.folded(totals));
      const versions = told.endpoint.received.map(({ version }) => version);
      expect({ step, firsts: versions.filter((version, index) => versions.indexOf(version) === index) }).toEqual({
        step,
        firsts: [1, 2, 3],
      });
      vi.restoreAllMocks();
    }
    expect(step).toBeGreaterThan(10);
  });
});
