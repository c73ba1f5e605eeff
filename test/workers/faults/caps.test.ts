/** The platform's limits of one invocation, which the local runtime does not enforce: calls, and statements of D1. */

import { Store as StoreOf } from "../../../src/store/store.ts";
import { storeNamed } from "../support.ts";
import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CONSUMER_CALLS, INVOCATION_CALLS, INVOCATION_STATEMENTS } from "../../../src/core/limits.ts";
import { operate } from "../../../src/operations/operate.ts";
import { handleWakeUps } from "../../../src/operations/wake-up.ts";
import { reportConsumers } from "../../../src/operations/report.ts";
import { defineApp, effect, event, reactor, send, streamIdOf } from "../../../src/index.ts";
import type { LogRpc } from "../../../src/store/log-protocol.ts";
import { awaitPosition, awaitRow } from "../../../src/views/query.ts";
import { app, counter, reading, totals, values } from "../app.ts";
import { expectErrors } from "../errors.ts";
import { naming, quietStore } from "../delivery/support.ts";
import { payment } from "../processors/support.ts";
import { type Used, capped } from "./capped.ts";

let warnings: ReturnType<typeof vi.spyOn>;
beforeEach(() => {
  warnings = vi.spyOn(console, "warn").mockReturnValue();
  vi.spyOn(console, "info").mockReturnValue();
});
afterEach(() => vi.restoreAllMocks());

type Store = ReturnType<typeof quietStore>;

/** Answers each reading with three commands. */
const fan = reactor("fan", {
  from: reading,
  emits: counter,
  on: { Read: ({ stream, data }) => [0, 1, 2].map((one) => send(counter, `${streamIdOf(stream)}-${data.value % 4}-${one}`, "Count", {})) },
});
/** Asks the outside about each reading. */
const pay = effect("pay", {
  from: reading,
  records: payment,
  on: {
    Read: async ({ data }, { fetch }) => {
      const answer = await fetch("https://payments.example/", { method: "POST", body: String(data.value) });
      return event("Paid", { receipt: await answer.text() });
    },
  },
});
const working = defineApp({
  aggregates: [...app.aggregates.values()].filter(({ name }) => !app.processors.has(name)),
  categories: [...app.categories.values(), payment],
  views: [totals, values],
  processors: [fan, pay, app.processors.get("errand")!, app.processors.get("move")!],
  webhooks: [],
});

const PLANS = [
  [50, 50, "free"],
  [10_000, 1_000, "paid"],
] as const;

