/** The platform's limits of one invocation, which the local runtime does not enforce: calls, and statements of D1. */

import { createExecutionContext, createMessageBatch, getQueueResult, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { handleWakeUps } from "../../../src/delivery/wake-up.ts";
import { defineApp, reactor, send, streamIdOf } from "../../../src/index.ts";
import { awaitPosition, awaitRow } from "../../../src/views/query.ts";
import { app, counter, reading, totals, values } from "../app.ts";
import { quietStore } from "../delivery/support.ts";
import { type Used, capped } from "./capped.ts";

let warnings: ReturnType<typeof vi.spyOn>;
beforeEach(() => (warnings = vi.spyOn(console, "warn").mockReturnValue()));
afterEach(() => vi.restoreAllMocks());

/** Answers each reading with three commands. */
const fan = reactor("fan", {
  from: reading,
  emits: counter,
  on: { Read: ({ stream, data }) => [0, 1, 2].map((one) => send(counter, `${streamIdOf(stream)}-${data.value}-${one}`, "Count", {})) },
});
const fanning = defineApp({
  ...app,
  aggregates: [...app.aggregates.values()],
  categories: [...app.categories.values()],
  views: [totals, values],
  processors: [fan],
  webhooks: [],
});

describe.each([
  [50, 50, "free"],
  [10_000, 1_000, "paid"],
] as const)("an invocation that may make %i calls and %i statements", (calls, statements, plan) => {
  it("brings every consumer of the app to the head, and exports what it should", async () => {
    const store = quietStore(`caps-${plan}`);
    const events = Array.from({ length: 60 }, (_, value) => ({ type: "Read", data: { value } }));
    await store.post("/streams/reading/s", { events });
    let invocations = 0;
    let bodies: unknown[] = ["fan", "totals", "values"].map((consumer) => ({ store: store.store, consumer, head: 0 }));
    while (bodies.length > 0) {
      const before = store.sent().length;
      const batch = createMessageBatch(
        "headspring-wake-ups",
        bodies.map((body, index) => ({ id: `${invocations}-${index}`, timestamp: new Date(), attempts: 1, body })),
      );
      await handleWakeUps(fanning, capped(calls, statements, plan), batch);
      expect((await getQueueResult(batch, createExecutionContext())).retryMessages).toEqual([]);
      expect(++invocations).toBeLessThan(60);
      bodies = store
        .sent()
        .slice(before)
        .map(({ body }) => body)
        .filter(({ consumer }) => ["fan", "totals", "values"].includes(consumer));
      if (bodies.length === 0 && (await lagging(store.store))) {
        await runDurableObjectAlarm(store.logObject());
        bodies = ["fan", "totals", "values"].map((consumer) => ({ store: store.store, consumer, head: 0 }));
      }
    }
    expect(warnings).not.toHaveBeenCalled();
    expect((await store.log()).filter(({ type }) => type === "Counted")).toHaveLength(180);
    expect((await store.rows(values)).get("any")).toEqual({ value: "any", count: 60 });
    if (plan === "free") expect(invocations).toBeGreaterThan(7);
  });
});

async function lagging(store: string): Promise<boolean> {
  const { results } = await env.VIEWS.prepare(
    `SELECT MIN(position) AS least, COUNT(*) AS all_of FROM headspring_checkpoints WHERE store = ?`,
  )
    .bind(store)
    .all<{ least: number; all_of: number }>();
  return results[0]?.all_of !== 3 || (results[0]?.least ?? 0) < ((await env.LOGS.getByName(store).head()) as number);
}

describe("a wait in which nothing happens", () => {
  it.each([
    [
      "for a row",
      (counted: Env, store: string, until: number) => awaitRow(counted, store, values, "none", { position: 0, deadline: 0 }, until),
    ],
    ["for a position", (counted: Env, store: string, until: number) => awaitPosition(counted, store, values, 99, until)],
  ])("%s asks D1 and the log a few times only", async (_what, wait) => {
    const store = quietStore("waits");
    await store.read("s", 1);
    await store.wake("values");
    const used: Used = { calls: 0, statements: 0 };
    await wait(capped(Infinity, Infinity, "paid", used), store.store, Date.now() + 2_000);
    expect(used.calls).toBeLessThan(12);
  });

  it("ends at once when what it waits for comes", async () => {
    const store = quietStore("comes");
    await store.read("s", 1);
    await store.wake("values");
    const waiting = awaitRow(env, store.store, values, "7", { position: 0, deadline: 0 }, Date.now() + 30_000);
    await store.read("s", 7);
    expect((await waiting).row).toEqual({ value: "7", count: 1 });
  });
});
