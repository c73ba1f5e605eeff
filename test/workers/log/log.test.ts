import { evictDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { StoredEvent } from "../../../src/core/event.ts";
import { SCAN_EVENTS } from "../../../src/core/limits.ts";
import { freshStore, read } from "../support.ts";

const event = (version: number, id = `id-${version}`): StoredEvent => ({
  version,
  id,
  type: version % 10 === 0 ? "Tenth" : "Some",
  data: `{"version":${version}}`,
  meta: "{}",
  time: null,
  recordedAt: 1_700_000_000_000,
  schemaVersion: 1,
});

const events = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => event(from + index));

describe("promise 3: one log, one order, no gap, no repeat", () => {
  it("stores a stream's events once, however often they are sent", async () => {
    const { logClient, logObject, log } = freshStore();
    const stub = logClient();
    expect(await stub.sequence("a/1", events(1, 3))).toEqual({ head: 3, first: { version: 1, position: 1 } });
    expect(await stub.sequence("a/1", events(1, 3))).toEqual({ head: 3 });
    expect(await stub.sequence("a/1", events(2, 5))).toEqual({ head: 5, first: { version: 4, position: 4 } });
    await evictDurableObject(logObject());
    expect(await stub.sequence("a/1", events(1, 5))).toEqual({ head: 5 });
    expect((await log()).map(({ version, position }) => [version, position])).toEqual([1, 2, 3, 4, 5].map((n) => [n, n]));
  });

  it("stores nothing beyond a gap, and answers where the gap begins", async () => {
    const { logClient, log } = freshStore();
    const stub = logClient();
    expect(await stub.sequence("a/1", events(2, 2))).toEqual({ head: 0 });
    await stub.sequence("a/1", events(1, 1));
    expect(await stub.sequence("a/1", events(3, 4))).toEqual({ head: 1 });
    expect(await log()).toHaveLength(1);
  });

  it("answers a call without events with how far it has the stream", async () => {
    const { logClient } = freshStore();
    expect(await logClient().sequence("a/1", [])).toEqual({ head: 0 });
    await logClient().sequence("a/1", events(1, 2));
    expect(await logClient().sequence("a/1", [])).toEqual({ head: 2 });
  });

  it("lets a stream know that it sends other events than it sent before", async () => {
    const { logClient, log } = freshStore();
    await logClient().sequence("a/1", events(1, 2));
    expect(await logClient().sequence("a/1", [event(2, "another")])).toEqual({ head: 2, diverged: true });
    expect(await log()).toHaveLength(2);
  });

  it("gives positions without holes, in stream order, to many streams at once, some repeating, some ahead of themselves", async () => {
    const { logClient, log } = freshStore();
    const stub = logClient();
    const streams = Array.from({ length: 30 }, (_, index) => `s/${index}`);
    await Promise.all(
      streams.flatMap((stream) => [
        stub.sequence(stream, events(1, 2)),
        stub.sequence(stream, events(4, 4)),
        stub.sequence(stream, events(2, 3)),
        stub.sequence(stream, events(1, 4)),
      ]),
    );
    const all = await log();
    expect(all.map(({ position }) => position)).toEqual(Array.from({ length: 120 }, (_, index) => index + 1));
    for (const stream of streams) {
      expect(all.filter((one) => one.stream === stream).map(({ version }) => version)).toEqual([1, 2, 3, 4]);
    }
  });

  it("never shows a reader a new event below a position it has seen", async () => {
    const { logClient } = freshStore();
    const stub = logClient();
    let seen = 0;
    const writers = Promise.all(Array.from({ length: 40 }, (_, index) => stub.sequence(`s/${index}`, events(1, 5))));
    for (let look = 0; look < 40; look++) {
      const page = await stub.read({ after: seen, limit: 1_000 });
      expect(page.events.map(({ position }) => position)).toEqual(
        Array.from({ length: page.events.length }, (_, index) => seen + index + 1),
      );
      seen += page.events.length;
    }
    await writers;
    expect(await stub.head()).toBe(200);
  });
});

async function hundred() {
  const store = freshStore();
  await store.logClient().sequence("a/1", events(1, 60));
  await store.logClient().sequence("b/1", events(1, 40));
  return store;
}

const positions = (page: { events: { position: number }[] }) => page.events.map(({ position }) => position);

