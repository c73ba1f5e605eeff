import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { SCAN_EVENTS } from "../../../src/core/limits.ts";
import { SEARCH_EVENTS } from "../../../src/http/limits.ts";
import type { LogPage, LogReadRequest } from "../../../src/store/log-protocol.ts";
import { freshStore, read } from "../support.ts";
import { storedEvent, storedEvents } from "./events.ts";

describe("finding an event by its id", () => {
  const ID = "0198C0DE-0000-4000-8000-00000000ABCD";
  const wanted = { ...storedEvent(1), id: ID.toLowerCase() };

  it("finds it, whatever the case of the id, and goes on for others of that id", async () => {
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

  it("finds nothing where there is nothing", async () => {
    const store = freshStore();
    expect(await store.json(`/log/events/${ID}`)).toEqual({ events: [], hasMore: false });
    await store.logObject().sequence("b/1", storedEvents(1, 10));
    expect(await store.json(`/log/events/${ID}`)).toEqual({ events: [], hasMore: false });
  });

  it("stops where it has found it, and says where to go on", async () => {
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

  it("looks at a bounded number of events at a time", async () => {
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
