import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { SCAN_EVENTS } from "../../../src/core/limits.ts";
import { SEARCH_EVENTS } from "../../../src/http/limits.ts";
import type { LogPage, LogReadRequest } from "../../../src/store/log-protocol.ts";
import { DELETED, DELETED_DATA } from "../../../src/core/event.ts";
import { begunByVersion01 } from "../stored.ts";
import { freshStore, read, setVariables } from "../support.ts";
import { storedEvent, storedEvents } from "./events.ts";

describe("finding an event by its id", () => {
  const ID = "0198C0DE-0000-4000-8000-00000000ABCD";
  const wanted = { ...storedEvent(1), id: ID.toLowerCase() };

  it("finds it, whatever the case of the id, and goes on for others with that id", async () => {
    const store = freshStore();
    const log = store.logObject();
    await log.sequence("a/1", [wanted]);
    await log.sequence("b/1", storedEvents(1, 10));
    await log.sequence("c/1", [wanted]);
    await log.sequence("b/1", storedEvents(11, 20));
    const { events, next } = await store.json(`/log/events/${ID}`);
    expect(events).toEqual([(await store.json("/log?stream=c/1")).events[0], (await store.json("/log?stream=a/1")).events[0]]);
    expect(next).toBeUndefined();
  });

  it("finds nothing in an empty log", async () => {
    const store = freshStore();
    expect(await store.json(`/log/events/${ID}`)).toEqual({ events: [], hasMore: false });
    await store.logObject().sequence("b/1", storedEvents(1, 10));
    expect(await store.json(`/log/events/${ID}`)).toEqual({ events: [], hasMore: false });
  });

  it("stops where it has found the event, and answers where to go on", async () => {
    const store = freshStore();
    const log = store.logObject();
    await log.sequence("a/1", [wanted]);
    for (let from = 1; from <= SCAN_EVENTS; from += 1_000) await log.sequence("b/1", storedEvents(from, from + 999));
    await log.sequence("c/1", [wanted]);
    const response = await store.get(`/log/events/${ID}`);
    const { events, next } = await read(response);
    expect(events).toMatchObject([{ stream: "c/1" }]);
    expect(response.headers.get("link")).toBe(`<${next}>; rel="next"`);
    const rest = await store.json(next.replace(/^\/stores\/[^/]+/, ""));
    expect([rest.events.length, rest.events[0]?.stream, rest.next]).toEqual([1, "a/1", undefined]);
  });

  afterEach(() => vi.restoreAllMocks());

  it("reads a bounded number of events at a time", async () => {
    const store = freshStore();
    const reads: (number | null)[] = [];
    const getByName = env.LOGS.getByName.bind(env.LOGS);
    vi.spyOn(env.LOGS, "getByName").mockImplementation((name) => {
      const log = getByName(name);
      if (name !== store.store) return log; // consumers of other tests are still at work
      // A log with a million events, none of which is wanted.
      return Object.assign(Object.create(log) as typeof log, {
        read: async ({ after }: LogReadRequest): Promise<LogPage> => {
          reads.push(after);
          const next = (after ?? 1_000_001) - SCAN_EVENTS;
          return { events: [], next: next <= 1 ? null : next, head: 1_000_000 };
        },
      });
    });
    const { events, next } = await store.json(`/log/events/${ID}`);
    expect([events, reads.length]).toEqual([[], SEARCH_EVENTS / SCAN_EVENTS]);
    expect(next).toContain(`after=${1_000_001 - SEARCH_EVENTS}`);
  });

  it.each([`/log/events/nonsense`, `/log/events/${ID}?limit=3`, `/log/events/${ID}?after=head`])("refuses %s", async (path) => {
    const response = await freshStore().get(path);
    expect([response.status, (await read(response)).code]).toEqual([400, "invalid-request"]);
  });
});

