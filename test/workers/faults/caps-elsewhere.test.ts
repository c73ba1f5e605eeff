/** The platform's limits of one invocation where no consumer is woken: webhooks' objects, live views, figures, the cron, timers. */

import { Store } from "../../../src/store/store.ts";
import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { measure } from "../../../src/operations/measure.ts";
import { prepare } from "../../../src/consumers/schema.ts";
import { sweep } from "../../../src/operations/sweep.ts";
import { LiveBlocks } from "../../../src/http/view-live.ts";
import { createHttp } from "../../../src/http/worker.ts";
import { TIMERS_AT_ONCE } from "../../../src/streams/limits.ts";
import { VIEW_GRACE_MS } from "../../../src/views/limits.ts";
import { WEBHOOKS_FREE } from "../../../src/http/limits.ts";
import { LiveView } from "../../../src/views/live.ts";
import { Deliveries } from "../../../src/deliveries/deliveries.ts";
import { app, totals } from "../app.ts";
import { eventually, quietStore } from "../delivery/support.ts";
import { read, setVariables } from "../support.ts";
import { subscribed } from "../webhooks/support.ts";
import { capped } from "./capped.ts";

afterEach(() => vi.restoreAllMocks());

const PLANS = [
  [50, 50, "free"],
  [10_000, 1_000, "paid"],
] as const;

describe.each(PLANS)("an invocation that may make %i calls and %i statements", (calls, statements, plan) => {
  it("lets a webhook deliver some events, and the alarm goes on with the rest", async () => {
    const hook = await subscribed(`caps-hook-${plan}`, { types: ["Read"], concurrency: 4 });
    setVariables({ WORKERS_PLAN: plan });
    await hook.evict(); // it reads the plan when it begins
    for (const stream of ["a", "b", "c", "d"]) {
      const events = Array.from({ length: 25 }, (_, value) => ({ type: "Read", data: { value } }));
      await hook.post(`/streams/reading/${stream}`, { events });
    }
    const invocations = countInvocations(hook.store, calls);
    hook.endpoint.answer = () => (invocations.hit(), new Response(null, { status: 204 }));
    await hook.wake();
    await eventually(() => expect(hook.received()).toHaveLength(100));
    await eventually(async () => expect((await hook.report()).deliveries?.pending ?? 0).toBe(0));
    expect(new Set(hook.received()).size).toBe(100);
    expect(invocations.tooMany()).toBe(0);
    if (plan === "free") expect(invocations.begun()).toBeGreaterThan(2);
  });

  it("ends a live view before it has made too many calls", async () => {
    const { store, post, wake } = quietStore(`caps-live-${plan}`);
    await post("/aggregates/counter/c/Count", {});
    await wake("totals");
    const live = new LiveView(new Store(capped(calls, statements, plan), store, app), totals, []);
    const { generation } = await live.start();
    const { 0: ours, 1: logs } = new WebSocketPair();
    logs.accept();
    const blocks = new LiveBlocks(totals, live, ours, generation, 0);
    await blocks.next(1);
    let told = 0;
    const counted = JSON.stringify({ type: "Counted", stream: "counter/c", position: 1, version: 1, data: { total: 1 }, meta: {} });
    for (let isLast = false; !isLast && told < 20;) {
      logs.send(counted);
      const { text, last = false } = await blocks.next(1_000);
      isLast = last;
      expect(text).toContain(last ? ": this connection has reached its time limit" : "event: row");
      if (!last) told += 1;
    }
    if (plan === "free") expect(told).toBeLessThan(20);
    expect(told).toBeGreaterThan(2);
  });

  it("measures as many webhooks as there is room for, and reports how many there are", async () => {
    const { store, logClient } = quietStore(`caps-figures-${plan}`);
    for (let index = 0; index < 45; index++) await logClient().subscribe(`wh_${String(index).padStart(4, "0")}`);
    const { families, consumers } = await measure(new Store(capped(calls, statements, plan), store, app));
    const figure = (name: string) => families.find((family) => family.name === `headspring_${name}`)!.samples[0]![1];
    expect(figure("webhooks")).toBe(45);
    const measured = 45 - figure("webhooks_not_measured");
    expect(consumers.filter(({ report }) => report.kind === "webhook")).toHaveLength(measured);
    expect(measured).toBeGreaterThan(0);
    if (plan === "paid") expect(measured).toBe(45);
  });

  it("answers with all consumers and webhooks of a store that has the maximum", async () => {
    const { store, post, logClient } = quietStore(`caps-answers-${plan}`);
    const subscription = { url: "http://nobody.test/hook" };
    const within = () => capped(calls, statements, plan);
    const http = createHttp(app);
    const ask = (path: string, init?: RequestInit) => http.fetch(new Request(`http://headspring/stores/${store}${path}`, init), within());
    for (let index = 0; index < WEBHOOKS_FREE; index++) await post("/webhooks", subscription);
    await post("/streams/reading/s", { type: "Read", data: { value: 1 } });
    expect((await read(await ask("/consumers"))).consumers).toHaveLength(app.views.size + app.processors.size + WEBHOOKS_FREE);
    expect((await read(await ask("/webhooks"))).webhooks).toHaveLength(WEBHOOKS_FREE);
    const another = await ask("/webhooks", { method: "POST", body: JSON.stringify(subscription) });
    expect(another.status).toBe(plan === "free" ? 409 : 201);
    expect(await logClient().subscribers()).toHaveLength(WEBHOOKS_FREE + (plan === "free" ? 0 : 1));
  });

  it("lets the cron sweep some of the stores, each in its turn, and drop what views have left there", async () => {
    await prepare(env.VIEWS);
    const stores = Array.from({ length: 24 }, (_, index) => `caps-sweep-${plan}-${String(index).padStart(2, "0")}`);
    await env.VIEWS.prepare(
      `INSERT INTO headspring_checkpoints (store, consumer, generation, position, moved_from, born_at, started_at)
       SELECT s.value, 'gone', g.value, 0, 0, 0, 0 FROM json_each(?) AS s, json_each('["a", "b", "c", "d"]') AS g`,
    )
      .bind(JSON.stringify(stores))
      .run();
    const asked = new Set<string>();
    // Logs that wake no consumer: what a sweep does there is not the question.
    const getByName = env.LOGS.getByName.bind(env.LOGS);
    vi.spyOn(env.LOGS, "getByName").mockImplementation((name) =>
      stores.includes(name)
        ? ({ wakeBehind: async () => ({ behind: asked.add(name).size, passed: [], head: 1 }) } as never)
        : getByName(name),
    );
    vi.spyOn(console, "info").mockReturnValue();
    const begun = Date.now();
    const now = vi.spyOn(Date, "now");
    const left = () => env.VIEWS.prepare(`SELECT COUNT(*) AS n FROM headspring_checkpoints WHERE consumer = 'gone'`).first<number>("n");
    let turns = 0;
    do {
      now.mockReturnValue(begun + turns * VIEW_GRACE_MS);
      await sweep(app, capped(calls, statements, plan));
      if (turns === 0 && plan === "free") expect(asked.size).toBeLessThan(stores.length);
    } while (++turns < 80 && (await left()) !== 0);
    expect(await left()).toBe(0);
    expect(stores.filter((store) => !asked.has(store))).toEqual([]);
  });
});

