/** The trace of a request: kept next to the events that it leads to, and handed on to all that they cause. */

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { processorConsumer } from "../../../src/processors/processor-consumer.ts";
import { eventsIn, storeIn } from "../streams/stored.ts";
import { app } from "../app.ts";
import { eventually } from "../delivery/support.ts";
import { outside, pay } from "../processors/paying.ts";
import { processorStore } from "../processors/support.ts";
import { storeNamed, read } from "../support.ts";
import { subscribed } from "../webhooks/support.ts";

const TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736";
const TRACE = `00-${TRACE_ID}-00f067aa0ba902b7-01`;
const OTHER = `00-${"a".repeat(32)}-${"b".repeat(16)}-00`;
const traced = { traceparent: TRACE };

afterEach(() => vi.restoreAllMocks());

/** A store, and a look at what it keeps next to its events. */
function tracedStore(name: string) {
  const store = processorStore(name);
  return {
    ...store,
    /** The trace of every event of the log, in its order. */
    traces: async () =>
      (await store.logClient().read({ after: 0, limit: 1_000 })).events.map(({ type, trace }) => [type, trace ?? undefined]),
    process: (consumer: string) => {
      const processor = app.processors.get(consumer);
      if (!processor) throw new Error(`no processor ${consumer}`);
      return store.run(processorConsumer(storeNamed(store.store, app), processor));
    },
  };
}

const KINDS: [string, string, unknown][] = [
  ["a command", "/aggregates/counter/c/Count", { by: 1 }],
  ["an append", "/streams/reading/s", { type: "Read", data: { value: 1 } }],
  ["an append of several", "/streams/reading/s", { events: [{ type: "Read", data: { value: 1 } }] }],
  ["a fact without a stream", "/streams/meter", { type: "Metered", data: { serial: "x", kwh: 1 } }],
  ["the start of a saga", "/sagas/move/m", { from: ["a"], to: "b", amount: 1 }],
];

describe("the trace of a request", () => {
  it.each(KINDS)("is kept next to the events of %s, in stream and log, where no reader sees it", async (_kind, path, body) => {
    const { post, traces, log, json, logClient } = tracedStore("kept");
    const response = await post(path, body, path.startsWith("/sagas") ? { ...traced, prefer: "respond-async" } : traced);
    expect(response.ok).toBe(true);
    expect(await response.text()).not.toContain(TRACE.slice(36));
    const kept = await traces();
    expect(kept.length).toBeGreaterThan(0);
    for (const [, trace] of kept) expect(trace).toBe(TRACE);
    const [event] = (await logClient().read({ after: 0, limit: 1 })).events;
    expect(JSON.stringify([await log(), await json(`/streams/${event?.stream}`)])).not.toContain(TRACE.slice(36));
  });

  it("is kept for a deletion too, and an erasure removes those before it", async () => {
    const { post, send, traces, stream } = tracedStore("erased");
    await post("/streams/reading/s", { type: "Read", data: { value: 1 } }, traced);
    await send("DELETE", "/streams/reading/s?erase=true", undefined, { traceparent: OTHER });
    expect(await traces()).toEqual([
      ["Read", undefined],
      ["$deleted", OTHER],
    ]);
    const kept = await runInDurableObject(stream("reading", "s"), (_instance, { storage }) => eventsIn(storage).map(({ trace }) => trace));
    expect(kept).toEqual([null, OTHER]);
  });

  it("costs nothing if it is missing or invalid", async () => {
    const { post, traces } = tracedStore("none");
    await post("/streams/reading/s", { type: "Read", data: { value: 1 } });
    for (const traceparent of ["nonsense", `00-${"0".repeat(32)}-00f067aa0ba902b7-01`, `${TRACE}-more`]) {
      expect((await post("/aggregates/counter/c/Count", { by: 1 }, { traceparent })).status).toBe(200);
    }
    for (const [, trace] of await traces()) expect(trace).toBeUndefined();
  });

  it("may differ between a request and its repeat", async () => {
    const { post, traces } = tracedStore("repeat");
    const id = "01890000-0000-7000-8000-000000000001";
    for (const traceparent of [TRACE, OTHER]) {
      const again = await post("/streams/reading/s", { type: "Read", data: { value: 1 }, id }, { traceparent });
      expect(again.status).toBe(201);
    }
    expect(await traces()).toEqual([["Read", TRACE]]);
  });

  it("can be stored in a database that is older than traces", async () => {
    const { stream, store } = tracedStore("old");
    const old = env.STREAMS.getByName(`${store}/reading/old`);
    await stream("reading", "old").read({ from: 1, to: 1, limit: 1, direction: "forward" });
    const seen = await runInDurableObject(old, (_instance, { storage }) => {
      const { sql } = storage;
      sql.exec(`CREATE TABLE events (version INTEGER PRIMARY KEY, id TEXT NOT NULL, type TEXT NOT NULL, data TEXT NOT NULL, meta TEXT NOT NULL,
        time TEXT, recorded_at INTEGER NOT NULL, schema_version INTEGER NOT NULL, append INTEGER NOT NULL, erased INTEGER) STRICT`);
      sql.exec(`INSERT INTO events VALUES (1, 'one', 'Read', '{}', '{}', NULL, 0, 1, 1, NULL)`);
      const event = {
        version: 2,
        id: "two",
        type: "Read",
        data: "{}",
        meta: "{}",
        time: null,
        recordedAt: 0,
        schemaVersion: 1,
        trace: TRACE,
      };
      storeIn(storage, [event]);
      return eventsIn(storage).map(({ id, trace }) => [id, trace]);
    });
    expect(seen).toEqual([
      ["one", null],
      ["two", TRACE],
    ]);
  });
});

