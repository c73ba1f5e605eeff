/** A source: each change once and in order, whatever breaks; and what an operator sees of it, and does. */

import { env } from "cloudflare:workers";
import {
  createExecutionContext,
  createMessageBatch,
  evictDurableObject,
  getQueueResult,
  runInDurableObject,
  waitOnExecutionContext,
} from "cloudflare:test";
import { createWorker } from "../../../src/runtime.ts";
import { handleBatch, wakeSourcesInCode } from "../../../src/operations/sources.ts";
import { wakeUpFor } from "../../../src/store/consumer-protocol.ts";
import { describe, expect, it, vi } from "vitest";
import { SourceStopped } from "../../../src/definitions/sources/kind.ts";
import { STOP_MS, WAITING_MESSAGES } from "../../../src/sources/limits.ts";
import { messageOf } from "../../../src/core/mistake.ts";
import { expectErrors } from "../errors.ts";
import { eventually } from "../eventually.ts";
import { envWith, setVariables } from "../support.ts";
import type { SourceRpc } from "../../../src/store/source-protocol.ts";
import { type Followed, followed, valuesByStream } from "./support.ts";
import type { Tick } from "./ticker.ts";

const ticks = (count: number, streams: number, from = 0) =>
  Array.from({ length: count }, (_, index) => ({ of: `s${(from + index) % streams}`, value: from + index }));

/** What each stream must have of so many ticks. */
const expected = (count: number, streams: number) =>
  Object.fromEntries(
    Array.from({ length: Math.min(count, streams) }, (_, stream) => [
      `measured/s${stream}`,
      Array.from({ length: Math.ceil((count - stream) / streams) }, (_, index) => stream + index * streams),
    ]),
  );

/** Inside the object: a call from outside that fails counts as an error of its own. */
const refusal = (stub: DurableObjectStub, work: (source: SourceRpc) => Promise<unknown>) =>
  runInDurableObject(stub, (object) => work(object as unknown as SourceRpc).then(() => undefined, messageOf));

