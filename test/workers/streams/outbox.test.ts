import { env } from "cloudflare:workers";
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ACKNOWLEDGE_BUDGET_MAX_MS } from "../../../src/streams/limits.ts";
import { expectErrors } from "../errors.ts";
import { IMPATIENT, freshStore, interceptLog, read } from "../support.ts";
import { eventsIn, rewriteIn, storeIn } from "./stored.ts";
import { eventually } from "../eventually.ts";

const COUNT = "/aggregates/counter/1/Count";
const ID = "0198c2a6-1111-4abc-8def-000000000001";

/** Stores an event as a crash right after the commit leaves it: in the stream, in no log, and with nobody told. */
async function commitAndCrash(stub: DurableObjectStub, version: number) {
  await runInDurableObject(stub, (_instance, { storage }) => {
    const [first] = eventsIn(storage);
    storeIn(storage, [{ ...first!, version, id: `f0000000-0000-4000-8000-00000000000${version}`, trace: null }]);
  });
  await evictDurableObject(stub);
}

const alarmOf = (stub: DurableObjectStub) => runInDurableObject(stub, (_instance, { storage }) => storage.getAlarm());

afterEach(() => vi.restoreAllMocks());

describe("promise 1: acknowledged is durable and on its way to the log", () => {
  it("answers with the position, and needs no alarm, when the log answers in time", async () => {
    const { post, stream } = freshStore();
    const answer = await read(await post(COUNT, {}));
    expect(answer.position).toBe(1);
    expect(answer.events[0].position).toBe(1);
    expect(await alarmOf(stream("counter", "1"))).toBeNull();
  });

  it("answers without a position, and with an armed alarm, when the log fails", async () => {
    const { store, post, stream, log } = freshStore();
    const { restore } = interceptLog(store, () => () => Promise.reject(new Error("the log is down")));
    const response = await post(COUNT, {});
    expect(response.status).toBe(200);
    const answer = await read(response);
    expect(answer).toMatchObject({ version: 1 });
    expect(answer).not.toHaveProperty("position");
    expect(await alarmOf(stream("counter", "1"))).not.toBeNull();
    restore();

    expect(await log()).toEqual([]);
    await runDurableObjectAlarm(stream("counter", "1"));
    expect(await log()).toMatchObject([{ stream: "counter/1", version: 1, position: 1 }]);
  });

  it("answers without a position, and with an armed alarm, when the log does not answer in time", async () => {
    const { store, post, stream, log } = freshStore();
    let answerNow = () => {};
    const later = new Promise<void>((resolve) => (answerNow = resolve));
    const { restore } = interceptLog(store, (real) => async (name, events) => {
      await later;
      return real(name, events);
    });
    const answer = await read(await post(COUNT, {}, IMPATIENT));
    expect(answer).not.toHaveProperty("position");
    expect(await alarmOf(stream("counter", "1"))).not.toBeNull();

    // The call under way still counts: the alarm joins it.
    answerNow();
    await runDurableObjectAlarm(stream("counter", "1"));
    restore();
    expect(await log()).toHaveLength(1);
  });

  it("does not wait for the log at all with `Prefer: wait=0`", async () => {
    const { store, post, stream } = freshStore();
    const { restore } = interceptLog(store, () => () => new Promise(() => {}));
    expect(await read(await post(COUNT, {}, { prefer: "wait=0" }))).not.toHaveProperty("position");
    expect(await alarmOf(stream("counter", "1"))).not.toBeNull();
    restore();
  });

  it("waits longer than usual with `Prefer: wait=N`", async () => {
    const { store, post } = freshStore();
    const { restore } = interceptLog(store, (real) => async (name, events) => {
      await scheduler.wait(ACKNOWLEDGE_BUDGET_MAX_MS + 300);
      return real(name, events);
    });
    expect((await read(await post(COUNT, {}, { prefer: "wait=20" }))).position).toBe(1);
    restore();
  });

  it("waits for a log that is far away, from the first write on: no alarm is paid for, and the answer has the position", async () => {
    const { store, post, get, stream } = freshStore();
    const { restore } = interceptLog(store, (real) => async (name, events) => {
      await scheduler.wait(150); // as from Europe to Australia and back
      return real(name, events);
    });
    for (const position of [1, 2, 3]) expect((await read(await post(COUNT, {}, IMPATIENT))).position).toBe(position);
    expect(await alarmOf(stream("counter", "1"))).toBeNull();
    restore();
    const [log, budget] = [.../dur=(\d+)/g[Symbol.matchAll]((await get("/aggregates/counter/1")).headers.get("server-timing") ?? "")];
    expect(Number(log?.[1])).toBeGreaterThanOrEqual(150);
    expect(Number(budget?.[1])).toBeGreaterThan(Number(log?.[1]));
  });

  it("keeps the alarm going while the log is down, with a backoff that survives an eviction", async () => {
    const { store, post, stream, log } = freshStore();
    const stub = stream("counter", "1");
    const { restore } = interceptLog(store, () => () => Promise.reject(new Error("the log is down")));
    await post(COUNT, {});
    const attempts = () => runInDurableObject(stub, (_instance, { storage }) => storage.kv.get<number>("outbox-attempts"));
    await runDurableObjectAlarm(stub);
    expect(await attempts()).toBe(1);
    await evictDurableObject(stub);
    await runDurableObjectAlarm(stub);
    expect(await attempts()).toBe(2);
    expect(await alarmOf(stub)).not.toBeNull();
    restore();
    await runDurableObjectAlarm(stub);
    expect(await attempts()).toBeUndefined();
    expect(await log()).toHaveLength(1);
  });
});

