/** A webhook that is paused, put back, switched off or robbed of its log at the very moment when it is at work (promise 6). */

import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { type MockInstance, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WEBHOOK_FRESH_MS, WEBHOOK_REPLAYS } from "../../../src/deliveries/limits.ts";
import { BlockedTable } from "../../../src/deliveries/blocked-table.ts";
import { eventually } from "../delivery/support.ts";
import { read as readJson } from "../support.ts";
import { clock, interceptReads, subscribed } from "./support.ts";

let complaints: MockInstance<typeof console.error>;

beforeEach(() => {
  complaints = vi.spyOn(console, "error").mockReturnValue();
});
afterEach(() => vi.restoreAllMocks());

const OK = () => new Response(null, { status: 204 });
const FAILED = () => new Response("no", { status: 500 });
const said = () => JSON.stringify(complaints.mock.calls);

type Subscribed = Awaited<ReturnType<typeof subscribed>>;

/** An endpoint whose answers wait until the test says what they are. */
function slowly({ endpoint }: Subscribed) {
  const { promise, resolve } = Promise.withResolvers<() => Response>();
  endpoint.answer = async () => (await promise)();
  return {
    /** Answers what waits, and whatever comes. */
    answer: (how: () => Response) => {
      resolve(how);
      endpoint.answer = how;
    },
  };
}

/** Holds back what the log says to the reads that the test picks, until it lets them go. */
function holdReads(store: string, picks: (request: { limit: number; stream?: string }) => boolean) {
  const { promise, resolve } = Promise.withResolvers<void>();
  let held = 0;
  const spy = interceptReads(store, (real) => async (request) => {
    const page = await real(request);
    if (!picks(request)) return page;
    held += 1;
    await promise;
    return page;
  });
  return {
    held: () => held,
    letGo: () => {
      spy.mockRestore();
      resolve();
    },
  };
}

const pause = ({ send, webhook }: Subscribed, paused: boolean) => send("PATCH", `/webhooks/${webhook.id}`, { paused });

describe("a webhook that is paused", () => {
  it("while it reads the next events, sends none of them until it is resumed", async () => {
    const store = await subscribed("paused-reading");
    await store.read("s", 1);
    const reads = holdReads(store.store, () => true);
    const waking = store.wake();
    await eventually(() => expect(reads.held()).toBe(1));
    await pause(store, true);
    reads.letGo();
    expect((await waking).explicitAcks).toHaveLength(1);
    expect(store.received()).toEqual([]);
    await pause(store, false);
    await eventually(() => expect(store.received()).toEqual(["reading/s/1"]));
  });

  it("while it looks up an event to send again, does not send it until it is resumed", async () => {
    const store = await subscribed("paused-again");
    const time = clock();
    store.endpoint.answer = FAILED;
    await store.read("s", 1);
    await store.wake();
    await eventually(async () => expect(await store.report()).toMatchObject({ attempts: 1 }));
    store.endpoint.answer = OK;
    time.pass(6_000);
    const reads = holdReads(store.store, ({ limit }) => limit === 1);
    const alarm = store.alarm();
    await eventually(() => expect(reads.held()).toBe(1));
    await pause(store, true);
    reads.letGo();
    await alarm;
    expect(store.received()).toHaveLength(1);
    await pause(store, false);
    await eventually(async () => expect(await store.report()).toMatchObject({ pending: 0 }));
    expect(store.received()).toHaveLength(2);
  });

  it("while it reads again an event that is yet to be sent, keeps that event's place in the order", async () => {
    const store = await subscribed("paused-fresh", { concurrency: 1 });
    const time = clock();
    const { answer } = slowly(store);
    for (const stream of ["a", "b"]) await store.read(stream, 1);
    await store.wake();
    await eventually(() => expect(store.received()).toEqual(["reading/a/1"]));
    time.pass(WEBHOOK_FRESH_MS);
    const reads = holdReads(store.store, () => true);
    answer(OK);
    await eventually(() => expect(reads.held()).toBe(1));
    await pause(store, true);
    reads.letGo();
    await eventually(async () => expect(await store.report()).toMatchObject({ status: "paused", pending: 1 }));
    await pause(store, false);
    await eventually(() => expect(store.received()).toEqual(["reading/a/1", "reading/b/1"]));
  });

  it("while it looks for events that wait behind a failure, finds them when it is resumed", async () => {
    const store = await subscribed("paused-lane", { types: ["Read"] });
    const time = clock();
    store.endpoint.answer = FAILED;
    const events = [
      { type: "Read", data: { value: 1 } },
      { type: "Calibrated", data: {} },
      { type: "Read", data: { value: 2 } },
    ];
    await store.post("/streams/reading/s", { events });
    await store.wake();
    await eventually(async () => expect(await store.report()).toMatchObject({ attempts: 1, pending: 2 }));
    store.endpoint.answer = OK;
    time.pass(6_000);
    // Among what waits is an event that it does not ask for: it is passed over, and the look goes on.
    const reads = holdReads(store.store, ({ stream }) => stream !== undefined);
    const alarm = store.alarm();
    await eventually(() => expect(reads.held()).toBe(1));
    await pause(store, true);
    reads.letGo();
    await alarm;
    expect(store.received()).toEqual(["reading/s/1", "reading/s/1"]);
    await pause(store, false);
    await eventually(() => expect(store.received()).toEqual(["reading/s/1", "reading/s/1", "reading/s/3"]));
    await eventually(async () => expect(await store.report()).toMatchObject({ pending: 0 }));
  });
});