describe("a source", () => {
  it("appends each change to its stream in the outside's order, also across streams, with its origin", async () => {
    const store = followed("in-order");
    store.ticker.add(...ticks(2_500, 7));
    await store.source.wake();
    const progress = await store.settled(2_500);
    expect(progress).toMatchObject({ name: "in", changes: 2_500, appended: 2_500, ended: 0, attempts: 0, position: "#2500" });
    const first = (await store.json("/log?limit=1000")).events;
    const values = first.map(({ data }: { data: { value: number } }) => data.value);
    expect(values).toEqual(Array.from({ length: 1_000 }, (_, value) => value));
    expect(first[0]).toMatchObject({ stream: "measured/s0", type: "Measured", meta: { $source: "in" } });
    await eventually(async () => expect(store.ticker.acknowledged).toBe(2_500));
    await eventually(async () => expect(await store.progress()).toMatchObject({ status: "live", lag: { entries: 0, seconds: 0 } }));
    expect(store.ticker.open).toBe(0);
  });

  it("in code is woken by the first request that its worker gets", async () => {
    const store = followed("first-request");
    store.ticker.add(...ticks(3, 1));
    const worker = createWorker(store.app);
    for (const path of ["/health", `/stores/${store.store}/log`]) {
      const context = createExecutionContext();
      expect((await worker.fetch(new Request(`http://headspring${path}`), env, context)).status).toBe(200);
      await waitOnExecutionContext(context);
      await store.settled(3);
    }
    expect(await valuesByStream(store)).toEqual(expected(3, 1));
  });

  it("acknowledges only what is stored", async () => {
    const store = followed("stored-first");
    store.ticker.onStep = (step) => {
      if (step === "acknowledge") throw new Error("the connection broke");
    };
    store.ticker.add(...ticks(10, 3));
    expectErrors(/a source failed and will try again/);
    await store.source.wake();
    await store.settled(10);
    expect(await valuesByStream(store)).toEqual(expected(10, 3));
    expect(store.ticker.acknowledged).toBe(0);
  });

  it("ignores changes that are of no concern", async () => {
    const store = followed("no-concern", { where: ({ value }) => value % 2 === 1 });
    store.ticker.add(...ticks(6, 1));
    await store.source.wake();
    expect(await store.settled(6)).toMatchObject({ changes: 6, appended: 3, position: "#6" });
    store.ticker.add({ of: "s0", value: 6 }, { of: "s0", value: 8 });
    await store.source.wake(true);
    expect(await store.settled(8)).toMatchObject({ changes: 8, appended: 3, position: "#8" });
    expect(await valuesByStream(store)).toEqual({ "measured/s0": [1, 3, 5] });
    await eventually(() => expect(store.ticker.acknowledged).toBe(8));
  });

  it("keeps what its kind wants to remember, also where there is no change", async () => {
    const store = followed("remembers");
    store.ticker.more = { cursor: { topics: ["a"] }, position: "start", warning: "the session was lost" };
    const warnings = vi.spyOn(console, "warn").mockReturnValue();
    await store.source.wake();
    await eventually(async () => expect(await store.progress()).toMatchObject({ status: "live", position: "start", changes: 0 }));
    for (let look = 0; look < 2; look++) await runInDurableObject(store.sourceStub, async (object) => object.alarm?.());
    expect(await store.progress()).toMatchObject({ warning: "the session was lost" });
    const logged = warnings.mock.calls.filter((call) => JSON.stringify(call).includes("a source has a warning"));
    warnings.mockRestore();
    // One line when it begins, not one per look.
    expect(logged).toHaveLength(1);
    store.ticker.more = {};
    await store.source.wake(true);
    await eventually(async () => expect(await store.progress()).not.toHaveProperty("warning"));
    await store.source.control("reset");
    expect(store.ticker.forgotten).toEqual([{ why: "reset", cursor: { topics: ["a"] } }]);
  });

  it("stops when its kind wants to remember more than is kept for it", async () => {
    const store = followed("remembers-too-much");
    store.ticker.add(...ticks(1, 1));
    store.ticker.more = { cursor: "x".repeat(64 * 1024) };
    expectErrors(/a source has stopped/);
    await store.source.wake();
    const message = "the kind ticker wants to keep more than 65536 characters";
    await eventually(async () => expect(await store.progress()).toMatchObject({ status: "failed", changes: 0, lastError: { message } }));
    expect([store.ticker.acknowledged, store.ticker.open]).toEqual([0, 0]);
    // With its quotation marks: as many as are kept.
    store.ticker.more = { cursor: "x".repeat(64 * 1024 - 2) };
    await store.source.control("retry");
    expect(await store.settled(1)).toMatchObject({ appended: 1 });
  });

  it("that stops tries again at once if an operator has resumed it in the meantime", async () => {
    const store = followed("resumed-meanwhile");
    store.ticker.add(...ticks(1, 1));
    expectErrors(/a source has stopped/);
    store.ticker.onStep = async (step) => {
      if (step !== "connect" || store.ticker.connections > 0) return;
      store.ticker.connections += 1;
      await (env.SOURCES.getByName(`${store.store}/in`) as unknown as SourceRpc).control("resume");
      throw new SourceStopped("the slot is gone");
    };
    await store.source.wake();
    expect(await store.settled(1)).toMatchObject({ appended: 1 });
  });

  it("goes on by itself once the fault is gone, and reports the fault until then", async () => {
    const store = followed("mended");
    let isBroken = true;
    store.ticker.onStep = (step) => {
      if (isBroken && step === "connect") throw new Error("nobody answers at broker:4222");
    };
    store.ticker.add(...ticks(3, 1));
    expectErrors(/a source failed and will try again/);
    await store.source.wake();
    await eventually(async () =>
      expect(await store.progress()).toMatchObject({
        status: "retrying",
        attempts: 1,
        lastError: { message: "nobody answers at broker:4222" },
      }),
    );
    expect((await store.progress()).nextAttemptAt).toBeDefined();
    isBroken = false;
    const after = await store.settled(3);
    expect(after).toMatchObject({ appended: 3, attempts: 0 });
    expect(after.lastError).toBeUndefined();
  });

  it("stops where trying again would not help, until an operator acts", async () => {
    const store = followed("stopped");
    let isGone = true;
    store.ticker.onStep = () => {
      if (isGone) throw new SourceStopped("the slot is gone");
    };
    store.ticker.add(...ticks(2, 1));
    expectErrors(/a source has stopped/);
    await store.source.wake();
    await eventually(async () =>
      expect(await store.progress()).toMatchObject({ status: "failed", lastError: { message: "the slot is gone" } }),
    );
    expect((await store.progress()).nextAttemptAt).toBeUndefined();
    await runInDurableObject(store.sourceStub, async (_object, { storage }) => expect(await storage.getAlarm()).toBeNull());
    // The sweep does not count as somebody.
    await store.source.wake();
    await runInDurableObject(store.sourceStub, async (_object, { storage }) => expect(await storage.getAlarm()).toBeNull());
    isGone = false;
    expect(await store.source.control("retry")).toMatchObject({ attempts: 0 });
    expect(await store.settled(2)).toMatchObject({ appended: 2 });
  });

  it("writes one row, its alarm, when it finds nothing", async () => {
    const store = followed("at-rest");
    store.ticker.add(...ticks(3, 1));
    await store.source.wake();
    await store.settled(3);
    await eventually(async () => expect(await store.progress()).toMatchObject({ status: "live" }));
    await runInDurableObject(store.sourceStub, async (object, { storage }) => {
      const writes = [
        vi.spyOn(storage, "setAlarm"),
        vi.spyOn(storage.kv, "put"),
        vi.spyOn(storage.kv, "delete"),
        vi.spyOn(storage.sql, "exec"),
      ];
      const deleted = vi.spyOn(storage, "deleteAlarm");
      await object.alarm?.();
      expect(writes.map((write) => write.mock.calls.length)).toEqual([1, 0, 0, 0]);
      expect(deleted).not.toHaveBeenCalled();
    });
  });

  it("works again after its alarm was lost, as soon as a client reads its state", async () => {
    const store = followed("lost-alarm");
    await store.source.wake();
    await eventually(async () => expect(await store.progress()).toMatchObject({ status: "live" }));
    await runInDurableObject(store.sourceStub, async (_object, { storage }) => storage.deleteAlarm());
    await evictDurableObject(store.sourceStub);
    store.ticker.add(...ticks(3, 1));
    expect(await store.settled(3)).toMatchObject({ appended: 3 });
  });

  it("in code is woken by the cron and by the first request, whatever keeps another one from being woken", async () => {
    const store = followed("woken-in-code");
    store.ticker.add(...ticks(3, 1));
    const warnings = vi.spyOn(console, "warn").mockReturnValue();
    const unreachable = { wake: () => Promise.reject(new Error("Network connection lost.")) };
    const SOURCES = { getByName: (name: string) => (name.endsWith("/brought") ? unreachable : env.SOURCES.getByName(name)) };
    await wakeSourcesInCode(store.app, envWith({ SOURCES }));
    await store.settled(3);
    expect(await valuesByStream(store)).toEqual(expected(3, 1));
    expect(JSON.stringify(warnings.mock.calls)).toContain("a source could not be woken; the next sweep wakes it");
    warnings.mockRestore();
  });

  it("names a variable that the deployment lacks, and goes on with a new definition", async () => {
    const store = followed("no-variable", {}, { secret: "NO_SUCH_VARIABLE" });
    store.ticker.add(...ticks(1, 1));
    expectErrors(/a source has stopped/);
    await store.source.wake();
    const lacking = { status: "failed", lastError: { message: "the deployment has no variable, secret or binding NO_SUCH_VARIABLE" } };
    await eventually(async () => expect(await store.progress()).toMatchObject(lacking));
    setVariables({ NO_SUCH_VARIABLE: "here" });
    await store.source.wake(true);
    expect(await store.settled(1)).toMatchObject({ appended: 1 });
  });
});

