/** What holds where the app's own code throws: nothing wrong is stored, the fault is on record at its event, and others go on. */

import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { type Consumer } from "../../../src/consumers/consumer.ts";
import { catchUp } from "../../../src/consumers/catch-up.ts";
import { DEFAULT_RETRY } from "../../../src/definitions/retry.ts";
import { effect, nothing, reactor, streamIdOf, view } from "../../../src/index.ts";
import { effectConsumer } from "../../../src/processors/effect-consumer.ts";
import { reactorConsumer } from "../../../src/processors/reactor-consumer.ts";
import { viewConsumer } from "../../../src/views/projector.ts";
import type { View } from "../../../src/definitions/views/view.ts";
import { app, contracts, counter, reading } from "../app.ts";
import { eventually, quietStore } from "../delivery/support.ts";
import { payment } from "../processors/support.ts";
import { slip, slips } from "../slip.ts";
import { storeNamed, read } from "../support.ts";
import { subscribed } from "../webhooks/support.ts";
import { allowErrors } from "../errors.ts";

beforeEach(() => {
  allowErrors(
    /a command failed: decide or evolve threw/,
    /a dry run failed: decide or evolve threw/,
    /a consumer could not process an event and will retry/,
    /a consumer has failed and stopped/,
    /a hook threw/,
    /a request failed/,
    /a state could not be folded: initialState, evolve or an upcast threw/,
  );
  vi.spyOn(console, "warn").mockReturnValue();
});
afterEach(() => {
  slips.in = undefined;
  vi.restoreAllMocks();
});

/** What code may throw: some of it reads like the platform's own errors. */
const THROWN = [
  ["an error", new Error("slipped")],
  ["an error like the platform's", Object.assign(new Error("Network connection lost."), { retryable: true, overloaded: true })],
  ["no error at all", "slipped"],
] as const;

const AT_LAST = Number.POSITIVE_INFINITY;
const old = { events: [{ type: "Slipped", data: '{"n":1}', meta: "{}", schemaVersion: 1 }], expected: { kind: "any" } } as const;

const sums = view("sums", {
  from: slip,
  row: z.object({ id: z.string(), sum: z.number() }),
  key: "id",
  retry: "none",
  on: { Slipped: (row, { stream, data }) => ({ id: streamIdOf(stream), sum: (row?.sum ?? 0) + data.n }) },
});

describe.each(THROWN)("an aggregate whose code throws %s", (_what, error) => {
  it.each(["schema", "initialState", "decide", "evolve"] as const)(
    "in its %s stores nothing, and carries out the same command once the code is fixed",
    async (place) => {
      const store = quietStore("rules");
      Object.assign(slips, { in: place, error });
      const key = { "idempotency-key": "k" };
      const failed = { status: 500, code: "command-failed" };
      expect(await read(await store.post("/aggregates/slip/1/Slip?dryRun=true", { n: 1 }))).toMatchObject(failed);
      expect(await read(await store.post("/aggregates/slip/1/Slip", { n: 1 }, key))).toMatchObject(failed);
      expect(await store.log()).toEqual([]);
      slips.in = undefined;
      expect((await store.post("/aggregates/slip/1/Slip", { n: 1 }, key)).status).toBe(200);
      expect(await store.json("/aggregates/slip/1")).toMatchObject({ version: 1, state: { sum: 1 } });
    },
  );

  it.each(["initialState", "evolve", "upcast"] as const)("in its %s shows no state, and blocks no other stream", async (place) => {
    const store = quietStore("state");
    await store.stream("slip", "1").append(old);
    await store.post("/aggregates/counter/1/Count", {});
    await evictDurableObject(store.stream("slip", "1"));
    Object.assign(slips, { in: place, error });
    expect(await read(await store.get("/aggregates/slip/1"))).toMatchObject({ status: 500, code: "state-failed" });
    expect(await read(await store.post("/aggregates/slip/1/Slip", { n: 1 }))).toMatchObject({ status: 500, code: "command-failed" });
    expect((await store.get("/aggregates/counter/1")).status).toBe(200);
    expect((await store.log()).map(({ type }) => type)).toEqual(["Slipped", "Counted"]);
    slips.in = undefined;
    expect(await store.json("/aggregates/slip/1")).toMatchObject({ state: { sum: 1 } });
  });
});

