import { env } from "cloudflare:workers";
import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { StoredEvent } from "../../../src/core/event.ts";
import type { LogPage, LogReadRequest, LogRpc } from "../../../src/store/log-protocol.ts";
import { freshStore, setVariables } from "../support.ts";
import { storedEvent, storedEvents } from "./events.ts";

beforeEach(() => setVariables({ LOG_SEGMENT_BYTES: "50000" }));
afterEach(() => vi.restoreAllMocks());

const SECRET = "what nobody may read any more";
const ERASE: StoredEvent = { ...storedEvent(3), type: "$deleted", data: `{"erased":true}` };

/** What `contract/1` says. The second event is of an earlier version of a type that the code knows, and would be lifted. */
const SAID: StoredEvent[] = [
  { ...storedEvent(1), data: JSON.stringify({ SECRET }), meta: JSON.stringify({ SECRET }) },
  { ...storedEvent(2, "Signed"), data: JSON.stringify({ amount: 1 }) },
];

type Segment = ReturnType<typeof env.LOGS.getByName>;

/** Puts something of the test's own in the place of a method of a log's first segment. */
function replaceInFirst(store: string, replacing: (real: Segment) => Partial<Record<keyof Segment, unknown>>) {
  const getByName = env.LOGS.getByName.bind(env.LOGS);
  return vi.spyOn(env.LOGS, "getByName").mockImplementation((name) => {
    const real = getByName(name);
    if (name !== store) return real;
    const replaced = replacing(real);
    return new Proxy(real, { get: (stub, method) => Reflect.get(method in replaced ? replaced : stub, method) });
  });
}

/** Writes until the log has gone on in another segment. */
async function fill(log: LogRpc, segments: () => Promise<unknown[]>, stream: string) {
  const before = (await segments()).length;
  for (let version = 1; (await segments()).length === before; version += 20) {
    await log.sequence(stream, storedEvents(version, version + 19, "Some", 300));
  }
}

/** A log whose first segment has events of `contract/1`, and whose last one has the erasure, while the first is out of reach for that. */
async function erasedOutOfReach() {
  const store = freshStore("erasing");
  const log = store.logClient();
  await log.sequence("contract/1", SAID);
  await log.sequence("some/1", [storedEvent(1)]);
  await fill(log, store.segments, "filler/1");
  const out = replaceInFirst(store.store, () => ({
    eraseHere: () => Promise.reject(new Error("out of reach, as the test wants")),
  }));
  await log.sequence("contract/1", [ERASE]);
  const first = store.segmentStub(1);
  const stillThere = async () => JSON.stringify((await first.readHere({ after: 0, limit: 10 })).events).includes(SECRET);
  return { ...store, client: log, out, stillThere };
}

/** Everything that the log answers about the stream, in all the ways there are to ask. */
async function allReadings({ get, json }: ReturnType<typeof freshStore>): Promise<string[]> {
  const lines = await get("/log", { accept: "application/x-ndjson" });
  return [
    ...(await Promise.all(
      [
        "/log?limit=5",
        "/log?limit=1000",
        "/log?stream=contract/1",
        "/log?category=contract&limit=1",
        "/log?type=Some&direction=backward&limit=1000",
        `/log/events/${SAID[0]?.id}`,
      ].map(async (path) => JSON.stringify(await json(path))),
    )),
    new TextDecoder().decode(await lines.arrayBuffer()),
  ];
}

describe("a stream whose erasure the earlier segments have yet to carry out", () => {
  it("is shown without its content, however the log is read", async () => {
    const store = await erasedOutOfReach();
    expect(await store.stillThere()).toBe(true);
    for (const text of await allReadings(store)) expect(text).not.toContain(SECRET);
    const { events } = await store.json("/log?limit=3");
    expect(events).toMatchObject([
      { stream: "contract/1", version: 1, data: {}, meta: {}, erased: true },
      { stream: "contract/1", version: 2, data: {}, meta: {}, erased: true, schemaVersion: 1 },
      { stream: "some/1", version: 1, data: { version: 1 } },
    ]);
    expect(events[2]).not.toHaveProperty("erased");
  });

  it("stays so after the segment that knows of it has been evicted", async () => {
    const store = await erasedOutOfReach();
    await evictDurableObject(store.segmentStub((await store.segments()).length));
    expect(await store.stillThere()).toBe(true);
    for (const text of await allReadings(store)) expect(text).not.toContain(SECRET);
  });

  it("stays so after the log has gone on in another segment, which takes care of it then", async () => {
    const store = await erasedOutOfReach();
    await fill(store.client, store.segments, "filler/2");
    expect(await store.stillThere()).toBe(true);
    for (const text of await allReadings(store)) expect(text).not.toContain(SECRET);

    store.out.mockRestore();
    await runDurableObjectAlarm(store.segmentStub((await store.segments()).length));
    expect(await store.stillThere()).toBe(false);
    for (const text of await allReadings(store)) expect(text).not.toContain(SECRET);
  });

  it("is erased there by the alarm, as soon as they can be reached", async () => {
    const store = await erasedOutOfReach();
    const last = store.segmentStub((await store.segments()).length);
    await runDurableObjectAlarm(last);
    expect(await store.stillThere()).toBe(true);
    store.out.mockRestore();
    await runDurableObjectAlarm(last);
    expect(await store.stillThere()).toBe(false);
  });

  it("is shown without its content even in a page that left its segment before the erasure and arrives after it", async () => {
    const store = await erasedOutOfReach();
    store.out.mockRestore();
    const underWay: LogPage[] = [];
    const held = { arrives: false };
    replaceInFirst(store.store, (real) => ({
      readHere: async (request: LogReadRequest) => {
        const page = await real.readHere(request);
        underWay.push(page);
        while (!held.arrives) await scheduler.wait(5);
        return page;
      },
    }));
    const answer = store.get("/log?limit=10");
    await vi.waitUntil(() => underWay.length > 0);
    await runDurableObjectAlarm(store.segmentStub((await store.segments()).length));
    expect(await store.stillThere()).toBe(false);
    expect(JSON.stringify(underWay)).toContain(SECRET);
    held.arrives = true;
    expect(await (await answer).text()).not.toContain(SECRET);
  });
});
