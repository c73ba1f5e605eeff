/** The log: everything, in order, in all the forms in which it is read. */

import { describe, expect, it } from "vitest";
import { EventStream } from "../event-stream.ts";
import { type Service, linesOf, read } from "./http.ts";

const NDJSON = { accept: "application/x-ndjson" };
const BATCH = { accept: "application/cloudevents-batch+json" };
const SSE = { accept: "text/event-stream" };

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const positions = ({ events }: { events: { position: number }[] }) => events.map(({ position }) => position);

export function log({ freshStore }: Service): void {
  /** A store with sixty events of `alarm/a`, then forty of `meter/b`. */
  async function hundred() {
    const store = freshStore("log");
    const raised = numbers(1, 60).map((value) => ({ type: "Raised", data: { from: "a", value } }));
    const metered = numbers(1, 40).map((kwh) => ({ type: "Metered", data: { serial: "b", kwh } }));
    expect((await store.post("/streams/alarm/a", { events: raised })).status).toBe(201);
    expect(await read(await store.post("/streams/meter/b", { events: metered }))).toMatchObject({ position: 100 });
    return store;
  }

  describe("GET /log", () => {
    it("goes forward in pages: `next` is the next `after`, and there is no link at the head", async () => {
      const { get } = await hundred();
      const seen: number[] = [];
      let path: string | undefined = "/log?limit=30";
      while (path !== undefined) {
        const response: Response = await get(path);
        const page = await read(response);
        seen.push(...positions(page));
        expect([page.next, page.head]).toEqual([seen.at(-1), 100]);
        path = /<(?:\/stores\/[^/]+)?([^>]+)>; rel="next"/.exec(response.headers.get("link") ?? "")?.[1];
      }
      expect(seen).toEqual(numbers(1, 100));
    });

    it("goes backward from the head to the beginning, where `next` is null", async () => {
      const { json } = await hundred();
      const first = await json("/log?direction=backward&limit=60");
      expect([positions(first), first.next]).toEqual([numbers(41, 100).toReversed(), 41]);
      const second = await json(`/log?direction=backward&limit=60&after=${first.next}`);
      expect([positions(second), second.next]).toEqual([numbers(1, 40).toReversed(), null]);
      expect(await json("/log?direction=backward&after=1")).toEqual({ events: [], hasMore: false, next: null, head: 100 });
    });

    it("filters by type, category and stream, each repeatable, and answers how far it has looked", async () => {
      const { json } = await hundred();
      expect(positions(await json("/log?type=Metered&limit=2"))).toEqual([61, 62]);
      expect(positions(await json("/log?type=Metered&type=Raised&after=59&limit=2"))).toEqual([60, 61]);
      expect(positions(await json("/log?category=meter&category=alarm&after=59&to=62"))).toEqual([60, 61, 62]);
      expect(positions(await json("/log?stream=meter/b&direction=backward&limit=2"))).toEqual([100, 99]);
      expect(positions(await json("/log?stream=meter/b&stream=alarm/a&after=59&limit=2"))).toEqual([60, 61]);
      expect(positions(await json("/log?type=Raised&category=meter"))).toEqual([]);
      expect(await json("/log?type=None")).toEqual({ events: [], hasMore: false, next: 100, head: 100 });
    });

    it("is caught up when `next` is the head", async () => {
      const { json } = await hundred();
      expect(await json("/log?after=100")).toEqual({ events: [], hasMore: false, next: 100, head: 100 });
    });

    it("gives events in the documented form", async () => {
      const { json, post } = freshStore("log");
      const time = "2026-11-21T06:00:00.123456+01:00";
      const id = "0198c2a6-1111-7abc-8def-000000000001";
      await post("/streams/alarm/a", { type: "Raised", data: { from: "a", value: 1 }, meta: { by: "hand" }, time, id });
      const { events } = await json("/log");
      expect(events).toEqual([
        {
          id,
          stream: "alarm/a",
          version: 1,
          position: 1,
          type: "Raised",
          data: { from: "a", value: 1 },
          meta: { by: "hand" },
          time,
          recordedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
          schemaVersion: 1,
        },
      ]);
    });

    it("of a store that was never written to is like that of an empty one", async () => {
      const { json, get } = freshStore("log");
      expect(await json("/log")).toEqual({ events: [], hasMore: false, next: 0, head: 0 });
      expect(await json("/log?direction=backward")).toEqual({ events: [], hasMore: false, next: null, head: 0 });
      expect(await json("/log/head")).toEqual({ head: 0 });
      expect(await json("/log/streams")).toEqual({ streams: [], hasMore: false });
      expect(await linesOf(await get("/log", NDJSON))).toEqual([]);
    });

    it.each(["limit=0", "limit=1001", "direction=up", "after=x", "to=-1", "colour=red"])("refuses %s", async (query) => {
      const response = await freshStore("log").get(`/log?${query}`);
      expect([response.status, (await read(response)).code]).toEqual([400, "invalid-request"]);
    });
  });

  describe("GET /log/head", () => {
    it("is the last position", async () => {
      const { json } = await hundred();
      expect(await json("/log/head")).toEqual({ head: 100 });
    });
  });

  describe("GET /log as NDJSON", () => {
    it("has everything, a line for each event, within the bounds and filters of the query", async () => {
      const { get, json } = await hundred();
      const response = await get("/log", NDJSON);
      expect(response.headers.get("content-type")).toBe("application/x-ndjson");
      const lines = await linesOf(response);
      expect(positions({ events: lines })).toEqual(numbers(1, 100));
      expect(lines.slice(0, 5)).toEqual((await json("/log?limit=5")).events);
      expect(positions({ events: await linesOf(await get("/log?category=meter&to=62", NDJSON)) })).toEqual([61, 62]);
    });

    it.each(["limit=0", "direction=backward", "after=head", "colour=red"])("does not accept %s", async (query) => {
      const response = await freshStore("log").get(`/log?${query}`, NDJSON);
      expect([response.status, (await read(response)).code]).toEqual([400, "invalid-request"]);
    });
  });

  describe("GET /log as a batch of CloudEvents", () => {
    it("has the events of the page, and the start of the next page in its headers", async () => {
      const { get, store } = await hundred();
      const response = await get("/log?category=meter&limit=2", BATCH);
      expect(response.headers.get("content-type")).toBe(BATCH.accept);
      expect(await read(response)).toMatchObject([
        { specversion: "1.0", type: "Metered", data: { serial: "b", kwh: 1 }, logposition: "61" },
        { specversion: "1.0", type: "Metered", data: { serial: "b", kwh: 2 } },
      ]);
      expect(response.headers.get("headspring-position")).toBe("62");
      expect(response.headers.get("link")).toBe(`</stores/${store}/log?category=meter&limit=2&after=62>; rel="next"`);
    });
  });

  describe("GET /log as server-sent events", () => {
    const open = async ({ get }: ReturnType<typeof freshStore>, path: string, lastEventId?: string) => {
      const response = await get(path, { ...SSE, ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }) });
      expect(response.headers.get("content-type")).toBe("text/event-stream");
      return new EventStream(response.body as ReadableStream<Uint8Array>, lastEventId);
    };
    const take = async (stream: EventStream, count: number) => {
      const messages = [];
      while (messages.length < count) messages.push(await stream.next());
      return messages.map((message) => ({ id: message?.id, event: JSON.parse(message?.data ?? "{}") }));
    };

    it("has the history after a position, then new events, without a gap or a repeat: `id` is the position", async () => {
      const store = await hundred();
      const stream = await open(store, "/log?after=97");
      expect((await take(stream, 3)).map(({ id }) => id)).toEqual(["98", "99", "100"]);
      await store.post("/streams/alarm/c", { type: "Raised", data: { from: "c", value: 1 } });
      expect(await take(stream, 1)).toEqual([{ id: "101", event: (await store.json("/log?after=100")).events[0] }]);
      await stream.close();
    });

    it("goes on after `Last-Event-ID`, which overrides `after`", async () => {
      const stream = await open(await hundred(), "/log?after=head&category=meter", "60");
      expect((await take(stream, 2)).map(({ id }) => id)).toEqual(["61", "62"]);
      await stream.close();
    });

    it("with `after=head` has only what is written from now on", async () => {
      const store = await hundred();
      const stream = await open(store, "/log?after=head");
      while (stream.lastEventId === "") await stream.read();
      await store.post("/streams/alarm/c", { type: "Raised", data: { from: "c", value: 1 } });
      expect((await take(stream, 1)).map(({ id }) => id)).toEqual(["101"]);
      await stream.close();
    });

    it("begins at no other place", async () => {
      const { get } = freshStore("log");
      for (const response of [await get("/log?after=end", SSE), await get("/log", { ...SSE, "last-event-id": "x" })]) {
        expect([response.status, (await read(response)).code]).toEqual([400, "invalid-request"]);
      }
    });
  });

  describe("GET /log/streams", () => {
    it("lists the streams in the order of their names, in pages, of all categories or one", async () => {
      const store = await hundred();
      await store.post("/streams/alarm/c", { type: "Raised", data: { from: "c", value: 1 } });
      const [a, b, c] = [
        { stream: "alarm/a", version: 60, lastPosition: 60 },
        { stream: "meter/b", version: 40, lastPosition: 100 },
        { stream: "alarm/c", version: 1, lastPosition: 101 },
      ];
      expect(await store.json("/log/streams")).toEqual({ streams: [a, c, b], hasMore: false });
      expect(await store.json("/log/streams?category=alarm")).toEqual({ streams: [a, c], hasMore: false });
      const response = await store.get("/log/streams?limit=2");
      const { streams, next } = await read(response);
      expect(streams).toEqual([a, c]);
      expect(response.headers.get("link")).toBe(`<${next}>; rel="next"`);
      expect(await store.json(next.replace(`/stores/${store.store}`, ""))).toEqual({ streams: [b], hasMore: false });
    });

    it("refuses unknown parameters", async () => {
      const { get } = freshStore("log");
      for (const query of ["limit=0", "colour=red"]) expect((await get(`/log/streams?${query}`)).status).toBe(400);
    });
  });

  describe("GET /log/events/{id}", () => {
    it("finds the events with that id, whatever its case, and nothing if there are none", async () => {
      const store = freshStore("log");
      const id = "0198c2a6-1111-7abc-8def-000000000001";
      await store.post("/streams/alarm/a", { type: "Raised", data: { from: "a", value: 1 }, id });
      const { events } = await store.json(`/log/events/${id.toUpperCase()}`);
      expect(events).toEqual((await store.json("/log")).events);
      expect(await store.json("/log/events/0198c2a6-1111-7abc-8def-000000000002")).toEqual({ events: [], hasMore: false });
    });

    it("accepts a UUID and no other id", async () => {
      const response = await freshStore("log").get("/log/events/nonsense");
      expect([response.status, (await read(response)).code]).toEqual([400, "invalid-request"]);
    });
  });
}
