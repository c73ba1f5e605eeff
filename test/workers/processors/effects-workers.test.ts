import { storeNamed } from "../support.ts";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { prepare } from "../../../src/consumers/schema.ts";
import { effectConsumer } from "../../../src/processors/effect-consumer.ts";
import { processorConsumer } from "../../../src/processors/processor-consumer.ts";
import { category, defineApp, effect, event, nothing } from "../../../src/index.ts";
import { EFFECT_LEASE_MARGIN_MS } from "../../../src/processors/limits.ts";
import { reading } from "../app.ts";
import { definition, outside, pay } from "./paying.ts";
import { payment, processorStore as store } from "./support.ts";
import { allowErrors, expectErrors } from "../errors.ts";

beforeAll(() => prepare(env.VIEWS));
beforeEach(() => {
  allowErrors(/a consumer has failed and stopped/);
});
afterEach(() => vi.restoreAllMocks());

describe("a second worker", () => {
  it("keeps out while the first one calls, and takes over when that has died", async () => {
    const { read, run, calling, timePasses } = store("lease");
    await read("s", 1);
    const entered = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<Response>();
    const { keys, fetch } = outside((_request, call) => {
      entered.resolve();
      return call === 1 ? answer.promise : new Response("second");
    });
    const first = run(calling(pay, fetch));
    await entered.promise;
    expect(await run(calling(pay, fetch))).toEqual({ position: 0, outcome: "backing-off" });
    expect(keys).toHaveLength(1);

    await timePasses(); // as if the first had died, and its time were over
    expect(await run(calling(pay, fetch))).toMatchObject({ outcome: "caught-up" });
    answer.resolve(new Response("first, but late"));
    expect(await first).toMatchObject({ outcome: "caught-up" });
    expect(keys).toHaveLength(2);
    expect(keys[0]).toBe(keys[1]);
  });

  it("keeps out for the effect's timeout and a margin from each call on, and no longer", async () => {
    const { read, run, calling } = store("margin");
    await read("s", 1);
    await read("s", 2);
    const begun: number[] = [];
    const until: number[] = [];
    const quick = effect("quick", {
      from: reading,
      records: payment,
      timeout: "2s",
      on: {
        Read: async () => {
          begun.push(Date.now());
          until.push((await consumer.checkpoint.look())?.nextAttemptAt ?? 0);
          return nothing();
        },
      },
    });
    const consumer = calling(quick);
    const before = Date.now();
    await run(consumer);
    const lease = 2_000 + EFFECT_LEASE_MARGIN_MS;
    for (const [index, end] of until.entries()) {
      expect(end).toBeGreaterThanOrEqual((begun[index - 1] ?? before) + lease);
      expect(end).toBeLessThanOrEqual((begun[index] ?? 0) + lease);
    }
    expect(until).toHaveLength(2);
    expect((await consumer.checkpoint.look())?.nextAttemptAt).toBe(0);
  });

  it("does not start when the first one has just started", async () => {
    const { read, run, calling } = store("just");
    await read("s", 1);
    const { keys, fetch } = outside();
    const consumer = calling(pay, fetch);
    const { checkpoint } = consumer;
    const stale = await checkpoint.load();
    await checkpoint.lease(0, Date.now() + 60_000);
    vi.spyOn(checkpoint, "load").mockResolvedValueOnce(stale);
    expect(await run(consumer)).toMatchObject({ position: 0, outcome: "backing-off" });
    expect(keys).toEqual([]);
  });

  it("does not start when the consumer was paused in between", async () => {
    const { store: name, read, run, calling } = store("paused");
    await read("s", 1);
    const { keys, fetch } = outside();
    const consumer = calling(pay, fetch);
    await consumer.checkpoint.load();
    const { checkpoint } = consumer;
    const stale = await checkpoint.load();
    await env.VIEWS.prepare(`UPDATE headspring_checkpoints SET status = 'paused' WHERE store = ?`).bind(name).run();
    vi.spyOn(checkpoint, "load").mockResolvedValueOnce(stale);
    expect(await run(consumer)).toMatchObject({ outcome: "resting" });
    expect(keys).toEqual([]);
  });
});