describe("a webhook that is reset to an earlier position", () => {
  it("while a delivery is under way that then fails, sends the event as part of the new run, and keeps nothing of the old one", async () => {
    const store = await subscribed("reset-failing");
    const first = Promise.withResolvers<void>();
    store.endpoint.answer = async () => {
      if (store.endpoint.received.length > 1) return OK();
      await first.promise;
      return FAILED();
    };
    await store.read("s", 1);
    await store.wake();
    await eventually(() => expect(store.received()).toHaveLength(1));
    await store.object.control("reset", 0);
    first.resolve();
    await eventually(async () => expect(await store.report()).toMatchObject({ pending: 0, position: 1, totals: { failed: 1 } }));
    expect(store.received()).toEqual(["reading/s/1", "reading/s/1"]);
    expect(await store.ledger()).toMatchObject([{ run: 1, position: 1, status: "delivered", attempts: 1 }]);
  });

  it("before a failed delivery, forgets the failure and sends everything once more", async () => {
    const store = await subscribed("reset-lane");
    store.endpoint.answer = FAILED;
    for (const value of [1, 2]) await store.read("s", value);
    await store.wake();
    await eventually(async () => expect(await store.report()).toMatchObject({ attempts: 1, pending: 2 }));
    store.endpoint.answer = OK;
    await store.object.control("reset", 0);
    await store.object.control("retry");
    await eventually(() => expect(store.received()).toEqual(["reading/s/1", "reading/s/1", "reading/s/2"]));
    await eventually(async () => expect(await store.report()).toMatchObject({ pending: 0 }));
    expect((await store.ledger()).map(({ run, status }) => [run, status])).toEqual([
      [1, "delivered"],
      [1, "delivered"],
    ]);
  });
});

describe("a webhook whose endpoint says 410", () => {
  it("to two deliveries that were under way together, is switched off once", async () => {
    const store = await subscribed("gone-twice", { concurrency: 2 });
    const time = clock();
    const first = Promise.withResolvers<void>();
    const second = Promise.withResolvers<void>();
    store.endpoint.answer = async ({ stream }) => {
      await (stream === "reading/a" ? first : second).promise;
      return new Response(null, { status: 410 });
    };
    for (const stream of ["a", "b"]) await store.read(stream, 1);
    await store.wake();
    await eventually(() => expect(store.received()).toHaveLength(2));
    first.resolve();
    await eventually(async () => expect(await store.report()).toMatchObject({ status: "failed", totals: { failed: 1 } }));
    time.pass(1_000);
    second.resolve();
    await eventually(async () => expect(await store.report()).toMatchObject({ status: "failed", pending: 2, totals: { failed: 2 } }));
    await eventually(async () => {
      await store.alarm();
      expect(await store.storage(({ kv }) => kv.get("announcements"))).toEqual([]);
    });
    expect((await store.json("/log?type=$webhook.disabled")).events).toHaveLength(1);
  });

  it("is switched on again by an operator's retry", async () => {
    const store = await subscribed("gone-retry");
    store.endpoint.answer = () => new Response(null, { status: 410 });
    await store.read("s", 1);
    await store.wake();
    await eventually(async () => expect(await store.report()).toMatchObject({ status: "failed" }));
    store.endpoint.answer = OK;
    expect((await store.post(`/consumers/${store.webhook.id}/retry`, {})).status).toBe(200);
    await eventually(async () => expect(await store.report()).toMatchObject({ pending: 0 }));
    expect(await store.report()).not.toHaveProperty("disabled");
    expect(store.received()).toEqual(["reading/s/1", "reading/s/1"]);
  });

  it("is announced as soon as the stream for that can be reached", async () => {
    const store = await subscribed("gone-unsaid");
    store.endpoint.answer = () => new Response(null, { status: 410 });
    await store.read("s", 1);
    const getByName = env.STREAMS.getByName.bind(env.STREAMS);
    const away = vi.spyOn(env.STREAMS, "getByName").mockImplementation((name) => {
      const real = getByName(name);
      if (!name.includes("$webhook")) return real;
      const append = () => Promise.reject(new Error("the stream is away"));
      return new Proxy(real, { get: (target, property) => (property === "append" ? append : Reflect.get(target, property)) });
    });
    await store.wake();
    await eventually(async () => expect(await store.report()).toMatchObject({ status: "failed" }));
    await eventually(async () => {
      await store.alarm();
      expect(said()).toContain("a webhook's alarm failed and will be retried");
    });
    expect(await store.armed()).toBe(true);
    away.mockRestore();
    await store.alarm();
    await eventually(async () => expect((await store.json("/log?type=$webhook.disabled")).events).toHaveLength(1));
  });
});