describe("a crash on the way to the log", () => {
  it("between commit and call is healed by the next activation, before any client can read the event", async () => {
    const { post, json, stream, log } = freshStore();
    await post(COUNT, {});
    await commitAndCrash(stream("counter", "1"), 2);
    expect(await log()).toHaveLength(1);

    const page = await json("/streams/counter/1");
    expect(page.version).toBe(2);
    expect(await log()).toMatchObject([{ version: 1 }, { version: 2 }]);
  });

  it("between commit and call is healed by the next write, which finds the gap", async () => {
    const { post, stream, log } = freshStore();
    await post(COUNT, {});
    await commitAndCrash(stream("counter", "1"), 2);
    const answer = await read(await post(COUNT, {}));
    expect(answer).toMatchObject({ version: 3, position: 3 });
    expect((await log()).map(({ version }) => version)).toEqual([1, 2, 3]);
  });

  it("is healed even when only a refusal or a state is asked for: both show what the stream holds", async () => {
    for (const ask of ["state", "refusal"] as const) {
      const { post, get, stream, log } = freshStore();
      await post(COUNT, {});
      await commitAndCrash(stream("counter", "1"), 2);
      if (ask === "state") expect((await get("/aggregates/counter/1")).status).toBe(200);
      else expect((await post(COUNT, { by: 5_000 })).status).toBe(422);
      expect(await log()).toHaveLength(2);
    }
  });

  it.each<[string, string, (store: ReturnType<typeof freshStore>) => Promise<Response>]>([
    ["a command", "counter", ({ post }) => post(COUNT, {})],
    ["an append", "sample", ({ post }) => post("/streams/sample/1", { type: "Read", data: { value: 1 } })],
    ["a deletion", "sample", ({ send }) => send("DELETE", "/streams/sample/1")],
    [
      "an import",
      "sample",
      ({ post }) => post("/import", JSON.stringify({ stream: "sample/1", type: "Read", data: { value: 2 }, id: ID })),
    ],
  ])("of %s is healed by the worker that has lost its answer, even if nobody asks for the stream again", async (what, category, write) => {
    expectErrors(/Network connection lost/);
    const store = freshStore();
    await store.post(COUNT, {});
    await store.post("/streams/sample/1", { type: "Read", data: { value: 1 } });
    const getByName = env.STREAMS.getByName.bind(env.STREAMS);
    let lost = 0;
    vi.spyOn(env.STREAMS, "getByName").mockImplementation((name) => {
      const real = getByName(name);
      return new Proxy(real, {
        get(target, property) {
          if (lost > 0 || !["execute", "append", "holdImport", "remove"].includes(String(property))) return Reflect.get(target, property);
          return async () => {
            lost++;
            await commitAndCrash(real, 2);
            throw new Error("Network connection lost.");
          };
        },
      });
    });
    expect((await write(store)).status).toBeGreaterThanOrEqual(500);
    expect(lost).toBe(1);
    // Only the log is asked, which knows nothing of what it was not given.
    await expect
      .poll(async () => (await store.log()).filter(({ stream }) => stream === `${category}/1`), { timeout: 15_000 })
      // An import is finished: what the crash has left comes first.
      .toHaveLength(what === "an import" ? 3 : 2);
  });

  it("after the log has stored the event and before its answer arrived is healed by a repeat that adds nothing", async () => {
    const { store, post, stream, log } = freshStore();
    const { restore } = interceptLog(store, (real) => async (name, events) => {
      await real(name, events);
      throw new Error("the answer got lost");
    });
    expect(await read(await post(COUNT, {}))).not.toHaveProperty("position");
    restore();
    await runDurableObjectAlarm(stream("counter", "1"));
    expect(await read(await post(COUNT, {}))).toMatchObject({ version: 2, position: 2 });
    expect((await log()).map(({ version, position }) => [version, position])).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  it("leaves no client waiting: a repeat of the unacknowledged write is answered like the first", async () => {
    const { store, post, log, stream } = freshStore();
    const key = { "idempotency-key": "once" };
    const { restore } = interceptLog(store, () => () => Promise.reject(new Error("the log is down")));
    await post(COUNT, {}, key);
    await evictDurableObject(stream("counter", "1"));
    restore();
    const response = await post(COUNT, {}, key);
    expect(response.headers.get("idempotent-replayed")).toBe("true");
    expect(await read(response)).toMatchObject({ version: 1, position: 1 });
    expect(await log()).toHaveLength(1);
  });
});

describe("a log that is not as it should be", () => {
  beforeEach(() => void vi.spyOn(console, "warn").mockReturnValue());

  it("may lack positions: the events are shown without them", async () => {
    const { post, json, stream } = freshStore();
    await post(COUNT, {});
    await evictDurableObject(stream("counter", "1")); // what it remembers of positions is gone
    const getByName = env.LOGS.getByName.bind(env.LOGS);
    vi.spyOn(env.LOGS, "getByName").mockImplementation(
      (name) =>
        new Proxy(getByName(name), {
          get: (target, property) =>
            property === "positions" ? () => Promise.reject(new Error("the log is away")) : Reflect.get(target, property),
        }),
    );
    const { events } = await json("/streams/counter/1?positions=true");
    expect(events).toMatchObject([{ version: 1, type: "Counted" }]);
    expect(events[0]).not.toHaveProperty("position");
    vi.restoreAllMocks();
    expect((await json("/streams/counter/1?positions=true")).events).toMatchObject([{ version: 1, position: 1 }]);
  });

  it("and never answers is not waited for any longer, and the alarm tries again", async () => {
    const { store, post, stream, log } = freshStore();
    const warnings = vi.spyOn(console, "warn").mockReturnValue();
    const { restore } = interceptLog(store, () => () => new Promise(() => {}));
    // The clock is set forward by as long as a call may take, and a call that waits so long checks it soon.
    let ahead = 0;
    const [wait, now] = [globalThis.setTimeout, Date.now];
    vi.spyOn(Date, "now").mockImplementation(() => now() + ahead);
    vi.spyOn(globalThis, "setTimeout").mockImplementation(((run: (given?: unknown) => void, ms: number, given: unknown) =>
      wait(run, Math.min(ms, 100), given)) as never);
    expect(await read(await post(COUNT, {}, IMPATIENT))).not.toHaveProperty("position");
    ahead = 10_000;
    await eventually(() => expect(JSON.stringify(warnings.mock.calls)).toContain("the log did not answer in time"));
    restore();
    // Unless the alarm has gone off by itself: then it is under way.
    await runDurableObjectAlarm(stream("counter", "1"));
    await eventually(async () => expect(await log()).toHaveLength(1));
  });

  it("and claims to have less than it was sent is not believed, and not asked without end", async () => {
    const { store, post, log } = freshStore();
    const { calls, restore } = interceptLog(store, () => async () => ({ head: 0 }));
    expect(await read(await post(COUNT, {}))).not.toHaveProperty("position");
    expect(calls.length).toBeLessThan(4);
    restore();
    expect(await read(await post(COUNT, {}))).toMatchObject({ version: 2, position: 2 });
    expect(await log()).toHaveLength(2);
  });

  it("gets the events that it lacks in calls of a bounded size, each of whole appends", async () => {
    const { store, post, json, stream } = freshStore();
    const { restore } = interceptLog(store, () => () => Promise.reject(new Error("the log is down")));
    const events = Array.from({ length: 20 }, (_, value) => ({ type: "Raised", data: { from: "x".repeat(100_000), value } }));
    for (let append = 0; append < 5; append++) await post("/streams/alarm/1", { events }, IMPATIENT);
    await evictDurableObject(stream("alarm", "1"));
    restore();
    const { calls, restore: restoreAgain } = interceptLog(store, (real) => real);
    await runDurableObjectAlarm(stream("alarm", "1")); // or it runs already, by itself
    await eventually(async () => expect(await json("/log/head")).toEqual({ head: 100 }));
    restoreAgain();
    const sizes = calls.map(({ length }) => length).filter((size) => size > 0);
    expect(sizes.length).toBeGreaterThan(1);
    expect(sizes.every((size) => size % events.length === 0)).toBe(true);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(100);
  });
});

it("a position that is asked for much later is found by the log", async () => {
  const { post, json } = freshStore();
  for (let version = 1; version <= 70; version++) await post("/streams/sample/s", { type: "Read", data: { value: version } });
  const { events } = await json("/streams/sample/s?positions=true&limit=100");
  expect(events.map(({ position }: { position: number }) => position)).toEqual(Array.from({ length: 70 }, (_, index) => index + 1));
});

describe("events on their way together", () => {
  it("go in one call at a time; those stored in the meantime go in the next", async () => {
    const { store, post, log } = freshStore();
    const { calls, restore } = interceptLog(store, (real) => async (name, events) => {
      await scheduler.wait(20);
      return real(name, events);
    });
    const answers = await Promise.all(Array.from({ length: 20 }, async () => read(await post(COUNT, {}, { prefer: "wait=20" }))));
    restore();
    expect(calls.length).toBeLessThan(20);
    expect(calls.flat().map(({ version }) => version)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    expect(answers.map(({ position }) => position).toSorted((a, b) => a - b)).toEqual((await log()).map(({ position }) => position));
  });

  it("keep the events of one append together, at consecutive positions, whatever other streams do", async () => {
    const { post, log } = freshStore();
    const events = Array.from({ length: 5 }, (_, value) => ({ type: "Read", data: { value } }));
    await Promise.all(Array.from({ length: 10 }, (_, id) => post(`/streams/reading/${id}`, { events })));
    const entries = (await log()).filter(({ stream }) => stream.startsWith("reading/"));
    for (let at = 0; at < entries.length; at += 5) {
      expect(new Set(entries.slice(at, at + 5).map(({ stream }) => stream)).size).toBe(1);
    }
  });
});

describe("an object that holds fewer events than the log (restored to an earlier time)", () => {
  it("refuses to write, because its new events would be mistaken for those that the log has", async () => {
    expectErrors(/Diverged/);
    const { post, get, stream, log } = freshStore();
    const stub = stream("counter", "1");
    await post(COUNT, {});
    await post(COUNT, {});
    await runInDurableObject(stub, (_instance, { storage }) => rewriteIn(storage, (events) => events.slice(0, 1)));
    await evictDurableObject(stub);
    expect((await post(COUNT, { by: 7 })).status).toBe(500);
    expect((await post(COUNT, {})).status).toBe(500);
    expect((await get("/aggregates/counter/1")).status).toBe(500);
    expect(await log()).toHaveLength(2);
    // Trying again would change nothing: its alarm leaves it at that.
    await runInDurableObject(stub, (_instance, { storage }) => storage.setAlarm(Date.now() + 60_000));
    await runDurableObjectAlarm(stub);
    expect(await alarmOf(stub)).toBeNull();
  });
});

describe("the events that wait to be in the log", () => {
  it("are counted in the state, with the time since when they wait", async () => {
    const { store, post, json, stream } = freshStore();
    await post(COUNT, {});
    expect(await json("/aggregates/counter/1")).not.toHaveProperty("unsequenced");
    const { restore } = interceptLog(store, () => () => Promise.reject(new Error("the log is down")));
    await post("/aggregates/counter/1/CountTwice", {});
    const [, oldest] = (await json("/streams/counter/1")).events;
    expect((await json("/aggregates/counter/1")).unsequenced).toEqual({ since: oldest.recordedAt, events: 2 });
    expect(await json("/aggregates/counter/1?version=1")).not.toHaveProperty("unsequenced");
    // An object that has just begun knows nothing of the log: the last append may be what a crash has left.
    await evictDurableObject(stream("counter", "1"));
    expect((await json("/aggregates/counter/1")).unsequenced).toEqual({ since: oldest.recordedAt, events: 2 });
    restore();
    expect(await json("/aggregates/counter/1")).not.toHaveProperty("unsequenced");
  });
});

describe("asking for a stream that does not exist", () => {
  it("leaves no database behind", async () => {
    const { get, stream, logObject } = freshStore();
    expect((await get("/streams/counter/none")).status).toBe(404);
    expect((await get("/aggregates/counter/none")).status).toBe(404);
    expect(await read(await get("/log"))).toEqual({ events: [], hasMore: false, next: 0, head: 0 });
    for (const stub of [stream("counter", "none"), logObject()]) {
      const tables = await runInDurableObject(stub as DurableObjectStub, (_instance, { storage }) =>
        storage.sql.exec(`SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'`).toArray(),
      );
      expect(tables).toEqual([]);
    }
  });
});

it("the test's log can be intercepted: otherwise the tests above would prove nothing", async () => {
  const { store, post } = freshStore();
  const { calls, restore } = interceptLog(store, (real) => real);
  await post(COUNT, {});
  expect(calls).toHaveLength(1);
  restore();
  expect(env.LOGS.getByName).not.toHaveProperty("mock");
});
