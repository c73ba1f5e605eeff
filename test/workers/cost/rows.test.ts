/** What a command costs in rows written: most of its price (docs/cost.md). A row more in any of these is a decision, not an accident. */

import { afterEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { defineApp, reactor, send, streamIdOf, view } from "../../../src/index.ts";
import { contract, counter } from "../app.ts";
import { eventually, quietStore } from "../delivery/support.ts";
import { subscribed } from "../webhooks/support.ts";
import { goOff, rowsOfWaking, written } from "./metered.ts";

afterEach(() => vi.restoreAllMocks());

const STREAMS = ["a", "b", "c", "d", "e"];

/** A row for each stream. */
const rowOf = (name: string) =>
  view(name, {
    from: counter,
    row: z.object({ id: z.string(), total: z.int() }),
    key: "id",
    on: { Counted: (_row, { stream, data }) => ({ id: streamIdOf(stream), total: data.total }) },
  });
const VIEWS = ["cost-one", "cost-two", "cost-three"];

const signing = reactor("signing", {
  from: counter,
  emits: contract,
  on: { Counted: ({ stream, data }) => send(contract, streamIdOf(stream), "Sign", { cents: data.by, currency: "EUR" }) },
});

const app = defineApp({ aggregates: [counter, contract], views: VIEWS.map(rowOf), processors: [signing] });

/** A store with its log, and these streams in it, or others that nobody has written to. */
async function store(name: string, streams: readonly string[] = STREAMS) {
  const quiet = quietStore(name);
  const log = await written(quiet.logObject());
  const count = async (stream: string, headers?: Record<string, string>) =>
    expect((await quiet.post(`/aggregates/counter/${stream}/Count`, {}, { prefer: "wait=20", ...headers })).status).toBe(200);
  await count("first");
  for (const stream of streams) await count(stream);
  log.since();
  return { ...quiet, count, log, counters: (names: readonly string[]) => names.map((stream) => quiet.stream("counter", stream)) };
}

describe("a command", () => {
  it("costs a row in its stream and one in the log, and no alarm while the log's is set", async () => {
    const { count, counters, log } = await store("there");
    const streams = await written(...counters(STREAMS));
    for (let times = 0; times < 4; times++) for (const stream of STREAMS) await count(stream);
    expect(streams.since()).toEqual({ rows: 20, alarms: 0 });
    expect(log.since()).toEqual({ rows: 20, alarms: 0 });
  });

  it("sets the log's alarm when it has been quiet, once", async () => {
    const { count, log, logObject, logClient, consumers } = await store("quiet");
    await logClient().acknowledge((await consumers()).map(({ name: consumer }) => ({ consumer, position: 0, resting: true })));
    await goOff(logObject()); // finds nobody behind
    await count("a");
    expect(log.since()).toEqual({ rows: 2, alarms: 1 });
    await count("b");
    expect(log.since()).toEqual({ rows: 1, alarms: 0 });
  });

  it("alone in an idle store wakes every consumer that it concerns with one message", async () => {
    const { count, logObject, logClient, consumers, sent } = await store("alone");
    await logClient().introduce({ consumers: VIEWS, startingAtHead: [] });
    const names = [...VIEWS, ...(await consumers()).map(({ name }) => name)];
    await logClient().acknowledge(names.map((consumer) => ({ consumer, position: 6 })));
    await goOff(logObject()); // finds nobody behind
    const before = sent().length;
    await count("a");
    await eventually(() => expect(sent().length).toBeGreaterThan(before));
    const woken = sent().slice(before);
    expect(woken).toHaveLength(1);
    expect(woken[0]?.body.consumers).toEqual(expect.arrayContaining(VIEWS));
  });

  it("to a stream of its own costs no more: the stream has no table yet", async () => {
    const { count, counters, log } = await store("cold");
    const fresh = ["new-1", "new-2"];
    const streams = await written(...counters(fresh));
    for (const stream of fresh) await count(stream);
    expect(streams.since()).toEqual({ rows: 2, alarms: 0 });
    expect(log.since()).toEqual({ rows: 2, alarms: 0 });
  });

  it("to a stream that outgrows its first value costs two more, once, for the table", async () => {
    const { post, stream } = await store("grown");
    const streams = await written(stream("sample", "long"));
    const event = { type: "Read", data: { value: 1 }, meta: { note: "x".repeat(1_000) } };
    let [rows, appends] = [0, 0];
    for (; rows <= appends && appends < 20; appends++) {
      expect((await post("/streams/sample/long", event, { prefer: "wait=20" })).status).toBe(201);
      rows += streams.since().rows;
    }
    expect(appends).toBeGreaterThan(5);
    expect(rows).toBe(appends + 2);
    for (let more = 0; more < 3; more++) await post("/streams/sample/long", event, { prefer: "wait=20" });
    expect(streams.since()).toEqual({ rows: 3, alarms: 0 });
  });

  it("is one row in its stream, and so is an append of a hundred events, even the stream's first", async () => {
    const { post, stream } = await store("hundred");
    const streams = await written(stream("sample", "many"));
    const events = Array.from({ length: 100 }, (_, value) => ({ type: "Read", data: { value } }));
    for (let times = 1; times <= 2; times++) {
      expect((await post("/streams/sample/many", { events }, { prefer: "wait=20" })).status).toBe(201);
      expect(streams.since().rows).toBeLessThanOrEqual(times === 1 ? 1 : 3); // the second one makes the table
    }
    await post("/streams/sample/many", { events }, { prefer: "wait=20" });
    expect(streams.since()).toEqual({ rows: 1, alarms: 0 });
  });

  it("with an idempotency key costs one more", async () => {
    const { count, counters } = await store("key");
    for (const stream of STREAMS) await count(stream, { "idempotency-key": "the first makes the table" });
    const streams = await written(...counters(STREAMS));
    for (const key of ["1", "2"]) for (const stream of STREAMS) await count(stream, { "idempotency-key": key });
    expect(streams.since()).toEqual({ rows: 20, alarms: 0 });
    for (const key of ["1", "2"]) for (const stream of STREAMS) await count(stream, { "idempotency-key": key });
    expect(streams.since()).toEqual({ rows: 0, alarms: 0 });
  });
});

describe("an event", () => {
  it.each([
    ["one view", VIEWS.slice(0, 1)],
    ["three views", VIEWS],
  ])("costs a row in each of %s, and a checkpoint that all events of a batch share", async (_what, views) => {
    const { store: id, count } = await store(`views-${views.length}`);
    await rowsOfWaking(app, id, ...views);
    for (const stream of STREAMS) await count(stream);
    expect(await rowsOfWaking(app, id, ...views)).toBe((STREAMS.length + 1) * views.length);
    await count("a");
    expect(await rowsOfWaking(app, id, ...views)).toBe(2 * views.length);
    expect(await rowsOfWaking(app, id, ...views)).toBe(0);
  });

  it("that concerns no consumer costs its rows in the stream and in the log: no alarm, no message, and no row in D1 whichever consumer is woken", async () => {
    const { store: id, post, log, sent, logClient, logObject, consumers } = await store("nobody");
    await rowsOfWaking(app, id, ...VIEWS);
    await logClient().acknowledge((await consumers()).map(({ name: consumer }) => ({ consumer, position: 6 })));
    await goOff(logObject());
    const fact = () => post("/streams/sample/s", { type: "Read", data: { value: 1 } }, { prefer: "wait=20" });
    await fact();
    log.since();
    const before = sent().length;
    for (let times = 0; times < 5; times++) await fact();
    await scheduler.wait(250); // until its consumers would have been woken
    expect(log.since()).toEqual({ rows: 5, alarms: 0 });
    expect(sent().length).toBe(before);
    expect(await rowsOfWaking(app, id, ...VIEWS)).toBe(0);
  });

  it("that is imported costs a row for its id, a share of a row in its stream, and a row in the log that the whole import shares; imported again, it costs nothing", async () => {
    const { post, log, stream } = await store("imported");
    const lines = (from: number) =>
      Array.from({ length: 6 }, (_, at) => {
        const event = { id: `0198c2a6-1111-7abc-8def-${String(from + at).padStart(12, "0")}`, type: "Read", data: { value: at } };
        return JSON.stringify({ ...event, stream: `sample/${at % 2}` });
      }).join("\n");
    const send = async (from: number) => expect((await post("/import", lines(from))).status).toBe(200);
    const streams = await written(stream("sample", "0"), stream("sample", "1"));
    await send(0);
    // For two streams: what they hold is a row each, and a table of ids is two.
    expect(streams.since()).toEqual({ rows: 6 + 2 * 1 + 2 * 2, alarms: 0 });
    log.since();
    await send(6);
    expect(streams.since()).toEqual({ rows: 6 + 2 * 1, alarms: 0 });
    expect(log.since()).toEqual({ rows: 1, alarms: 0 });
    await send(6);
    expect(streams.since()).toEqual({ rows: 0, alarms: 0 });
  });

  it("costs the view's row once, even if several events of a batch change that row", async () => {
    const { store: id, count } = await store("same");
    await rowsOfWaking(app, id, "cost-one");
    for (let times = 0; times < 4; times++) await count("a");
    expect(await rowsOfWaking(app, id, "cost-one")).toBe(2);
  });

  it("that a reactor answers costs the command with its receipt, and a checkpoint that all events of a batch share", async () => {
    const { store: id, count, counters, stream, log, json } = await store("reactor");
    const hasAll = (head: number) => eventually(async () => expect(await json("/log/head")).toEqual({ head }));
    await rowsOfWaking(app, id, "signing");
    await hasAll(2 * (1 + STREAMS.length));
    log.since();
    const sources = await written(...counters(STREAMS));
    const answers = await written(...STREAMS.map((name) => stream("contract", name)));
    for (const name of STREAMS) await count(name);
    expect(await rowsOfWaking(app, id, "signing")).toBe(1);
    expect(sources.since()).toEqual({ rows: 5, alarms: 0 });
    // On a slow machine the log may take longer than a reaction waits for it; then an alarm sees to it that it gets the event.
    const { rows, alarms } = answers.since();
    expect(rows - alarms).toBe(10);
    await hasAll(2 * (1 + 2 * STREAMS.length));
    // A row for each command, and one for the reactions that reach the log together.
    const logged = log.since();
    expect(logged.alarms).toBe(0);
    expect(logged.rows).toBeGreaterThanOrEqual(6);
    expect(logged.rows).toBeLessThanOrEqual(10);
  });

  it("that a webhook delivers costs its row in the ledger; the alarm and the cursor are shared", async () => {
    const { read, wake, report, object } = await subscribed("cost");
    const delivered = async (position: number) => {
      await wake();
      await eventually(async () => expect(await report()).toMatchObject({ pending: 0, position }));
    };
    const webhook = await written(object);
    await read("s", 1);
    await delivered(1);
    await goOff(object);
    webhook.since();
    for (const stream of STREAMS) await read(stream, 1);
    await delivered(6);
    expect(webhook.since()).toEqual({ rows: 6, alarms: 1 }); // that watches over it
    await goOff(object);
    expect(webhook.since()).toEqual({ rows: 2, alarms: 1 }); // how far it is, and tomorrow's pruning
  });
});