describe("a change that cannot be stored", () => {
  const WRONG = [
    ["the data does not fit", { of: "s0", value: "text" }, {}, /^the data does not fit the schema of Measured: value: /],
    ["the id of the stream is none", { of: "a/b", value: 1 }, {}, /^`stream`: a stream id must not contain `\/`$/],
    ["the id of the stream is empty", { of: "", value: 1 }, {}, /^`stream`: a stream id must not be empty$/],
    ["the id of the stream is no string", { of: 7, value: 1 }, {}, /^`stream`: a stream id must be a string, not /],
    [
      "the category has no such type",
      { of: "s0", value: 1 },
      { type: () => "Lost" },
      /^measured has no event type "Lost"; it has Measured, Noted$/,
    ],
    ["nothing says which type it is", { of: "s0", value: 1 }, { type: undefined }, /^measured has several event types/],
    ["the function throws", { of: "s0", value: -1 }, { data: refuseNegative }, /^no negative values here$/],
    ["the data is no object", { of: "s0", value: 1 }, { data: () => [1] }, /^`data` must be a JSON object, got an array$/],
    [
      "the data is too large",
      { of: "s0", value: 1 },
      { type: () => "Noted", data: () => ({ text: "x".repeat(128 * 1024) }) },
      /^the data has more than 131072 bytes$/,
    ],
  ] as const;

  it.each(WRONG)("because %s is reported; those before it are stored, and those after it wait", async (_what, value, changed, message) => {
    const good = { type: () => "Measured", data: (tick: Tick) => tick };
    const isWrong = (tick: Tick) => tick.value === value.value && tick.of === value.of;
    const store = followed("wrong-change", {
      type: (tick) => (isWrong(tick) && "type" in changed ? (changed.type?.() ?? (undefined as never)) : good.type()),
      data: (tick) => (isWrong(tick) && "data" in changed ? changed.data(tick) : good.data(tick)),
    });
    store.ticker.add({ of: "s0", value: 100 }, value, { of: "s1", value: 101 });
    expectErrors(/a source failed and will try again/);
    await store.source.wake();
    const fails = {
      lag: { entries: 2 },
      status: "retrying",
      changes: 1,
      appended: 1,
      position: "#1",
      lastError: { message: expect.stringMatching(message), change: "#2" },
    };
    await eventually(async () => expect(await store.progress()).toMatchObject(fails));
    expect(await valuesByStream(store)).toEqual({ "measured/s0": [100] });
    // An operator decides.
    expect(await store.source.control("skip", "#3")).toEqual({ detail: "it fails at change #2: name that one to skip it" });
    expect(await store.source.control("skip", "#2")).toMatchObject({ attempts: 0, skipped: [{ change: "#2" }] });
    expect(await store.settled(3)).toMatchObject({ appended: 2 });
    expect(await valuesByStream(store)).toEqual({ "measured/s0": [100], "measured/s1": [101] });
  });

  it.each(["", "x".repeat(513)])("because its id is of a wrong length is reported: %j", async (id) => {
    const store = followed("wrong-id");
    store.ticker.add({ of: "s0", value: 1 }, { of: "s0", value: 2 }, { of: "s0", value: 3 });
    store.ticker.entries[0] = { ...store.ticker.entries[0]!, id: "x".repeat(512) };
    store.ticker.entries[1] = { ...store.ticker.entries[1]!, id };
    expectErrors(/a source failed and will try again/);
    await store.source.wake();
    const message = `the id of the change must have 1 to 512 characters, and has ${id.length}`;
    await eventually(async () => expect(await store.progress()).toMatchObject({ appended: 1, lastError: { message, change: "#2" } }));
    await store.source.control("skip", "#2");
    expect(await store.settled(3)).toMatchObject({ appended: 2 });
  });

  it("because its kind can make nothing of it is reported, unless it is of no concern", async () => {
    const store = followed("unreadable", { where: ({ of }) => of !== "noise" });
    store.ticker.add({ of: "s0", value: 1 }, { of: "noise", value: 2 }, { of: "s0", value: 3 });
    for (const at of [1, 2]) store.ticker.entries[at] = { ...store.ticker.entries[at]!, unreadable: "the message has no id" };
    expectErrors(/a source failed and will try again/);
    await store.source.wake();
    await eventually(async () =>
      expect(await store.progress()).toMatchObject({ lastError: { message: "the message has no id", change: "#3" } }),
    );
    expect(await valuesByStream(store)).toEqual({ "measured/s0": [1] });
  });

  function refuseNegative({ value }: Tick): object {
    if (value < 0) throw new Error("no negative values here");
    return { of: "s0", value };
  }
});

