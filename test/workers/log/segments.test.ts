import { env } from "cloudflare:workers";
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { DELETED, DELETED_DATA, type StoredEvent } from "../../../src/core/event.ts";
import { type SegmentRpc, segmentName } from "../../../src/store/segment.ts";
import { begunByVersion01 } from "../stored.ts";
import { freshStore, read, setVariables } from "../support.ts";
import { storedEvent, storedEvents } from "./events.ts";
import { SocketClient } from "./subscribers.ts";

beforeEach(() => setVariables({ LOG_SEGMENT_BYTES: "50000" }));

/** A log over several segments: streams `s/0` … `s/4`, their events in turns. */
async function longLog() {
  const store = freshStore("long");
  const log = store.logClient();
  for (let round = 0; round < 30; round++) {
    for (let stream = 0; stream < 5; stream++) await log.sequence(`s/${stream}`, storedEvents(round * 4 + 1, round * 4 + 4, "Some", 300));
  }
  const segments = () => store.segments();
  expect((await segments()).length).toBeGreaterThan(2);
  return { ...store, client: log };
}

let shared: ReturnType<typeof longLog> | undefined;

/** The same for tests that only read. */
const longLogToRead = () => (shared ??= longLog());

const positions = (page: { events: readonly { position: number }[] }) => page.events.map(({ position }) => position);
const oneTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