describe("an event whose upcast throws", () => {
  const WHY = "the upcast to version 2 threw: slipped";

  /** A store with such an event between two that are sound. */
  async function stored(name: string) {
    const store = quietStore(name);
    Object.assign(slips, { in: "upcast", error: new Error("slipped") });
    await store.post("/aggregates/slip/a/Slip", { n: 10 });
    await store.stream("slip", "old").append(old);
    await store.post("/aggregates/slip/z/Slip", { n: 20 });
    return store;
  }

  it("is read as it is stored, with the reason: in the log, in its stream, in exports and in subscriptions", async () => {
    const store = await stored("read");
    const expected = { stream: "slip/old", position: 2, data: { n: 1 }, schemaVersion: 1, unlifted: WHY };
    const { events } = await store.json("/log");
    expect(events).toMatchObject([{ position: 1, schemaVersion: 2 }, expected, { position: 3 }]);
    expect(events[0]).not.toHaveProperty("unlifted");
    expect((await store.json("/streams/slip/old?positions=true")).events).toMatchObject([expected]);
    const exported = await store.get("/log", { accept: "application/x-ndjson" });
    const lines = new TextDecoder()
      .decode(await exported.arrayBuffer())
      .trim()
      .split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual(events);
    const backward = await store.json("/log?direction=backward&limit=2");
    expect(backward.events).toMatchObject([{ position: 3 }, expected]);
    const live = await store.get("/log?after=1", { accept: "text/event-stream" });
    const reader = (live.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("id: 3")) text += (await reader.read()).value ?? "";
    await reader.cancel();
    expect(text).toContain(`"unlifted":"${WHY}"`);
    slips.in = undefined;
    expect((await store.json("/log")).events[1]).toMatchObject({ data: { n: 1, unit: "cm" }, schemaVersion: 2 });
  });

  it.each([
    ["nothing", () => undefined, "the upcast to version 2 returned data that is not JSON: data is undefined"],
    ["a promise", async () => ({ n: 1 }), "the upcast to version 2 returned data that is not JSON: data is a Promise"],
    ["a list", () => [1], "the upcast to version 2 returned data that is not an object"],
    [
      "a value that JSON cannot express",
      () => ({ n: Number.NaN }),
      "the upcast to version 2 returned data that is not JSON: data.n is NaN",
    ],
  ])("is read like that also if the upcast gives %s", async (_what, lift, why) => {
    const { liftTo, upcast } = await import("../../../src/definitions/upcast.ts");
    const schema = upcast(z.object({ n: z.number() }), z.object({ n: z.number() }), lift as never);
    const event = { version: 1, id: "", type: "T", data: '{"n":1}', meta: "{}", time: null, recordedAt: 0, schemaVersion: 1 };
    expect(liftTo(schema, event)).toEqual({ ...event, unlifted: why });
  });

  it("stops a view, on record, once everything before it is committed; a skip passes over it", async () => {
    const store = await stored("view");
    const one = viewConsumer(storeNamed(store.store), sums);
    expect(await catchUp(one, storeNamed(store.store).log, AT_LAST)).toEqual({ position: 1, outcome: "resting" });
    expect(await one.checkpoint.look()).toMatchObject({
      status: "failed",
      position: 1,
      attempts: 1,
      error: {
        message: `the event Slipped, version 1 of its stream, cannot be lifted: ${WHY}`,
        event: { position: 2, stream: "slip/old" },
      },
    });
  });

  it("is tried again by the policy, holds up no other consumer, and is folded once the code is fixed", async () => {
    const store = quietStore("mended");
    await store.post("/aggregates/contract/a/Sign", { cents: 1, currency: "EUR" });
    await store.stream("contract", "old").append({
      events: [{ type: "Signed", data: '{"amount":666}', meta: "{}", schemaVersion: 1 }],
      expected: { kind: "any" },
    });
    await store.post("/aggregates/counter/1/Count", {});
    await store.settle("contracts");
    for (let attempt = 1; attempt <= DEFAULT_RETRY.attempts; attempt++) {
      await env.VIEWS.prepare(`UPDATE headspring_checkpoints SET next_attempt_at = 0 WHERE store = ?`).bind(store.store).run();
      await store.wake("contracts");
    }
    expect(await store.consumer("contracts")).toMatchObject({ status: "failed", position: 1, lastError: { event: { position: 2 } } });
    const others = (await store.consumers()).filter(({ name }) => name !== "contracts");
    expect(others.filter(({ lag }) => lag > 0)).toEqual([]);
    expect((await store.post("/consumers/contracts/skip", { position: 2 })).status).toBe(200);
    await store.wake("contracts");
    expect(await store.consumer("contracts")).toMatchObject({ status: "live", position: 3 });
    expect([...(await store.rows(contracts)).keys()]).toEqual(["a"]);
  });

  it("is tried by a webhook like any failing delivery, with the reason, and is sent once the code is fixed; the endpoint is not blamed", async () => {
    const store = await subscribed("hook", { categories: ["slip"] });
    Object.assign(slips, { in: "upcast", error: new Error("slipped") });
    for (const id of ["1", "2", "3", "4"]) await store.stream("slip", id).append(old);
    await store.post("/aggregates/slip/z/Slip", { n: 20 });
    await store.wake();
    await eventually(async () => expect(await store.ledger()).toHaveLength(5));
    expect(store.received()).toEqual(["slip/z/1"]);
    const lines = await store.ledger();
    expect(lines.filter(({ status }) => status === "pending").map(({ error }) => error)).toEqual(
      Array(4).fill(`the event Slipped, version 1 of its stream, cannot be lifted: ${WHY}`),
    );
    expect((await store.report()).health).not.toHaveProperty("failingSince");
    slips.in = undefined;
    await store.post(`/consumers/${store.webhook.id}/retry`, {});
    await eventually(() => expect(store.received().toSorted()).toEqual(["slip/1/1", "slip/2/1", "slip/3/1", "slip/4/1", "slip/z/1"]));
  });
});