/** Counts what a webhook's object asks of its store's log and of the outside, from one wake-up or alarm to the next. */
function countInvocations(store: string, most: number) {
  let [used, tooMany, begun] = [0, 0, 0];
  const hit = () => {
    if (++used <= most) return;
    tooMany += 1;
    throw new Error("Too many subrequests.");
  };
  for (const door of ["wake", "wentOff"] as const) {
    const real = Deliveries.prototype[door] as () => Promise<never>;
    vi.spyOn(Deliveries.prototype, door).mockImplementation(function (this: Deliveries) {
      used = 0;
      begun += 1;
      return real.call(this);
    });
  }
  const getByName = env.LOGS.getByName.bind(env.LOGS);
  vi.spyOn(env.LOGS, "getByName").mockImplementation((name) => {
    const real = getByName(name);
    if (name !== store) return real;
    return new Proxy(real, {
      get: (target, property) =>
        property === "read" ? async (request: never) => (hit(), target.read(request)) : Reflect.get(target, property),
    });
  });
  return { hit, tooMany: () => tooMany, begun: () => begun };
}

describe("a stream with more timers due than one alarm carries out", () => {
  it("carries out some, and leaves the others to the next alarm", async () => {
    const { post, json, stream } = quietStore("caps-timers");
    const parts = Array.from({ length: TIMERS_AT_ONCE + 20 }, (_, part) => ({ part: String(part), in: "1h" }));
    await post("/aggregates/agenda/1/Plan", { parts });
    const now = Date.now();
    // Set for the time when the first was due, the next alarm does not go off by itself here.
    vi.spyOn(Date, "now").mockImplementation(() => now + 7_200_000);
    const rang = [];
    for (let alarm = 0; alarm < 2; alarm++) {
      expect(await runDurableObjectAlarm(stream("agenda", "1"))).toBe(true);
      rang.push((await json("/aggregates/agenda/1")).state.rang.length);
    }
    expect(rang).toEqual([TIMERS_AT_ONCE, TIMERS_AT_ONCE + 20]);
    await evictDurableObject(stream("agenda", "1"));
  });
});
