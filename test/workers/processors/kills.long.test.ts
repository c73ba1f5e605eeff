// oxlint-disable vitest/expect-expect -- the comparison with a clean run is in a function of its own
/**
 * Promise 5 to the end: workers die between every two steps, wake-ups come twice and in any order, objects are evicted. What is
 * stored in the end is what one clean run stores: every stream, every event, every id.
 */

import { storeNamed } from "../support.ts";
import { Store } from "../../../src/store/store.ts";
import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { prepare } from "../../../src/consumers/schema.ts";
import { catchUp } from "../../../src/consumers/catch-up.ts";
import { type RecordedEvent, categoryOf, streamIdOf } from "../../../src/core/event.ts";
import { append, category, defineApp, effect, event, reactor, send, transform } from "../../../src/index.ts";
import { effectConsumer } from "../../../src/processors/effect-consumer.ts";
import { reactorConsumer } from "../../../src/processors/reactor-consumer.ts";
import { alarm, counter, reading } from "../app.ts";
import { quietStore } from "../delivery/support.ts";
import { type Life, IMMORTAL, KILLED, mortal, mortalEnv } from "./mortal.ts";
import { runs, STRIDE } from "../../effort.ts";

const hot = category("hot", { events: { Raised: z.object({ from: z.string(), value: z.number() }) } });
const payment = category("payment", { events: { Paid: z.object({ receipt: z.string() }) } });

// Every stream that is written to has one writer, so that one clean run can end in one way only.
const relay = reactor("relay", {
  from: reading,
  emits: [counter, alarm],
  on: {
    Read: ({ stream, data }) => [
      send(counter, `of-${streamIdOf(stream)}`, "Count", { by: data.value }),
      ...(data.value > 100 ? [append(alarm, streamIdOf(stream), "Raised", { from: stream, value: data.value })] : []),
    ],
  },
});
const heat = transform("heat", { from: alarm, to: hot, on: { Raised: (raised) => [raised, event("Raised", { from: "heat", value: 0 })] } });
const charge = effect("charge", {
  from: alarm,
  records: payment,
  start: "beginning",
  on: {
    Raised: async (_raised, { fetch }) => {
      const answer = await fetch("https://payments.example/", { method: "POST", body: "{}" });
      return event("Paid", { receipt: await answer.text() });
    },
  },
});
const settle = reactor("settle", {
  from: payment,
  emits: counter,
  on: { Paid: ({ stream }) => send(counter, `paid-${streamIdOf(stream)}`, "Count", {}) },
});
const app = defineApp({
  aggregates: [counter],
  categories: [reading, alarm, hot, payment],
  processors: [relay, heat, charge, settle],
});
const NAMES = ["relay", "heat", "charge", "settle"] as const;

/** Appends of facts, in their order. */
const FACTS: readonly (readonly [stream: string, ...values: number[]])[] = [
  ["a", 101, 2],
  ["b", 1, 102],
  ["a", 103],
];

beforeAll(() => prepare(env.VIEWS));
beforeEach(() => {
  vi.spyOn(console, "error").mockReturnValue();
});
afterEach(() => vi.restoreAllMocks());

/** A store with facts, its processors, and an outside that knows keys. */
async function world() {
  const quiet = quietStore("kills");
  const { store } = quiet;
  for (const [index, [stream, ...values]] of FACTS.entries()) {
    const events = values.map((value) => ({
      type: "Read",
      data: { value },
      id: `0198c0de-0000-4000-8000-${String(value).padStart(12, "0")}`,
    }));
    await quiet.post(`/streams/reading/${stream}`, { events }, { "correlation-id": `fact-${index}` });
  }
  /** Keys for which an outcome is stored: nobody may call out with them again. */
  const paid = new Set<string>();
  const calls: string[] = [];
  const outside = (life: Life) => (request: Request) =>
    life.step(async () => {
      const key = request.headers.get("idempotency-key") ?? "";
      expect(paid).not.toContain(key);
      calls.push(key);
      return new Response(key);
    });
  /** One worker is woken for a consumer, and lives as long as it may. */
  const wake = async (name: (typeof NAMES)[number], life: Life): Promise<void> => {
    const bound = mortalEnv(env, life, (type, data) => {
      if (type === "Paid") paid.add(JSON.parse(data).receipt);
    });
    const consumer = {
      relay: () => reactorConsumer(new Store(bound, store, app), relay),
      heat: () => reactorConsumer(new Store(bound, store, app), heat),
      charge: () => effectConsumer(new Store(bound, store, app), charge, outside(life)),
      settle: () => reactorConsumer(new Store(bound, store, app), settle),
    }[name]();
    await catchUp(consumer, mortal(storeNamed(store).log, ["read"], life), Number.POSITIVE_INFINITY).catch((error: unknown) => {
      if (!life.dead) throw error;
      expect(String(error)).toContain(KILLED);
    });
  };
  /** Time passes: what waits for a dead worker, or for its next attempt, is due. */
  const timePasses = () => env.VIEWS.prepare(`UPDATE headspring_checkpoints SET next_attempt_at = 0 WHERE store = ?`).bind(store).run();
  return {
    ...quiet,
    calls,
    wake,
    timePasses,
    /** Wakes everybody until nothing is left to do. */
    async finish() {
      for (let head = -1; head !== (await quiet.log()).length;) {
        head = (await quiet.log()).length;
        for (const name of NAMES) {
          await timePasses();
          await wake(name, IMMORTAL());
        }
      }
    },
    evict: async (stream: string) =>
      evictDurableObject(quiet.stream(categoryOf(stream), streamIdOf(stream)) as DurableObjectStub).catch(() => {}), // not running
    evictLog: async () => evictDurableObject(quiet.logObject()).catch(() => {}),
  };
}