describe("reading the log", () => {
  it("goes forward in pages; `next` is the next `after`, and there is no link at the head", async () => {
    const { get } = await hundred();
    const seen: number[] = [];
    let path: string | undefined = "/log?limit=30";
    while (path !== undefined) {
      const response: Response = await get(path);
      seen.push(...positions(await read(response)));
      path = /<(?:\/stores\/[^/]+)?([^>]+)>/.exec(response.headers.get("link") ?? "")?.[1];
    }
    expect(seen).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
  });

  it("goes backward from the head to the beginning, where `next` is null", async () => {
    const { json } = await hundred();
    const first = await json("/log?direction=backward&limit=60");
    expect([positions(first)[0], positions(first).at(-1), first.next]).toEqual([100, 41, 41]);
    const second = await json(`/log?direction=backward&limit=60&after=${first.next}`);
    expect([positions(second)[0], positions(second).at(-1), second.next]).toEqual([40, 1, null]);
    expect(await json("/log?direction=backward&after=1")).toMatchObject({ events: [], next: null });
  });

  it("filters by type, category and stream, and answers how far it has looked", async () => {
    const { json } = await hundred();
    expect(positions(await json("/log?type=Tenth"))).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
    expect(positions(await json("/log?type=Tenth&category=b"))).toEqual([70, 80, 90, 100]);
    expect(positions(await json("/log?category=a&category=b&limit=2&after=59"))).toEqual([60, 61]);
    expect(positions(await json("/log?stream=b/1&limit=3"))).toEqual([61, 62, 63]);
    expect(await json("/log?type=None")).toEqual({ events: [], hasMore: false, next: 100, head: 100 });
    expect(await json("/log?after=100")).toEqual({ events: [], hasMore: false, next: 100, head: 100 });
    expect(positions(await json("/log?after=10&to=12"))).toEqual([11, 12]);
  });

  it("reads a bounded number of entries for a sparse filter, and never the same ones again", async () => {
    const { logClient, json } = freshStore();
    for (let from = 1; from <= 12_001; from += 1_000) await logClient().sequence("a/1", events(from, Math.min(from + 999, 12_001)));
    await logClient().sequence("b/1", [event(1)]);
    const pages = [];
    let after = 0;
    for (;;) {
      const page = await json(`/log?category=b&after=${after}`);
      pages.push(page);
      if (page.next >= page.head) break;
      expect(page.next).toBeGreaterThan(after);
      after = page.next;
    }
    expect(pages.length).toBeGreaterThan(1);
    expect(pages.flatMap(positions)).toEqual([12_002]);
    // A consumer's lag, too: the next event is the first that was not searched, or a later one.
    expect(await logClient().nextFor([{ after: 0, categories: ["b"] }])).toEqual([
      { passed: SCAN_EVENTS, recordedAt: event(1).recordedAt },
    ]);
  });

  it("makes a reader that has caught up wait for the next event that passes its filter, and for no other", async () => {
    const { logClient, get, json } = freshStore("waits");
    const stub = logClient();
    await stub.sequence("a/1", events(1, 3));
    const patient = { prefer: "wait=30" };
    const waiting = get("/log?after=3&type=Tenth", patient);
    const backward = await read(await get("/log?after=1&direction=backward", patient));
    expect(backward).toMatchObject({ events: [], next: null });
    expect(await read(await get("/log?after=1", patient))).toMatchObject({ events: [{ position: 2 }, { position: 3 }], next: 3 });
    expect(await read(await get("/log?after=3&to=3", patient))).toMatchObject({ events: [], next: 3 });
    await stub.sequence("a/1", events(4, 9));
    await stub.sequence("b/1", [event(1)]);
    await stub.sequence("a/1", events(10, 10));
    expect(await read(await waiting)).toMatchObject({ events: [{ position: 11, type: "Tenth" }], hasMore: false, next: 11, head: 11 });
    expect(await json("/log?after=11")).toMatchObject({ events: [], next: 11 });
    expect(await read(await get("/log?after=11", { prefer: "wait=1" }))).toMatchObject({ events: [], next: 11, hasMore: false });
    expect(await read(await get("/log?after=12", patient))).toMatchObject({ code: "position-beyond-head" });
  });

  it("makes a reader of an empty store wait for its first event", async () => {
    const { logClient, get } = freshStore("waits-empty");
    const waiting = get("/log", { prefer: "wait=30" });
    await logClient().sequence("a/1", events(1, 1));
    expect(await read(await waiting)).toMatchObject({ events: [{ position: 1 }], next: 1, head: 1 });
  });

  it("knows its head", async () => {
    const { json } = await hundred();
    expect(await json("/log/head")).toEqual({ head: 100 });
  });
});