describe("a log that has grown over several segments (promise 3)", () => {
  it("gives positions without holes across the boundaries, each stream its order, and pages of bounded bytes", async () => {
    const { log, client, segments } = await longLogToRead();
    const all = await log();
    expect(positions({ events: all })).toEqual(oneTo(600));
    for (let stream = 0; stream < 5; stream++) {
      expect(all.filter((event) => event.stream === `s/${stream}`).map(({ version }) => version)).toEqual(oneTo(120));
    }
    const [one] = (await client.read({ after: 0, limit: 1 })).events;
    const bytes = (one?.data.length ?? 0) + (one?.meta.length ?? 0);
    for (const first of (await segments()).slice(1, -1) as number[]) {
      // What is left of the bytes at the boundary is less than one event, and an event that is larger comes alone.
      for (const most of [4.5 * bytes, 1]) {
        for (let after = first - 5; after < first + 4;) {
          const page = await client.read({ after, limit: 100, bytes: most });
          expect(positions(page)).toEqual(oneTo(Math.max(1, Math.floor(most / bytes))).map((number) => after + number));
          after = page.next ?? Number.POSITIVE_INFINITY;
        }
      }
    }
  });

  it("still stores nothing twice and nothing beyond a gap, for streams that it knows from an earlier segment only", async () => {
    const { client } = await longLog();
    await client.sequence("old/1", storedEvents(1, 3));
    await fill(client, "filler/1");
    expect(await client.sequence("old/1", storedEvents(1, 3))).toEqual({ head: 3 });
    expect(await client.sequence("old/1", [storedEvent(5)])).toEqual({ head: 3 });
    expect(await client.sequence("old/1", [])).toEqual({ head: 3 });
    expect(await client.sequence("old/1", storedEvents(2, 4))).toMatchObject({ head: 4, first: { version: 4 } });
    expect(await client.sequence("never/1", [storedEvent(2)])).toEqual({ head: 0 });
  });

  it("recognises repeats of what an earlier segment has before the next one has anything", async () => {
    const { logClient, segments, log } = freshStore("empty");
    const client = logClient();
    setVariables({ LOG_SEGMENT_BYTES: "1" });
    await client.sequence("s/0", storedEvents(1, 3));
    setVariables({ LOG_SEGMENT_BYTES: "50000" });
    expect(await segments()).toHaveLength(2);
    expect(await client.sequence("s/0", [storedEvent(3)])).toEqual({ head: 3 });
    expect(await client.positions("s/0", 1, 4)).toEqual({ 1: 1, 2: 2, 3: 3 });
    expect(await log()).toHaveLength(3);
  });

  it("carries out calls that were waiting while a segment was sealed in the next one", async () => {
    const { logClient, logObject, log } = freshStore("waiting");
    const client = logClient();
    setVariables({ LOG_SEGMENT_BYTES: "1" });
    // In one turn, so that the second waits for the group of the first, which fills the segment.
    const answers = await runInDurableObject(logObject(), (instance) => {
      const segment = instance as unknown as Pick<SegmentRpc, "sequence">;
      return Promise.all(["s/1", "s/2"].map((stream) => segment.sequence(stream, storedEvents(1, 2))));
    });
    expect(answers).toEqual([{ head: 2, first: { version: 1, position: 1 } }, { movedTo: 2 }]);
    const streams = oneTo(10).map((stream) => `s/${stream}`);
    await Promise.all(streams.map((stream) => client.sequence(stream, storedEvents(1, 2))));
    const all = await log();
    expect(positions({ events: all })).toEqual(oneTo(20));
    for (const stream of streams) expect(all.filter((event) => event.stream === stream).map(({ version }) => version)).toEqual([1, 2]);
  });

  it("sends subscribers of a sealed segment to the one where it goes on", async () => {
    const store = freshStore("follow");
    setVariables({ LOG_SEGMENT_BYTES: "1" });
    await store.logClient().sequence("s/0", storedEvents(1, 2));
    const client = await SocketClient.open(store, "/log?after=0");
    await client.caughtUp(2);
    expect(client.positions).toEqual([1, 2]);
    await client.close();
  });

  it("goes on by its alarm if the next segment is out of reach when one is sealed", async () => {
    const { store, logClient, logObject, segments, log } = freshStore("unreached");
    const client = logClient();
    setVariables({ LOG_SEGMENT_BYTES: "1" });
    const warnings = vi.spyOn(console, "warn").mockReturnValue();
    const getByName = env.LOGS.getByName.bind(env.LOGS);
    const away = vi.spyOn(env.LOGS, "getByName").mockImplementation((name) => {
      const head = () => Promise.reject(new Error("the segment is away"));
      const real = getByName(name);
      if (name !== segmentName(store, 2)) return real;
      return new Proxy(real, { get: (target, property) => (property === "head" ? head : Reflect.get(target, property)) });
    });
    expect(await client.sequence("s/0", [storedEvent(1)])).toMatchObject({ head: 1 });
    await runDurableObjectAlarm(logObject());
    expect(JSON.stringify(warnings.mock.calls)).toContain("the segment is away");
    away.mockRestore();
    warnings.mockRestore();
    await runDurableObjectAlarm(logObject());
    expect(await segments()).toHaveLength(2);
    await client.sequence("s/0", [storedEvent(2)]);
    expect(positions({ events: await log() })).toEqual([1, 2]);
  });

  it("takes nothing of a stream while the segment that may know it is out of reach, and all of it afterwards", async () => {
    const { client, segments, log, store } = await longLog();
    const before = await log();
    const [number, getByName] = [(await segments()).length, env.LOGS.getByName.bind(env.LOGS)];
    const away = vi.spyOn(env.LOGS, "getByName").mockImplementation((name) => {
      const versionsHere = () => Promise.reject(new Error("the segment is away"));
      const real = getByName(name);
      if (name !== segmentName(store, number - 1)) return real;
      return new Proxy(real, { get: (target, property) => (property === "versionsHere" ? versionsHere : Reflect.get(target, property)) });
    });
    const strangers = () => ["t/1", "t/2"].map((stream) => client.sequence(stream, storedEvents(1, 2)));
    for (const { status } of await Promise.allSettled(strangers())) expect(status).toBe("rejected");
    away.mockRestore();
    expect(await log()).toEqual(before);
    expect(await Promise.all(strangers())).toEqual([
      { head: 2, first: { version: 1, position: 601 } },
      { head: 2, first: { version: 1, position: 603 } },
    ]);
  });

  it("lists streams in the order of their names, whichever segment they are in", async () => {
    const { logClient, segments, json } = freshStore("names");
    const client = logClient();
    const [beyond, below] = ["\u{1f600}", "\uff5e"]; // by UTF-16 the other way round
    setVariables({ LOG_SEGMENT_BYTES: "1" });
    for (const id of ["10", "1", beyond]) await client.sequence(`name/${id}`, [storedEvent(1)]);
    setVariables({ LOG_SEGMENT_BYTES: "50000" });
    expect((await segments()).length).toBeGreaterThan(1);
    for (const id of ["100", below, "2"]) await client.sequence(`name/${id}`, [storedEvent(1)]);
    const { streams } = await json("/log/streams?category=name");
    expect(streams.map(({ stream }: { stream: string }) => stream)).toEqual(
      ["1", "10", "100", "2", below, beyond].map((id) => `name/${id}`),
    );
  });

  it("is read as one: forward, backward, filtered, from any position, in pages of any size", async () => {
    const { json } = await longLogToRead();
    for (const [query, expected] of [
      ["", oneTo(600)],
      ["direction=backward", oneTo(600).toReversed()],
      ["stream=s/3", oneTo(600).filter((position) => Math.floor((position - 1) / 4) % 5 === 3)],
      [
        "stream=s/3&direction=backward",
        oneTo(600)
          .filter((position) => Math.floor((position - 1) / 4) % 5 === 3)
          .toReversed(),
      ],
      ["category=none", []],
      ["after=250&to=420", oneTo(600).slice(250, 420)],
    ] as const) {
      for (const limit of [7, 1_000]) {
        const seen: number[] = [];
        const backward = query.includes("backward");
        let after: number | null | undefined = /after=(\d+)/.exec(query)?.[1] ? 250 : backward ? undefined : 0;
        const rest = query.replace("after=250&", "");
        for (;;) {
          const page = await json(`/log?limit=${limit}&${rest}${after === undefined ? "" : `&after=${after}`}`);
          seen.push(...positions(page));
          if (page.next === null || (!backward && page.next >= Math.min(page.head, rest.includes("to=420") ? 420 : page.head))) break;
          expect(page.next).not.toBe(after);
          after = page.next;
        }
        expect(seen).toEqual(expected);
      }
    }
    expect(await json("/log/head")).toEqual({ head: 600 });
    expect((await json("/log/streams")).streams).toMatchObject([0, 1, 2, 3, 4].map((stream) => ({ stream: `s/${stream}`, version: 120 })));
    expect((await json("/log/streams?limit=2&after=s/1")).streams).toMatchObject([{ stream: "s/2" }, { stream: "s/3" }]);
  });

  it("knows the positions of a stream's events wherever they are", async () => {
    const { client } = await longLogToRead();
    const known = await client.positions("s/0", 1, 120);
    expect(Object.keys(known)).toHaveLength(120);
    expect([known[1], known[120]]).toEqual([1, 584]);
  });

  it("goes on after a crash between sealing and taking over, by itself", async () => {
    const { store, client, segmentStub, segments, log } = await longLog();
    const last = (await segments()).length;
    // The next segment has not heard of it yet: it asks when it is asked.
    await runInDurableObject(segmentStub(last), (_instance, { storage }) => storage.kv.put("sealed", true));
    await evictDurableObject(segmentStub(last));
    await runDurableObjectAlarm(segmentStub(last));
    expect((await segments()).length).toBe(last + 1);
    await client.sequence("s/0", [storedEvent(121)]);
    expect((await log()).at(-1)).toMatchObject({ position: 601, stream: "s/0", version: 121 });
    expect(store).toBeDefined();
  });

  it("carries its webhooks along, and goes on waking them", async () => {
    const { client, segments } = await longLog();
    await client.subscribe("wh_test");
    const before = (await segments()).length;
    await fill(client, "filler/2");
    expect((await segments()).length).toBeGreaterThan(before);
    expect(await client.subscribers()).toEqual(["wh_test"]);
    await client.unsubscribe("wh_test");
    expect(await client.subscribers()).toEqual([]);
  });
});