describe("everything that an event causes belongs to its trace,", () => {
  it("when a reactor sends and appends", async () => {
    const { post, process, traces } = tracedStore("reactor");
    await post("/streams/reading/s", { type: "Read", data: { value: 200 } }, traced);
    await post("/streams/reading/s", { type: "Read", data: { value: 300 } }, { traceparent: OTHER });
    await post("/streams/reading/t", { type: "Read", data: { value: 1 } });
    await process("relay");
    const caused = (await traces()).slice(3);
    expect(caused.filter(([, trace]) => trace === TRACE).map(([type]) => type)).toEqual(expect.arrayContaining(["Counted", "Raised"]));
    expect(caused.filter(([, trace]) => trace === OTHER).map(([type]) => type)).toEqual(expect.arrayContaining(["Counted", "Raised"]));
    expect(caused.filter(([, trace]) => trace === undefined).map(([type]) => type)).toEqual(["Counted"]);
  });

  it("through every step of a saga", async () => {
    const { post, process, traces } = tracedStore("saga");
    await post("/aggregates/purse/a/Put", { amount: 10 });
    await post("/sagas/move/m", { from: ["a"], to: "b", amount: 1 }, { ...traced, prefer: "respond-async" });
    for (let round = 0; round < 5; round++) await process("move");
    const seen = await traces();
    expect(seen.map(([type]) => type)).toEqual(expect.arrayContaining(["Taken", "SagaCompleted"]));
    for (const [type, trace] of seen.slice(1)) expect([type, trace]).toEqual([type, TRACE]);
  });

  it("when an effect makes a call, which may have a trace of its own", async () => {
    const { post, run, calling, traces } = tracedStore("effect");
    await post("/streams/reading/s", { type: "Read", data: { value: 1 } }, traced);
    await post("/streams/reading/t", { type: "Read", data: { value: 1 } });
    const asked: (string | null)[] = [];
    const { fetch } = outside((request) => {
      asked.push(request.headers.get("traceparent"));
      return new Response("receipt");
    });
    await run(calling(pay, fetch));
    expect(asked).toHaveLength(2);
    expect(asked).toEqual(expect.arrayContaining([TRACE, null]));
    const outcomes = (await traces()).filter(([type]) => type === "Paid" || type === "$EffectStarted");
    expect(outcomes.filter(([, trace]) => trace === TRACE)).toHaveLength(2);
  });

  it("in every attempt of a webhook's delivery", async () => {
    const { post, wake, endpoint, webhook } = await subscribed("traced", { headers: { traceparent: OTHER } });
    let attempts = 0;
    endpoint.answer = () => new Response(null, { status: ++attempts === 1 ? 503 : 204 });
    await post("/streams/reading/s", { type: "Read", data: { value: 1 } }, traced);
    await wake();
    await eventually(() => expect(endpoint.received).toHaveLength(1));
    await post(`/consumers/${webhook.id}/retry`, {});
    await eventually(() => expect(endpoint.received).toHaveLength(2));
    for (const { headers, body } of endpoint.received) {
      expect(headers.get("traceparent")).toBe(TRACE);
      expect(body).not.toContain(TRACE_ID);
    }
  });

  it("and a webhook's delivery names no trace if there is none", async () => {
    const { post, wake, endpoint } = await subscribed("untraced");
    await post("/streams/reading/s", { type: "Read", data: { value: 1 } });
    await wake();
    await eventually(() => expect(endpoint.received).toHaveLength(1));
    expect(endpoint.received[0]?.headers.has("traceparent")).toBe(false);
  });
});

describe("a CloudEvent", () => {
  const event = { specversion: "1.0", id: "1", source: "/test", type: "Read", data: { value: 1 } };
  const cloud = { "content-type": "application/cloudevents+json" };
  const batch = { accept: "application/cloudevents-batch+json" };

  it("may name the trace that it began in, which takes precedence over that of its transport", async () => {
    const { post, traces, get } = tracedStore("cloud-in");
    await post("/streams/reading/s", { ...event, traceparent: OTHER }, { ...cloud, ...traced });
    await post("/streams/reading/s", { ...event, id: "2" }, { ...cloud, ...traced });
    await post("/streams/reading/s", { ...event, id: "3", traceparent: "nonsense" }, cloud);
    expect(await traces()).toEqual([
      ["Read", OTHER],
      ["Read", TRACE],
      ["Read", undefined],
    ]);
    const out = await read(await get("/streams/reading/s", batch));
    expect(out.map(({ traceparent }: { traceparent?: string }) => traceparent)).toEqual([OTHER, undefined, "nonsense"]);
  });

  it("that is sent out for an event names that trace too", async () => {
    const { post, get } = tracedStore("cloud-out");
    await post("/streams/reading/s", { type: "Read", data: { value: 1 } }, traced);
    await post("/streams/reading/s", { type: "Read", data: { value: 1 } });
    for (const path of ["/streams/reading/s", "/log"]) {
      const [first, second] = await read(await get(path, batch));
      expect(first).toMatchObject({ traceparent: TRACE });
      expect(second).not.toHaveProperty("traceparent");
    }
  });
});