/** Everything that is stored, by stream. The counter makes ids of its own: those are named by their place. */
async function stored({ json }: Pick<Awaited<ReturnType<typeof world>>, "json">) {
  const { events } = (await json("/log?limit=1000")) as { events: RecordedEvent[] };
  const streams: Record<string, unknown[]> = {};
  for (const { id, stream, version, type, data, meta, time, recordedAt } of events.toSorted((a, b) => a.version - b.version)) {
    const named = categoryOf(stream) === "counter" ? `${stream}@${version}` : id;
    (streams[stream] ??= []).push({ id: named, version, type, data, meta, ownTime: time !== recordedAt });
  }
  return streams;
}

/** What one clean run stores. */
async function clean() {
  const one = await world();
  await one.finish();
  return { streams: await stored(one), calls: one.calls };
}

describe("promise 5: whatever dies, and however often it is woken", () => {
  it("a run without faults stores what the definitions describe, and calls outside once for each alarm", async () => {
    const { streams, calls } = await clean();
    const types = Object.fromEntries(
      Object.entries(streams).map(([stream, events]) => [stream, events.map((one) => (one as RecordedEvent).type)]),
    );
    expect(types).toEqual({
      "reading/a": ["Read", "Read", "Read"],
      "reading/b": ["Read", "Read"],
      "counter/of-a": ["Counted", "Counted", "Counted"],
      "counter/of-b": ["Counted", "Counted"],
      "alarm/a": ["Raised", "Raised"],
      "alarm/b": ["Raised"],
      "hot/a": ["Raised", "Raised", "Raised", "Raised"],
      "hot/b": ["Raised", "Raised"],
      "payment/a": ["$EffectStarted", "Paid", "$EffectStarted", "Paid"],
      "payment/b": ["$EffectStarted", "Paid"],
      "counter/paid-a": ["Counted", "Counted"],
      "counter/paid-b": ["Counted"],
    });
    expect(calls).toHaveLength(3);
    expect(new Set(calls).size).toBe(3);
  });

  it("a worker that dies at any step leaves nothing that another cannot finish", { timeout: 300_000 }, async () => {
    const { streams } = await clean();
    for (const name of NAMES) {
      // To die after one step is to die before the next: the world cannot tell the two.
      for (let steps = 1; ; steps += STRIDE) {
        const one = await world();
        for (const earlier of NAMES.slice(0, NAMES.indexOf(name))) await one.wake(earlier, IMMORTAL());
        const life = mortal.life(steps, true);
        await one.wake(name, life);
        await one.finish();
        expect(await stored(one), `${name}, dead after step ${steps}`).toEqual(streams);
        if (!life.dead) break;
        expect(steps).toBeLessThan(100);
      }
    }
  });

  it("any order of deaths, repeated wake-ups, two workers at once and evictions ends the same way", { timeout: 300_000 }, async () => {
    const { streams, calls } = await clean();
    const name = fc.constantFrom(...NAMES);
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ do: fc.constant("die" as const), name, steps: fc.integer({ min: 1, max: 14 }), after: fc.boolean() }),
      },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("wake" as const), name }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("race" as const), name, steps: fc.integer({ min: 1, max: 14 }) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("evict" as const), stream: fc.constantFrom(...Object.keys(streams), "log") }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant("time" as const) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 16 }), async (steps) => {
        const one = await world();
        for (const now of steps) {
          if (now.do === "die") await one.wake(now.name, mortal.life(now.steps, now.after));
          else if (now.do === "wake") await one.wake(now.name, IMMORTAL());
          else if (now.do === "race") {
            await Promise.all([
              one.wake(now.name, IMMORTAL()),
              one.wake(now.name, mortal.life(now.steps, true)),
              one.wake(now.name, IMMORTAL()),
            ]);
          } else if (now.do === "evict") await (now.stream === "log" ? one.evictLog() : one.evict(now.stream));
          else await one.timePasses();
        }
        await one.finish();
        expect(await stored(one)).toEqual(streams);
        expect(new Set(one.calls)).toEqual(new Set(calls));
      }),
      { numRuns: runs(15) },
    );
  });
});