describe.each(PLANS)("an invocation that may make %i calls and %i statements", (calls, statements, plan) => {
  /** Wakes them, and wakes those again that asked for it or lag, until all are at the head. Answers with how many invocations that took. */
  async function bringToHead(store: Store, ...names: string[]): Promise<number> {
    let invocations = 0;
    let used: Used = { calls: 0, statements: 0 };
    vi.spyOn(globalThis, "fetch").mockImplementation(async () => {
      if ((used.calls += 1) > calls) throw new Error("Too many subrequests.");
      return new Response("receipt");
    });
    for (let bodies: unknown[] = wakeUps(store, names); bodies.length > 0;) {
      const before = store.sent().length;
      const batch = createMessageBatch(
        "headspring-wake-ups",
        bodies.map((body, index) => ({ id: `${invocations}-${index}`, timestamp: new Date(), attempts: 1, body })),
      );
      used = { calls: 0, statements: 0 };
      await handleWakeUps(working, capped(calls, statements, plan, used), batch);
      expect((await getQueueResult(batch, createExecutionContext())).retryMessages).toEqual([]);
      expect(++invocations).toBeLessThan(60);
      bodies = naming(store.sent().slice(before), (consumer) => names.includes(consumer));
      if (bodies.length === 0 && (await isBehind(store.store, names))) bodies = wakeUps(store, names);
    }
    expect(warnings).not.toHaveBeenCalled();
    return invocations;
  }

  it("brings a reactor and views to the head, and exports all events", async () => {
    const store = quietStore(`caps-${plan}`);
    await store.post("/streams/reading/s", { events: readings(24) });
    const invocations = await bringToHead(store, "fan", "totals", "values");
    expect(typesIn(await store.log()).Counted).toBe(72);
    expect((await store.rows(values)).get("any")).toEqual({ value: "any", count: 24 });
    if (plan === "free") expect(invocations).toBeGreaterThan(3);
  });

  it("rebuilds a view with rows while the earlier table answers", async () => {
    const store = quietStore(`caps-rebuild-${plan}`);
    await store.post("/streams/reading/s", { events: readings(700) });
    await bringToHead(store, "values");
    const rows = await store.rows(values);
    await operate(storeNamed(store.store), values.name, "reset");
    await bringToHead(store, "values");
    expect(await store.rows(values)).toEqual(rows);
    expect(rows.size).toBe(8);
    const { serving } = (await env.VIEWS.prepare(`SELECT serving FROM headspring_views WHERE store = ?`)
      .bind(store.store)
      .first<{ serving: string }>())!;
    const { results } = await env.VIEWS.prepare(`SELECT position FROM headspring_checkpoints WHERE store = ? AND generation = ?`)
      .bind(store.store, serving)
      .all();
    expect(results).toEqual([{ position: 700 }]);
  });

  it("lets a process manager's instances run to completion, with the outcomes of all their commands", async () => {
    const store = quietStore(`caps-errand-${plan}`);
    const jobs = [1, 2, 3].map((by) => ({ counter: `c${by}`, by }));
    const wishes = ["a", "b", "c", "d", "e"].map((errand) => ({ type: "Wished", data: { errand, jobs } }));
    await store.post("/streams/wish/all", { events: wishes });
    const invocations = await bringToHead(store, "errand");
    expect(typesIn(await store.log())).toMatchObject({ Begun: 5, Counted: 15, JobDone: 15, Ended: 5 });
    if (plan === "free") expect(invocations).toBeGreaterThan(1);
  });

  it("lets sagas run to completion, also those that are undone", async () => {
    const store = quietStore(`caps-saga-${plan}`);
    for (const owner of ["p", "q"]) await store.post(`/aggregates/purse/${owner}/Put`, { amount: 100 });
    const moves = [
      ...[1, 2, 3].map((move) => ({ move: `m${move}`, from: ["p", "q"] })),
      ...[4, 5].map((move) => ({ move: `m${move}`, from: ["p", "poor"] })),
    ];
    await store.post("/streams/word/all", {
      events: moves.map((data) => ({ type: "MoveWanted", data: { ...data, to: "r", amount: 5, atOnce: false } })),
    });
    const invocations = await bringToHead(store, "move");
    expect(typesIn(await store.log())).toMatchObject({ SagaCompleted: 3, SagaFailed: 2, StepUndone: 2 });
    expect((await store.json("/aggregates/purse/p")).state.amount).toBe(85);
    if (plan === "free") expect(invocations).toBeGreaterThan(1);
  });

  it("lets an effect make its call for each event, once", async () => {
    const store = quietStore(`caps-effect-${plan}`);
    await bringToHead(store, "pay", "values", "errand", "move", "totals");
    for (const stream of ["a", "b", "c", "d", "e", "f", "g"]) await store.post(`/streams/reading/${stream}`, { events: readings(2) });
    const invocations = await bringToHead(store, "values", "errand", "move", "totals", "pay");
    expect(typesIn(await store.log())).toMatchObject({ Paid: 14, $EffectStarted: 14 });
    expect(fetch).toHaveBeenCalledTimes(14);
    if (plan === "free") expect(invocations).toBeGreaterThan(2);
  });
});