describe.each(["in pages", "as version 0.1 stored it"])("a log %s", (form) => {
  async function emptyLog() {
    const store = freshStore();
    if (form === "as version 0.1 stored it") await begunByVersion01(store.logObject());
    return store;
  }
  const meta = (correlationId: unknown) => JSON.stringify({ correlationId });
  const correlated = (version: number, correlationId: unknown) => ({ ...storedEvent(version), meta: meta(correlationId) });
  const places = (events: { stream: string; version: number }[]) => events.map(({ stream, version }) => `${stream}/${version}`);

  it("answers with the events of one correlation, in order, in pages, in both directions, and as lines", async () => {
    const { logClient, json, get } = await emptyLog();
    const log = logClient();
    await log.sequence("a/1", [correlated(1, "one"), correlated(2, "two"), correlated(3, 1), correlated(4, "one")]);
    await log.sequence("b/1", [...storedEvents(1, 5), correlated(6, "one")]);
    await log.sequence("a/1", [correlated(5, 'o"ne'), correlated(6, "one")]);
    const all = ["a/1/1", "a/1/4", "b/1/6", "a/1/6"];
    const { events, next, head } = await json("/log?correlationId=one");
    expect([places(events), next, head]).toEqual([all, 12, 12]);
    expect(places((await json("/log?correlationId=one&direction=backward")).events)).toEqual(all.toReversed());
    expect(places((await json("/log?correlationId=one&category=b")).events)).toEqual(["b/1/6"]);
    expect(places((await json("/log?correlationId=one&stream=a/1")).events)).toEqual(["a/1/1", "a/1/4", "a/1/6"]);
    expect(places((await json(`/log?correlationId=${encodeURIComponent('o"ne')}`)).events)).toEqual(["a/1/5"]);
    for (const stranger of ["1", "three", ""]) expect((await json(`/log?correlationId=${stranger}`)).events).toEqual([]);

    const paged: string[] = [];
    for (let after = 0, hasMore = true; hasMore;) {
      const page = await json(`/log?correlationId=one&limit=3&after=${after}`);
      paged.push(...places(page.events));
      [after, hasMore] = [page.next, page.hasMore];
    }
    expect(paged).toEqual(all);
    const lines = await (await get("/log?correlationId=one", { accept: "application/x-ndjson" })).text();
    expect(
      places(
        lines
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line)),
      ),
    ).toEqual(all);
  });

  it("forgets the correlation of what was erased", async () => {
    const { logClient, json } = await emptyLog();
    await logClient().sequence("a/1", [correlated(1, "secret"), { ...storedEvent(2, DELETED), data: DELETED_DATA.erased }]);
    expect((await json("/log?correlationId=secret")).events).toEqual([]);
    expect((await json("/log")).events).toHaveLength(2);
  });

  it("is read from the first event that it stored at or after a time, wherever the segments end", async () => {
    const { logClient, json, get, segments } = await emptyLog();
    const log = logClient();
    const times: string[] = [];
    for (let event = 1; event <= 6; event++) {
      await scheduler.wait(5);
      times.push(new Date().toISOString());
      await scheduler.wait(5);
      if (event === 3) setVariables({ LOG_SEGMENT_BYTES: "1" });
      await log.sequence("a/1", [{ ...storedEvent(event), recordedAt: Date.now() }]);
      if (event === 3) setVariables({ LOG_SEGMENT_BYTES: undefined });
    }
    expect(await segments()).toHaveLength(2);
    // Backward a page ends where a segment begins.
    const versions = async (query: string): Promise<number[]> => {
      const { events, next, hasMore } = await json(`/log?${query}`);
      const here = events.map(({ version }: { version: number }) => version);
      return hasMore ? [...here, ...(await versions(`${query}&after=${next}`))] : here;
    };
    for (const [index, time] of times.entries()) {
      const since = `since=${encodeURIComponent(time)}`;
      const expected = [1, 2, 3, 4, 5, 6].slice(index);
      expect(await versions(since)).toEqual(expected);
      expect(await versions(`${since}&direction=backward`)).toEqual(expected.toReversed());
      expect(await versions(`${since}&after=4`)).toEqual(expected.filter((version) => version > 4));
    }
    expect(await json(`/log?since=${new Date(Date.now() + 1_000).toISOString()}`)).toMatchObject({ events: [], next: 6, head: 6 });
    expect(await versions("since=2020-01-01T00:00:00Z")).toEqual([1, 2, 3, 4, 5, 6]);
    const lines = await (await get(`/log?since=${times[4]}`, { accept: "application/x-ndjson" })).text();
    expect(lines.trim().split("\n")).toHaveLength(2);
  });
});

describe("a search of the log", () => {
  it.each(["since=yesterday", "since=2026-01-01", "since=2026-02-30T00:00:00Z", "since=2026-01-01T00:00Z", "correlationid=a"])(
    "refuses %s",
    async (query) => {
      const response = await freshStore().get(`/log?${query}`);
      expect([response.status, (await read(response)).code]).toEqual([400, "invalid-request"]);
    },
  );

  it("of an empty log finds nothing", async () => {
    const { json } = freshStore();
    for (const query of ["correlationId=a", "since=2026-01-01T00:00:00Z"])
      expect(await json(`/log?${query}`)).toEqual({ events: [], hasMore: false, next: 0, head: 0 });
  });

  it("finds what one command led to: its event, and what reacted to it", async () => {
    const { post, json } = freshStore("led");
    const { events } = await json(`/log?correlationId=nobody`);
    expect(events).toEqual([]);
    const placed = await read(await post("/aggregates/counter/c/Count", {}, { prefer: "wait=20", "correlation-id": "from-the-client" }));
    expect(placed.version).toBe(1);
    const [event] = (await json("/log")).events;
    const found = await json(`/log?correlationId=${event.meta.correlationId}`);
    expect(found.events).toEqual([event]);
  });
});