describe("streams, views and consumers", () => {
  it("cross the boundaries without noticing", async () => {
    const { post, json, log, segments } = freshStore("shop");
    for (let round = 0; round < 50; round++) {
      await Promise.all(["a", "b", "c"].map((id) => post(`/aggregates/counter/${id}/CountTwice`, {})));
    }
    expect((await segments()).length).toBeGreaterThan(1);
    const all = await log();
    expect(positions({ events: all })).toEqual(oneTo(300));
    expect(await json("/views/totals/b?consistency=strong")).toMatchObject({ total: 100, events: 100, versions: oneTo(100) });
    const answer = await read(await post("/aggregates/counter/a/Count", {}));
    expect(answer).toMatchObject({ version: 101, position: 301 });
  });

  it("find what an erasure has left, in every segment", async () => {
    const { client, log, segments } = await longLog();
    expect((await segments()).length).toBeGreaterThan(2);
    const ending: StoredEvent = { ...storedEvent(121), type: "$deleted", data: `{"erased":true}` };
    await client.sequence("s/1", [ending]);
    await expect
      .poll(
        async () => (await log()).filter(({ stream }) => stream === "s/1").slice(0, -1) as unknown as { data: object; erased?: boolean }[],
      )
      .toEqual(expect.arrayContaining([expect.objectContaining({ erased: true, data: {} })]));
    const own = (await log()).filter(({ stream }) => stream === "s/1") as unknown as { erased?: boolean; data: object }[];
    expect(own.slice(0, -1).every(({ erased, data }) => erased === true && Object.keys(data).length === 0)).toBe(true);
    expect((await log()).filter(({ stream }) => stream !== "s/1")).not.toContainEqual(expect.objectContaining({ erased: true }));
  });
});