it("a reactor answers an event on the Free plan with as many commands as an invocation has room for; at more it stops, and says so", async () => {
  expectErrors(/a consumer has failed and stopped/);
  const most = INVOCATION_CALLS.free - CONSUMER_CALLS;
  for (const commands of [most, most + 1]) {
    const store = quietStore("caps-wide");
    await store.post("/streams/reading/s", { events: readings(1) });
    const on = { Read: () => Array.from({ length: commands }, (_, id) => send(counter, `${id}`, "Count", {})) };
    const wide = reactor("wide", { from: reading, emits: counter, retry: "none", on });
    const code = defineApp({ aggregates: [counter], categories: [reading], processors: [wide] });
    const [body] = wakeUps(store, ["wide"]);
    const batch = createMessageBatch("headspring-wake-ups", [{ id: "wide", timestamp: new Date(), attempts: 1, body }]);
    await handleWakeUps(code, capped(INVOCATION_CALLS.free, INVOCATION_STATEMENTS.free, "free"), batch);
    const [report] = await reportConsumers(storeNamed(store.store, code), (name) => name === "wide");
    const message = `reactor "wide" answers Read with ${commands} commands and events; an invocation has 50 calls`;
    expect(report).toMatchObject(commands === most ? { status: "live", lag: 0 } : { status: "failed", lag: 1, lastError: { message } });
    expect((await store.log()).filter(({ type }) => type === "Counted")).toHaveLength(commands === most ? commands : 0);
  }
});

const readings = (count: number) => Array.from({ length: count }, (_, value) => ({ type: "Read", data: { value: value % 7 } }));

const wakeUps = ({ store }: Store, names: readonly string[]) => [{ store, consumers: names, head: 0 }];

function typesIn(events: readonly { readonly type: string }[]): Partial<Record<string, number>> {
  return Object.fromEntries([...Map.groupBy(events, ({ type }) => type)].map(([type, some]) => [type, some.length]));
}

async function isBehind(store: string, names: readonly string[]): Promise<boolean> {
  const reports = await reportConsumers(storeNamed(store, working), (name) => names.includes(name));
  return reports.some(({ lag, rebuild }) => lag > 0 || rebuild !== undefined);
}

describe("a wait of 30 s in which nothing happens", () => {
  type Wait = (store: StoreOf, until: number) => Promise<unknown>;
  const forRow: Wait = (store, until) => awaitRow(store, values, "none", { position: 0, deadline: 0 }, until);
  const forPosition: Wait = (store, until) => awaitPosition(store, values, 99, until);

  it.each([
    ["for a row", forRow, false],
    ["for a position", forPosition, false],
    ["for a position of a view that is paused", forPosition, true],
  ])("%s asks D1 at most ten times", async (_what, wait, isPaused) => {
    const store = quietStore("waits");
    await store.read("s", 1);
    await store.wake("values");
    if (isPaused) await operate(storeNamed(store.store, app), "values", "pause");
    const used: Used = { calls: 0, statements: 0 };
    const begun = Date.now();
    const counted = hurried(capped(Infinity, Infinity, "paid", used), store.store);
    await wait(new StoreOf(counted, store.store, app), begun + 30_000);
    expect(Date.now() - begun).toBeGreaterThanOrEqual(30_000);
    expect(used.databases).toBeGreaterThan(2);
    expect(used.databases).toBeLessThanOrEqual(10);
  });

  it("ends as soon as what it waits for happens", async () => {
    const store = quietStore("comes");
    await store.read("s", 1);
    await store.wake("values");
    const waiting = awaitRow(storeNamed(store.store), values, "7", { position: 0, deadline: 0 }, Date.now() + 30_000);
    await store.read("s", 7);
    expect((await waiting).row).toEqual({ value: "7", count: 1 });
  });
});

/** The clock goes on by what is waited for, and nobody waits. */
function hurried(real: Env, store: string): Env {
  let now = Date.now();
  const pass = async (ms: number) => void (now += ms);
  vi.spyOn(Date, "now").mockImplementation(() => now);
  vi.spyOn(scheduler, "wait").mockImplementation(pass);
  const log = real.LOGS.getByName(store) as unknown as LogRpc;
  const changed: LogRpc["changed"] = async (_filter, _after, ms) => (await pass(ms), log.head());
  const waiting = new Proxy(log, { get: (target, name) => (name === "changed" ? changed : Reflect.get(target, name)) });
  return Object.create(real, { LOGS: { value: { getByName: () => waiting }, enumerable: true } }) as Env;
}