describe("an operator", () => {
  it("pauses and resumes a source: nothing is read in between", async () => {
    const store = followed("paused");
    expect(await store.source.control("pause")).toMatchObject({ status: "paused" });
    store.ticker.add(...ticks(4, 2));
    await store.source.wake();
    await runInDurableObject(store.sourceStub, async (_object, { storage }) => expect(await storage.getAlarm()).toBeNull());
    expect(store.ticker.connections).toBe(0);
    expect(await store.source.control("retry")).toEqual({ detail: "it is paused: resume it" });
    await store.source.control("resume");
    expect(await store.settled(4)).toMatchObject({ appended: 4 });
  });

  it("resets a source: it reads from the beginning again, and appends what is missing", async () => {
    const store = followed("reset");
    store.ticker.add(...ticks(5, 2));
    await store.source.wake();
    await store.settled(5);
    await eventually(() => expect(store.ticker.acknowledged).toBe(5));
    await store.source.control("reset");
    expect(store.ticker.forgotten).toEqual([{ why: "reset", cursor: 5 }]);
    expect(await store.settled(10)).toMatchObject({ appended: 5 });
    expect(await valuesByStream(store)).toEqual(expected(5, 2));
  });

  it("removes a source: the outside is cleaned up, and the same changes are recognised when it is declared again", async () => {
    const store = followed("removed");
    store.ticker.add(...ticks(5, 2));
    await store.source.wake();
    await store.settled(5);
    expect(await store.source.remove()).toBeUndefined();
    expect(store.ticker.forgotten.at(-1)).toMatchObject({ why: "remove" });
    await store.source.wake();
    expect(await store.settled(5)).toMatchObject({ changes: 5, appended: 0 });
    expect(await valuesByStream(store)).toEqual(expected(5, 2));
  });

  it("is asked to try again while a source does not come to a stop", async () => {
    const store = followed("at-work");
    store.ticker.add(...ticks(1, 1));
    const gate = { isOpen: false, isReached: false };
    store.ticker.onStep = async (step) => {
      if (step !== "read") return;
      gate.isReached = true;
      while (!gate.isOpen) await scheduler.wait(5);
    };
    await store.source.wake();
    await eventually(() => expect(gate.isReached).toBe(true));
    const wait = globalThis.setTimeout;
    vi.spyOn(globalThis, "setTimeout").mockImplementation((callback: () => void, ms?: number) => wait(callback, ms === STOP_MS ? 0 : ms));
    for (const action of ["pause", "reset"] as const)
      expect(await refusal(store.sourceStub, (source) => source.control(action))).toBe(
        "in is at work, and has not come to a stop in 15000 ms; try again",
      );
    vi.restoreAllMocks();
    gate.isOpen = true;
    // Nothing of it was done, and the work goes on.
    expect(await store.settled(1)).toMatchObject({ appended: 1 });
    expect(store.ticker.forgotten).toEqual([]);
  });

  it("cannot skip or retry where nothing fails", async () => {
    const store = followed("nothing-to-do");
    expect(await store.source.control("skip", "#1")).toEqual({ detail: "it does not fail at a change: there is nothing to skip" });
    expect(await store.source.control("retry")).toEqual({ detail: "it does not fail: there is nothing to try again" });
  });

  it("gets undefined for an unknown source", async () => {
    const store = followed("none");
    const other = env.SOURCES.getByName(`${store.store}/other`) as unknown as SourceRpc;
    expect(await other.progress()).toBeUndefined();
    expect(await other.control("pause")).toBeUndefined();
    expect(await other.remove()).toBeUndefined();
    await other.wake();
    await eventually(() =>
      runInDurableObject(store.sourceStub, async (_object, { storage }) => expect(await storage.getAlarm()).toBeNull()),
    );
  });
});