/** Writes until the log has gone on in another segment. */
async function fill(client: { sequence: (stream: string, events: readonly StoredEvent[]) => Promise<unknown> }, stream: string) {
  for (let version = 1; version <= 400; version += 20) await client.sequence(stream, storedEvents(version, version + 19, "Some", 300));
}

describe("a log that version 0.1 began", () => {
  /** Its events are rows of a table, and an object that wakes up finds them there. */
  async function oldLog() {
    const store = freshStore("began");
    setVariables({ LOG_SEGMENT_BYTES: undefined });
    await begunByVersion01(store.logObject());
    const client = store.logClient();
    for (let stream = 0; stream < 3; stream++) await client.sequence(`s/${stream}`, storedEvents(1, 4));
    const tables = (number: number) =>
      runInDurableObject(store.segmentStub(number), (_instance, { storage }) =>
        ["log", "pages"].filter((name) => storage.sql.exec(`SELECT 1 FROM sqlite_master WHERE name = ?`, name).toArray().length > 0),
      );
    const rollOver = async () => read(await store.post("/log/roll-over", {}));
    return { ...store, client, tables, rollOver };
  }

  it("keeps its form, and goes on in pages when an operator rolls it over: nothing is lost, doubled or reordered", async () => {
    const { client, log, json, tables, rollOver, logObject, segmentStub } = await oldLog();
    const before = await log();
    await evictDurableObject(logObject());
    expect([await tables(1), await log()]).toEqual([["log"], before]);
    expect(await rollOver()).toEqual({ head: 12, segments: 2 });
    // What the old segment has is neither taken again nor missed.
    expect(await client.sequence("s/1", storedEvents(3, 4))).toEqual({ head: 4 });
    expect(await client.sequence("s/1", [storedEvent(6)])).toEqual({ head: 4 });
    expect(await client.sequence("s/1", storedEvents(4, 6))).toEqual({ head: 6, first: { version: 5, position: 13 } });
    expect(await client.sequence("s/3", storedEvents(1, 2))).toEqual({ head: 2, first: { version: 1, position: 15 } });
    await evictDurableObject(segmentStub(2));
    expect([await tables(1), await tables(2)]).toEqual([["log"], ["pages"]]);
    const all = await log();
    expect(all.slice(0, 12)).toEqual(before);
    expect(positions({ events: all })).toEqual(oneTo(16));
    expect(positions(await json("/log?stream=s/1"))).toEqual([5, 6, 7, 8, 13, 14]);
    expect((await json("/log/streams")).streams.map(({ version }: { version: number }) => version)).toEqual([4, 6, 4, 2]);
  });

  it("knows in each of its segments what the ones before have, also if it has several of that form", async () => {
    const { client, log, tables, rollOver, segmentStub } = await oldLog();
    await begunByVersion01(segmentStub(2));
    expect(await rollOver()).toEqual({ head: 12, segments: 2 });
    expect(await client.sequence("s/1", storedEvents(3, 4))).toEqual({ head: 4 });
    expect(await client.sequence("s/1", [storedEvent(6)])).toEqual({ head: 4 });
    expect(await client.sequence("s/1", storedEvents(4, 5))).toEqual({ head: 5, first: { version: 5, position: 13 } });
    expect(await client.sequence("s/3", [storedEvent(1)])).toEqual({ head: 1, first: { version: 1, position: 14 } });
    await evictDurableObject(segmentStub(2));
    expect(await client.sequence("s/2", [storedEvent(5)])).toEqual({ head: 5, first: { version: 5, position: 15 } });
    expect([await tables(1), await tables(2)]).toEqual([["log"], ["log"]]);
    expect(positions({ events: await log() })).toEqual(oneTo(15));
  });

  it("lets a stream know that it sends other events than it sent before", async () => {
    const { client, log } = await oldLog();
    const other = { ...storedEvent(4), id: "another" };
    expect(await client.sequence("s/1", [other])).toEqual({ head: 4, diverged: true });
    expect(await client.sequence("s/1", [other, storedEvent(5)])).toEqual({ head: 4, diverged: true });
    expect(await client.sequence("s/1", storedEvents(4, 5))).toMatchObject({ head: 5 });
    expect(positions({ events: await log() })).toEqual(oneTo(13));
  });

  it("loses what is erased in both of its forms", async () => {
    const { client, log, rollOver, logObject, segmentStub } = await oldLog();
    await rollOver();
    await client.sequence("s/1", storedEvents(5, 6));
    await client.sequence("s/1", [{ ...storedEvent(7, DELETED), data: DELETED_DATA.erased }]);
    await runDurableObjectAlarm(segmentStub(2));
    const content = async () =>
      (await log()).filter(({ stream }) => stream === "s/1").map((event) => (event as unknown as { data: unknown }).data);
    const erased = [...Array.from({ length: 6 }, () => ({})), { erased: true }];
    expect(await content()).toEqual(erased);
    for (const stub of [logObject(), segmentStub(2)]) await evictDurableObject(stub);
    expect(await content()).toEqual(erased);
  });

  it("is rolled over once even by two operators at once, and not while its last segment is empty", async () => {
    const { rollOver, client, log, segments } = await oldLog();
    await Promise.all([rollOver(), rollOver()]);
    for (let times = 0; times < 3; times++) expect(await rollOver()).toEqual({ head: 12, segments: 2 });
    expect(await segments()).toHaveLength(2);
    await client.sequence("s/9", [storedEvent(1)]);
    expect(await rollOver()).toEqual({ head: 13, segments: 3 });
    expect(await client.sequence("s/9", storedEvents(1, 2))).toMatchObject({ head: 2, first: { position: 14 } });
    expect(positions({ events: await log() })).toEqual(oneTo(14));
  });
});