describe.each(THROWN)("a consumer whose code throws %s", (_what, error) => {
  const row = z.object({ id: z.string() });
  const fails = (): never => {
    throw error;
  };
  const small = (name: string, on: object): View => view(name, { from: reading, row, key: "id", retry: "none", on });
  const calls = { from: reading, records: payment, retry: "none", start: "beginning", on: { Read: async () => nothing() } } as const;
  const paying = (name: string, change: object) => (store: string) =>
    effectConsumer(storeNamed(store, app), effect(name, { ...calls, ...change }));

  const PARTS: readonly (readonly [part: string, consumer: (store: string) => Consumer])[] = [
    ["fold", (store) => viewConsumer(storeNamed(store), small("folds", { Read: fails }))],
    ["at", (store) => viewConsumer(storeNamed(store), small("ats", { Read: { at: fails, fold: () => null } }))],
    ["sql", (store) => viewConsumer(storeNamed(store), small("sqls", { Read: { sql: fails } }))],
    [
      "row schema",
      (store) =>
        viewConsumer(
          storeNamed(store),
          view("rows", {
            from: reading,
            row: z.object({ id: z.string().refine(fails) }),
            key: "id",
            retry: "none",
            on: { Read: () => ({ id: "s" }) },
          }),
        ),
    ],
    [
      "reaction",
      (store) =>
        reactorConsumer(storeNamed(store, app), reactor("reacts", { from: reading, emits: counter, retry: "none", on: { Read: fails } })),
    ],
    ["effect", paying("calls", { on: { Read: async () => fails() } })],
    ["effect's stream", paying("streams", { stream: fails })],
    ["effect's otherwise", paying("others", { on: { Read: async () => fails() }, otherwise: fails })],
  ];

  it.each(PARTS)("in its %s stops at that event, on record, with what was thrown", async (_part, consumerOf) => {
    const store = quietStore("parts");
    await store.post("/aggregates/counter/other/Count", {});
    await store.read("s", 1);
    const consumer = consumerOf(store.store);
    expect(await catchUp(consumer, storeNamed(store.store).log, AT_LAST)).toMatchObject({ outcome: "resting" });
    const message = error instanceof Error ? error.message : error;
    expect(await consumer.checkpoint.look()).toMatchObject({ status: "failed", attempts: 1, error: { message, event: { position: 2 } } });
  });
});

describe("a hook that", () => {
  const failing = (name: string, hooks: object) => ({
    ...viewConsumer(
      storeNamed(name),
      view("hooked", {
        from: reading,
        row: z.object({ id: z.string() }),
        key: "id",
        retry: "none",
        on: {
          Read: () => {
            throw new Error("slipped");
          },
        },
      }),
    ),
    hooks,
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("the hook slipped");
      },
    ],
    [
      "rejects",
      async () => {
        throw new Error("the hook slipped");
      },
    ],
  ])("%s changes nothing but a line in the logs", async (_what, onConsumerFailed) => {
    const store = quietStore("hooks");
    await store.read("s", 1);
    expect(await catchUp(failing(store.store, { onConsumerFailed }), storeNamed(store.store).log, AT_LAST)).toEqual({
      position: 0,
      outcome: "resting",
    });
  });

  it("never returns is not waited for", async () => {
    const store = quietStore("endless");
    await store.read("s", 1);
    const real = globalThis.setTimeout;
    vi.spyOn(globalThis, "setTimeout").mockImplementation((run: () => void, ms?: number) => real(run, ms === 10_000 ? 0 : ms));
    const onConsumerFailed = () => new Promise<void>(() => {});
    expect(await catchUp(failing(store.store, { onConsumerFailed }), storeNamed(store.store).log, AT_LAST)).toEqual({
      position: 0,
      outcome: "resting",
    });
  });
});