describe("an effect as a consumer", () => {
  const receipts = category("receipt", { events: { Kept: z.object({}) } });
  const keep = effect("keep", {
    from: reading,
    records: receipts,
    retry: { attempts: 3, delay: "5s", backoff: "constant" },
    on: { Read: async () => event("Kept", {}) },
  });

  it("follows its types and categories, from the head by default, under its own policy", () => {
    const app = defineApp({ categories: [reading, receipts], processors: [keep] });
    expect(processorConsumer(storeNamed("any", app), keep)).toMatchObject({
      name: "keep",
      types: ["Read"],
      categories: ["reading"],
      start: "head",
      retry: { attempts: 3, firstDelayMs: 5_000, maxDelayMs: 5_000 },
    });
  });

  it("makes no call for events from before it existed, unless it is defined to begin at the beginning", async () => {
    const { store: name, read, run, types } = store("head");
    await read("past", 1);
    const app = defineApp({ categories: [reading, receipts], processors: [keep] });
    const late = processorConsumer(storeNamed(name, app), keep);
    expect(await run(late)).toMatchObject({ position: 1, outcome: "caught-up" });
    await read("present", 2);
    await run(late);
    expect(await types("receipt/past")).toEqual([]);
    expect(await types("receipt/present")).toEqual(["Kept"]);

    const all = effect("all", { from: reading, records: receipts, start: "beginning", on: { Read: async () => event("Kept", {}) } });
    await run(processorConsumer(storeNamed(name, app), all));
    expect(await types("receipt/past")).toEqual(["Kept"]);
  });

  it("reports its failures to the app's hooks", async () => {
    const told: unknown[] = [];
    const hooks = { onConsumerFailed: (failure: object) => void told.push(failure) };
    const { store: name, read, run } = store("hooks");
    const failing = effect("failing", { ...definition, start: "beginning", retry: "none" });
    await read("s", 1);
    await run(effectConsumer(storeNamed(name, defineApp({ hooks })), failing, () => new Response(null, { status: 500 })));
    expect(told).toEqual([expect.objectContaining({ consumer: "failing", message: "the outside answered 500", attempts: 1 })]);
  });

  it("moves on over events of no interest", async () => {
    const { read, post, run, calling } = store("gaps");
    await read("s", 1);
    await post("/aggregates/counter/c/Count", {});
    await post("/aggregates/counter/c/Count", {});
    const consumer = calling(keep);
    await run(consumer);
    // Its checkpoint moves past them with the next event that is for it.
    expect(await run(consumer)).toMatchObject({ outcome: "caught-up", position: 4 });
    expect(await consumer.checkpoint.look())?.toMatchObject({ position: 3, nextAttemptAt: 0 });
    await read("s", 2);
    await run(consumer);
    expect(await run(consumer)).toMatchObject({ outcome: "caught-up", position: 6 });
  });

  it("moves on over events of no interest up to one of a version that only newer code knows, and waits there", async () => {
    expectErrors(/a consumer could not process an event and will retry/);
    const { read, post, stream, run, calling, timePasses } = store("newer");
    for (let count = 0; count < 3; count++) await post("/aggregates/counter/c/Count", {});
    const newer = { type: "Read", data: `{"value":1}`, meta: "{}", schemaVersion: 2 };
    await stream("reading", "s").append({ events: [newer], expected: { kind: "any" }, waitMs: 20_000 });
    await read("s", 2);
    const { keys, fetch } = outside();
    const consumer = calling(pay, fetch);
    for (let attempt = 0; attempt < 5; attempt++) {
      expect(await run(consumer)).toMatchObject({ position: 3, outcome: "backing-off" });
      await timePasses();
    }
    expect(await consumer.checkpoint.look()).toMatchObject({ position: 3, attempts: 1, error: { event: { position: 4 } } });
    expect(keys).toEqual([]);
  });

  it("stops in between when its time is over, and goes on from there", async () => {
    const { read, calling } = store("budget");
    for (const value of [1, 2, 3]) await read("s", value);
    let now = Date.now();
    const clock = vi.spyOn(Date, "now").mockImplementation(() => now);
    const slow = effect("slow", {
      from: reading,
      records: payment,
      on: {
        Read: async ({ data }) => {
          if (data.value === 2) now += 20_000;
          return event("Paid", { receipt: "" });
        },
      },
    });
    const consumer = calling(slow);
    await consumer.checkpoint.load();
    const events = [1, 2, 3].map((version) => ({
      id: `0198c0de-0000-4000-8000-00000000000${version}`,
      stream: "reading/s",
      version,
      position: version,
      type: "Read",
      data: { value: version },
      meta: {},
      time: "",
      recordedAt: "",
      schemaVersion: 1,
    }));
    expect(await consumer.apply({ events, from: 0, to: 3 })).toEqual({ position: 2 });
    clock.mockRestore();
    expect(await consumer.checkpoint.look())?.toMatchObject({ position: 2, nextAttemptAt: 0 });
  });
});