it("a store that nobody has written to is not rolled over", async () => {
  const { post } = freshStore("never");
  expect(await read(await post("/log/roll-over", {}))).toEqual({ head: 0, segments: 1 });
});

it("calls for known streams do not wait for a lookup in an earlier segment", async () => {
  const { logClient, store } = freshStore("unhindered");
  const client = logClient();
  setVariables({ LOG_SEGMENT_BYTES: "1" });
  await client.sequence("s/0", storedEvents(1, 2));
  setVariables({ LOG_SEGMENT_BYTES: "50000" });
  await client.sequence("s/0", [storedEvent(3)]); // the second segment has it now
  const question = { isAsked: false, mayAnswer: false };
  const getByName = env.LOGS.getByName.bind(env.LOGS);
  const slow = vi.spyOn(env.LOGS, "getByName").mockImplementation((name) => {
    const real = getByName(name);
    if (name !== segmentName(store, 1)) return real;
    const versionsHere = async (streams: readonly string[]) => {
      question.isAsked = true;
      await vi.waitFor(() => expect(question.mayAnswer).toBe(true), { timeout: 30_000 });
      return real.versionsHere(streams);
    };
    return new Proxy(real, { get: (target, property) => (property === "versionsHere" ? versionsHere : Reflect.get(target, property)) });
  });
  const stranger = client.sequence("s/1", [storedEvent(1)]);
  await vi.waitFor(() => expect(question.isAsked).toBe(true), { timeout: 30_000 });
  expect(await client.sequence("s/0", [storedEvent(4)])).toMatchObject({ head: 4 });
  question.mayAnswer = true;
  expect(await stranger).toMatchObject({ head: 1, first: { position: 5 } });
  slow.mockRestore();
});

it("a view that no further event concerns is at the head, wherever the segments end", async () => {
  setVariables({ LOG_SEGMENT_BYTES: undefined });
  const { post, get, json } = freshStore("passed");
  await post("/aggregates/counter/c/Count", {}, { prefer: "wait=20" });
  expect((await json("/views/totals?consistency=strong")).position).toBe(1);
  await post("/log/roll-over", {});
  for (const value of [1, 2]) await post("/streams/reading/s", { type: "Read", data: { value } }, { prefer: "wait=20" });
  const answer = await get("/views/totals?consistency=strong", { prefer: "wait=20" });
  expect([answer.status, await read(answer)]).toMatchObject([200, { rows: [{ counter: "c" }], position: 3 }]);
  expect(await json("/consumers/totals")).toMatchObject({ position: 3, lag: 0, status: "live" });
  // An empty page of the log says so, too.
  expect(await json("/log?category=nobody")).toMatchObject({ events: [], next: 3, head: 3 });
});