describe("a webhook whose log is away", () => {
  it("when it is resumed, reports that, and lets the log know later that it may be woken again", async () => {
    const store = await subscribed("untold");
    await pause(store, true);
    await store.read("s", 1);
    await store.wake(); // which lets the log know that nobody needs a wake-up
    const getByName = env.LOGS.getByName.bind(env.LOGS);
    const away = vi.spyOn(env.LOGS, "getByName").mockImplementation((name) => {
      const sweep = () => Promise.reject(new Error("the log is away"));
      return new Proxy(getByName(name), {
        get: (target, property) => (property === "sweep" ? sweep : Reflect.get(target, property)),
      });
    });
    await pause(store, false);
    expect(said()).toContain("the log could not be notified that a webhook continues");
    away.mockRestore();
    await store.alarm();
    await store.read("s", 2);
    await eventually(() =>
      expect(store.sent()).toContainEqual({
        body: expect.objectContaining({ store: store.store, consumers: [store.webhook.id], head: 2, asOf: expect.any(Number) }),
      }),
    );
  });

  it("when it would read on, goes on a moment later", async () => {
    const store = await subscribed("unread");
    const time = clock();
    await pause(store, true);
    await store.read("s", 1);
    const away = interceptReads(store.store, () => () => Promise.reject(new Error("the log is away")));
    await pause(store, false);
    await eventually(() => expect(said()).toContain("webhook deliveries stopped; they continue in a moment"));
    away.mockRestore();
    time.pass(5_000);
    await eventually(async () => {
      await store.alarm();
      expect(store.received()).toEqual(["reading/s/1"]);
    });
  });

  it("when two deliveries wait for the same page of it, tries both again, and counts no attempt", async () => {
    const store = await subscribed("page-away", { concurrency: 2 });
    const time = clock();
    const { answer } = slowly(store);
    for (const stream of ["a", "b", "c", "d"]) await store.read(stream, 1);
    await store.wake();
    await eventually(() => expect(store.received()).toHaveLength(2));
    time.pass(WEBHOOK_FRESH_MS);
    const failing = Promise.withResolvers<void>();
    const away = interceptReads(store.store, () => async () => {
      await failing.promise;
      throw new Error("the log is away");
    });
    answer(OK);
    await eventually(async () => expect(await store.report()).toMatchObject({ totals: { delivered: 2 } }));
    failing.resolve();
    await eventually(() => expect(said()).toContain("the log is away"));
    away.mockRestore();
    time.pass(5_000);
    await eventually(async () => {
      await store.alarm();
      expect(store.received().toSorted()).toEqual(["reading/a/1", "reading/b/1", "reading/c/1", "reading/d/1"]);
    });
    await eventually(async () => expect(await store.report()).toMatchObject({ pending: 0, totals: { delivered: 4, failed: 0 } }));
  });

  it.each([
    ["", false],
    [", even if the log believes that it never had them", true],
  ])(
    "and comes back without its last events (restored to an earlier time), skips the events that no longer exist%s",
    async (_how, isStarted) => {
      const store = await subscribed("robbed");
      const time = clock();
      store.endpoint.answer = ({ stream }) => (stream === "reading/gone" ? FAILED() : OK());
      for (const stream of ["s", "s", "s"]) await store.read(stream, 1);
      store.endpoint.answer = FAILED;
      await store.read("gone", 1);
      await store.wake();
      await eventually(async () => expect(await store.report()).toMatchObject({ pending: 4, totals: { failed: 2 } }));
      await runInDurableObject(store.logObject(), (_instance, { storage }) => void storage.sql.exec(`DELETE FROM pages WHERE first > 1`));
      if (isStarted) await evictDurableObject(store.logObject());
      store.endpoint.answer = OK;
      time.pass(6_000);
      await eventually(async () => {
        await store.alarm();
        expect(await store.report()).toMatchObject({ pending: 0 });
      });
      expect(await store.ledger()).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ position: 1, status: "delivered" }),
          expect.objectContaining({ position: 4, status: "skipped", error: "the event was erased" }),
        ]),
      );
    },
  );
});