describe("changes for a stream that was deleted", () => {
  it("are dropped and counted, and the others go on", async () => {
    const store = followed("deleted-stream");
    store.ticker.add(...ticks(4, 2));
    await store.source.wake();
    await store.settled(4);
    expect((await store.send("DELETE", "/streams/measured/s1")).status).toBe(200);
    store.ticker.add(...ticks(4, 2, 4));
    await store.source.control("resume");
    expect(await store.settled(8)).toMatchObject({ appended: 6, ended: 2 });
    expect((await valuesByStream(store))["measured/s0"]).toEqual([0, 2, 4, 6]);
  });
});

describe("messages that the platform brings", () => {
  const bring = async (store: Followed, bodies: readonly unknown[], firstId = 0) => {
    const messages = bodies.map((body, index) => ({ id: `m${firstId + index}`, timestamp: new Date(0), attempts: 1, body }));
    const batch = createMessageBatch(`queue-of-${store.store}`, messages);
    await handleBatch(store.app, env, batch);
    return getQueueResult(batch, createExecutionContext());
  };
  const brought = (store: Followed) => env.SOURCES.getByName(`${store.store}/brought`) as unknown as SourceRpc;

  it("are stored before they are acknowledged, and each once however often it comes", async () => {
    const store = followed("brought");
    const bodies = ticks(20, 3);
    expect(await bring(store, bodies)).toMatchObject({ ackAll: true });
    await bring(store, bodies);
    await bring(store, bodies.slice(5, 9), 5);
    expect(await valuesByStream(store)).toEqual(expected(20, 3));
    expect(await brought(store).progress()).toMatchObject({ status: "live", waiting: 0, appended: 20, changes: 44 });
    const [first] = await store.log();
    expect(first).toMatchObject({ meta: { $source: "brought" }, time: "1970-01-01T00:00:00.000Z" });
  });

  it("are one change where the member that names them has one value, whatever the messages' ids", async () => {
    const store = followed("brought-named", {}, {}, { id: "order.number" });
    const body = (number: unknown, value: number) => ({ of: "s0", value, order: { number } });
    await bring(store, [body(7, 0), body(8, 1), body(7, 2), body("7", 3), body("9.5", 4)]);
    await bring(store, [body(8, 5), body("toString", 6)], 5);
    expect(await valuesByStream(store)).toEqual({ "measured/s0": [0, 1, 4, 6] });
    expectErrors(/a source failed and will try again|a change was skipped/);
    const nameless = [
      { of: "s0", value: 7 },
      body(null, 8),
      body({}, 9),
      body(true, 10),
      { of: "s0", value: 11, order: "x" },
      ["order"],
      12,
    ];
    for (const [index, one] of [...nameless, body("secret".repeat(50), 13)].entries()) {
      const id = `m${10 + index}`;
      await bring(store, [one], 10 + index);
      await eventually(async () => expect(await brought(store).progress()).toMatchObject({ lastError: { change: id } }));
      const { message = "" } = (await brought(store).progress())?.lastError ?? {};
      expect(message).toMatch(
        /^(?:the message has no string or number|the value) at order\.number, which names (?:it|the message, has more than 256 characters)$/,
      );
      await brought(store).control("skip", id);
      await eventually(async () => expect(await brought(store).progress()).toMatchObject({ status: "live", waiting: 0 }));
    }
    await bring(store, [body("last", 14)], 20);
    expect(await valuesByStream(store)).toEqual({ "measured/s0": [0, 1, 4, 6, 14] });
  });

  it("wait in the source while it is paused, or fails at one, and go on in their order", async () => {
    const store = followed("brought-later");
    await brought(store).control("pause");
    await bring(store, [{ of: "s0", value: 0 }, "no object", { of: "s0", value: 2 }]);
    expect(await brought(store).progress()).toMatchObject({ status: "paused", waiting: 3, lag: { entries: 3 } });
    expectErrors(/a source failed and will try again/);
    await brought(store).control("resume");
    await eventually(async () =>
      expect(await brought(store).progress()).toMatchObject({ status: "retrying", waiting: 2, lastError: { change: "m1" } }),
    );
    await bring(store, [{ of: "s0", value: 3 }], 3);
    expect(await brought(store).progress()).toMatchObject({ waiting: 3 });
    await brought(store).control("skip", "m1");
    await eventually(async () => expect(await brought(store).progress()).toMatchObject({ status: "live", waiting: 0 }));
    expect(await valuesByStream(store)).toEqual({ "measured/s0": [0, 2, 3] });
  });

  it("arrive again if the source cannot be reached, and if no source follows their queue", async () => {
    const store = followed("brought-again");
    // The second one looks like a wake-up, but is for nobody.
    const bodies = [{ hello: 1 }, { store: store.store, head: 1 }];
    const batch = createMessageBatch(
      "nobodys",
      bodies.map((body, index) => ({ id: `m${index}`, timestamp: new Date(), attempts: 1, body })),
    );
    expectErrors(/messages of a queue that no source follows/);
    await handleBatch(store.app, env, batch);
    expect(await getQueueResult(batch, createExecutionContext())).toMatchObject({ retryBatch: { retry: true } });
    const unreachable = { getByName: () => ({ take: () => Promise.reject(new Error("Network connection lost.")) }) };
    const other = createMessageBatch(`queue-of-${store.store}`, [
      { id: "m", timestamp: new Date(), attempts: 1, body: { of: "s0", value: 1 } },
    ]);
    await handleBatch(store.app, envWith({ SOURCES: unreachable }), other);
    expect(await getQueueResult(other, createExecutionContext())).toMatchObject({ retryBatch: { retry: true } });
    expect(await store.log()).toEqual([]);
  });

  it("arrive again if too many wait already, or their source is gone or reads for itself by now", async () => {
    const store = followed("brought-too-many");
    const message = { id: "m", timestamp: 0, body: "{}" };
    const none = env.SOURCES.getByName(`${store.store}/none`);
    expect(await refusal(none, (source) => source.take([message]))).toBe("there is no source none");
    expect(await refusal(store.sourceStub, (source) => source.take([message]))).toBe(
      "in is of kind ticker by now, to which no messages are brought",
    );
    await brought(store).control("pause");
    const [first, last] = [
      { of: "s0", value: 0 },
      { of: "s0", value: 1 },
    ];
    await bring(store, [first]);
    await runInDurableObject(env.SOURCES.getByName(`${store.store}/brought`), (_object, { storage }) => {
      storage.sql.exec(
        `INSERT INTO waiting (id, sent_at, body)
         WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
         SELECT 'w' || n, 0, '{}' FROM numbers`,
        WAITING_MESSAGES - 2,
      );
    });
    expect(await bring(store, [last], 1)).toMatchObject({ ackAll: true });
    expect(await bring(store, [last], 2)).toMatchObject({ ackAll: false, retryBatch: { retry: true } });
    expect(await brought(store).progress()).toMatchObject({ waiting: WAITING_MESSAGES });
  });

  it("are read once, also among wake-ups", async () => {
    const bodies = [{ hello: 1 }, wakeUpFor("of-nobody", ["none"], { head: 1 })];
    let reads = 0;
    const messages = bodies.map((body, index) => ({
      id: `m${index}`,
      timestamp: new Date(),
      attempts: 1,
      get body() {
        reads += 1;
        return body;
      },
      ack: () => undefined,
      retry: () => expect.unreachable(),
    }));
    expectErrors(/unknown message in the wake-up queue, dropped/);
    await handleBatch(followed("none").app, env, { queue: "nobodys", messages } as unknown as MessageBatch);
    expect(reads).toBe(bodies.length);
  });

  it("cannot be read again: a reset is refused", async () => {
    const store = followed("no-reset");
    expect(await brought(store).control("reset")).toEqual({
      detail: "queue brings each message once: there is no beginning to go back to",
    });
  });
});