describe("a webhook that dies", () => {
  it("counts the events that wait behind a failure once, although it reads them again", async () => {
    const store = await subscribed("counted-again");
    store.endpoint.answer = FAILED;
    for (const value of [1, 2, 3]) await store.read("s", value);
    await store.wake();
    await eventually(async () => expect(await store.report()).toMatchObject({ attempts: 1, pending: 3 }));
    // As far as it is stored when it dies early: the blocked stream is, the look at what waits behind it is not.
    const progress = await store.progress();
    await store.storage(({ kv }) => kv.put("progress", { ...progress, feeds: [{ run: 0, settled: 0 }] }));
    await store.evict();
    await store.wake();
    expect(await store.report()).toMatchObject({ pending: 3 });
    store.endpoint.answer = OK;
    await store.object.control("retry");
    await eventually(async () => expect(await store.report()).toMatchObject({ pending: 0 }));
    expect(store.received().slice(1)).toEqual(["reading/s/1", "reading/s/2", "reading/s/3"]);
  });

  it("when its storage fails while it reads on, does not report the events that it has read as taken", async () => {
    const store = await subscribed("storage-reading");
    const { answer } = slowly(store);
    await store.read("a", 1);
    await store.wake();
    await eventually(() => expect(store.received()).toHaveLength(1));
    await store.read("b", 1);
    const reads = holdReads(store.store, ({ limit }) => limit > 1);
    const waking = store.wake();
    await eventually(() => expect(reads.held()).toBe(1));
    vi.spyOn(BlockedTable.prototype, "save").mockImplementationOnce(() => {
      throw new Error("the disk is full");
    });
    answer(FAILED);
    await eventually(() => expect(said()).toContain("the disk is full"));
    reads.letGo();
    expect((await waking).retryMessages).toHaveLength(1);
    answer(OK);
    await store.wake();
    await eventually(async () => {
      await store.alarm();
      expect(await store.report()).toMatchObject({ pending: 0, position: 2 });
    });
  });
});

describe("a webhook whose endpoint takes longer than an alarm may", () => {
  it("goes on without its alarm, and counts the delivery once it is answered", async () => {
    const store = await subscribed("longer");
    const time = clock();
    store.endpoint.answer = FAILED;
    await store.read("s", 1);
    await store.wake();
    await eventually(async () => expect(await store.report()).toMatchObject({ totals: { failed: 1 } }));
    const { answer } = slowly(store);
    const wait = globalThis.setTimeout;
    vi.spyOn(globalThis, "setTimeout").mockImplementation((callback: () => void, ms?: number) => wait(callback, ms === 60_000 ? 0 : ms)); // a minute passes at once
    time.pass(6_000);
    // It ends although the delivery is under way.
    await store.alarm();
    expect(await store.report()).toMatchObject({ pending: 1, totals: { delivered: 0 } });
    expect(await store.armed()).toBe(true);
    answer(OK);
    await eventually(async () => expect(await store.report()).toMatchObject({ pending: 0, totals: { delivered: 1 } }));
    expect(store.endpoint.received).toHaveLength(2);
  });
});

describe("a webhook that is deleted while a pair of keys is made for it", () => {
  it.each([
    ["another", (store: Subscribed) => store.post(`/webhooks/${store.webhook.id}/rotate-secret`, {})],
    ["the first", (store: Subscribed) => store.get(`/.well-known/webhooks/${store.webhook.id}`)],
  ])("keeps neither of them: %s", async (_which, ask) => {
    const store = await subscribed("keys-removed", { asymmetric: true });
    const { promise, resolve } = Promise.withResolvers<void>();
    const generate = crypto.subtle.generateKey.bind(crypto.subtle);
    const making = vi.spyOn(crypto.subtle, "generateKey").mockImplementation(async (...given: Parameters<typeof generate>) => {
      await promise;
      return generate(...given);
    });
    const asking = ask(store);
    await eventually(() => expect(making).toHaveBeenCalled());
    expect((await store.send("DELETE", `/webhooks/${store.webhook.id}`)).status).toBe(204);
    resolve();
    await (await asking).body?.cancel();
    expect(await store.storage(({ kv }) => [...kv.list()])).toEqual([]);
    expect((await store.get(`/.well-known/webhooks/${store.webhook.id}`)).status).toBe(404);
  });
});

describe("replays", () => {
  it("are limited in number", async () => {
    const store = await subscribed("replays");
    await store.read("s", 1);
    await store.wake();
    await eventually(async () => expect(await store.report()).toMatchObject({ pending: 0, position: 1 }));
    slowly(store);
    const replay = () => store.post(`/webhooks/${store.webhook.id}/replay`, { from: 1 });
    for (let number = 1; number <= WEBHOOK_REPLAYS; number++) expect((await replay()).status).toBe(202);
    const refused = await replay();
    expect(await readJson(refused)).toMatchObject({
      status: 409,
      code: "replay-refused",
      detail: expect.stringContaining("are under way"),
    });
  });
});