describe("a source within the limits of an invocation", () => {
  it("stores a transaction of more streams than the Free plan allows calls, in several runs", async () => {
    setVariables({ WORKERS_PLAN: "free" });
    const store = followed("free");
    store.ticker.least = 200;
    store.ticker.add(...ticks(230, 100));
    await store.source.wake();
    expect(await store.settled(230)).toMatchObject({ appended: 230 });
    expect(await valuesByStream(store)).toEqual(expected(230, 100));
  });

  it("stores portions over one connection, which the next run takes over", async () => {
    setVariables({ WORKERS_PLAN: "free" });
    const store = followed("free-portions");
    store.ticker.add(...ticks(150, 50));
    await store.source.wake();
    expect(await store.settled(150)).toMatchObject({ appended: 150 });
    expect(await valuesByStream(store)).toEqual(expected(150, 50));
    await eventually(() => expect([store.ticker.connections, store.ticker.open]).toEqual([1, 0]));
  });

  it.each(["paused", "at rest"])(
    "keeps messages for more streams than the Free plan allows calls while it is %s, and stores them all",
    async (state) => {
      setVariables({ WORKERS_PLAN: "free" });
      const store = followed("free-brought");
      const source = env.SOURCES.getByName(`${store.store}/brought`) as unknown as SourceRpc;
      if (state === "paused") await source.control("pause");
      const messages = ticks(100, 100).map((body, index) => ({ id: `m${index}`, timestamp: 0, body: JSON.stringify(body) }));
      await source.take(messages);
      await source.control("resume");
      await eventually(async () => expect(await source.progress()).toMatchObject({ status: "live", waiting: 0, appended: 100 }));
      expect(await valuesByStream(store)).toEqual(expected(100, 100));
    },
  );
});

describe("a source, whatever dies,", () => {
  it("stores each change once, in the order of its stream: broken connections, lost acknowledgements, objects that lose their memory", async () => {
    const store = followed("dies", { every: "100ms" });
    let seed = 7;
    const chance = (of: number) => (seed = (seed * 48_271) % 2_147_483_647) % of === 0;
    store.ticker.onStep = () => {
      if (chance(3)) throw new Error("the connection broke");
    };
    expectErrors(/a source failed and will try again/);
    for (let round = 0; round < 12; round++) {
      store.ticker.add(...ticks(30, 5, round * 30));
      await store.source.wake(true);
      for (const stub of [store.sourceStub, store.segmentStub(1), store.stream("measured", "s1")]) {
        // One that is not running has lost its memory already.
        if (chance(2)) await evictDurableObject(stub).catch(() => {});
      }
      await scheduler.wait(20);
    }
    store.ticker.onStep = () => {};
    await store.source.wake(true);
    await eventually(async () => expect((await store.log()).length).toBe(360));
    await eventually(() => expect(store.ticker.acknowledged).toBe(360));
    expect(await valuesByStream(store)).toEqual(expected(360, 5));
  });
});
