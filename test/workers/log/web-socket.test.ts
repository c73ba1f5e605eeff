import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { FEED_SUBSCRIBERS, FEED_UNANSWERED, FEED_WINDOW } from "../../../src/log/limits.ts";
import { freshStore, read } from "../support.ts";
import { numbers, storedEvent, storedEvents } from "./events.ts";
import { SocketClient } from "./subscribers.ts";
import { eventually } from "../eventually.ts";

/** Changes what a subscription's socket keeps. */
async function attachment(stub: DurableObjectStub, change: (kept: { position: number; unanswered: { at: number }[] }) => void = () => {}) {
  return runInDurableObject(stub, (_instance, ctx) =>
    ctx.getWebSockets().map((socket) => {
      const kept = socket.deserializeAttachment();
      change(kept);
      socket.serializeAttachment(kept);
      return kept as { position: number; unanswered: { at: number }[] };
    }),
  );
}

describe("a subscriber over a WebSocket", () => {
  it("gets the history, a message that this was all of it, and then new events", async () => {
    const store = freshStore();
    const log = store.logObject();
    await log.sequence("a/1", storedEvents(1, 3));
    const client = await SocketClient.open(store, "/log");
    await client.caughtUp(3);
    await log.sequence("b/1", storedEvents(1, 2));
    await eventually(() => expect(client.positions).toEqual([1, 2, 3, 4, 5]));
    expect(client.checkpoints).toEqual([{ position: 3, head: 3 }]);
    expect(client.events).toEqual((await store.json("/log")).events);
  });

  it("begins after the position it names", async () => {
    const store = freshStore();
    await store.logObject().sequence("a/1", storedEvents(1, 5));
    const client = await SocketClient.open(store, "/log?after=3");
    await client.caughtUp(5);
    expect(client.positions).toEqual([4, 5]);
  });

  it("begins with the next event when it asks for `head`", async () => {
    const store = freshStore();
    await store.logObject().sequence("a/1", storedEvents(1, 5));
    const client = await SocketClient.open(store, "/log?after=head");
    await client.caughtUp(5);
    await store.logObject().sequence("a/1", storedEvents(6, 6));
    await eventually(() => expect(client.positions).toEqual([6]));
  });

  it("can follow a store that nobody has written to yet", async () => {
    const store = freshStore();
    const client = await SocketClient.open(store, "/log");
    await eventually(() => expect(client.checkpoints).toEqual([{ position: 0, head: 0 }]));
    await store.post("/aggregates/counter/1/Count", { by: 2 });
    await eventually(() => expect(client.events).toMatchObject([{ stream: "counter/1", position: 1, data: { by: 2 } }]));
  });

  it.each([
    ["type=Odd", [1, 3, 5, 7]],
    ["type=Odd&type=Even", [1, 2, 3, 4, 5, 6, 7, 8]],
    ["category=b", [5, 6, 7, 8]],
    ["stream=b/2", [7, 8]],
    ["stream=a/1&stream=b/2", [1, 2, 3, 4, 7, 8]],
    ["category=b&type=Even", [6, 8]],
    ["category=c", []],
  ])("gets only what passes its filter: %s", async (filter, expected) => {
    const store = freshStore();
    const log = store.logObject();
    const write = async (stream: string) => log.sequence(stream, [storedEvent(1, "Odd"), storedEvent(2, "Even")]);
    // History and live events go different ways; both must be filtered.
    await write("a/1");
    await log.sequence("a/1", [storedEvent(3, "Odd"), storedEvent(4, "Even")]);
    await write("b/1");
    const client = await SocketClient.open(store, `/log?${filter}`);
    await client.caughtUp(6);
    await write("b/2");
    await eventually(async () => expect(await attachment(log)).toMatchObject([{ position: 8 }]));
    await client.receivedAll();
    expect(client.positions).toEqual(expected);
  });

  it("hears how far the log has come while its filter lets nothing through", async () => {
    const store = freshStore();
    const client = await SocketClient.open(store, "/log?type=Never");
    for (let from = 1; from <= 2_501; from += 500) await store.logObject().sequence("a/1", storedEvents(from, from + 499));
    await eventually(() => expect(client.position).toBeGreaterThanOrEqual(2_000));
    expect(client.events).toEqual([]);
  });

  it("lets the object sleep; the next event wakes it, and arrives once", async () => {
    const store = freshStore();
    const log = store.logObject();
    await log.sequence("a/1", storedEvents(1, 2));
    const client = await SocketClient.open(store, "/log");
    await client.caughtUp(2);
    for (const version of [3, 4, 5]) {
      await runInDurableObject(log, (instance) => Object.assign(instance, { remembers: true }));
      await evictDurableObject(log);
      await log.sequence("a/1", storedEvents(version, version));
      await eventually(() => expect(client.positions.at(-1)).toBe(version));
      expect(await runInDurableObject(log, (instance) => "remembers" in instance)).toBe(false);
    }
    expect(client.positions).toEqual([1, 2, 3, 4, 5]);
    expect(client.closed).toBeUndefined();
  });

  it("gets its pong without waking the object", async () => {
    const store = freshStore();
    const client = await SocketClient.open(store, "/log");
    await client.caughtUp(0);
    await eventually(() => expect(client.checkpoints).toHaveLength(1));
    await client.receivedAll();
    const answeredByTheRuntime = await runInDurableObject(store.logObject(), (_instance, ctx) =>
      ctx.getWebSockets().map((socket) => ctx.getWebSocketAutoResponseTimestamp(socket) !== null),
    );
    expect(answeredByTheRuntime).toEqual([true]);
    expect(client.closed).toBeUndefined();
  });

  it.each([
    ["text", "hello"],
    ["JSON that is not a checkpoint", `{"position":3}`],
    ["null", "null"],
    ["a checkpoint that was not sent", `{"checkpoint":{"position":2,"head":3}}`],
    ["an endless message", `{"checkpoint":{"position":3,"head":3,"more":"${"x".repeat(10_000)}"}}`],
    ["bytes", new ArrayBuffer(8)],
  ])("is closed, with a reason, when it sends %s", async (_what, message) => {
    const store = freshStore();
    await store.logObject().sequence("a/1", storedEvents(1, 3));
    const client = await SocketClient.open(store, "/log?acknowledge=true", false);
    await client.caughtUp(3);
    client.send(message);
    await eventually(() => expect(client.closed).toEqual({ code: 1008, reason: "send only `ping` and each checkpoint, once" }));
  });

  it("is closed when it sends a checkpoint back twice", async () => {
    const store = freshStore();
    const client = await SocketClient.open(store, "/log?acknowledge=true");
    await eventually(() => expect(client.checkpoints).toHaveLength(1));
    client.send(`{"checkpoint":{"position":0}}`);
    await eventually(() => expect(client.closed?.code).toBe(1008));
  });

  it("has its close answered, and is forgotten", async () => {
    const store = freshStore();
    const client = await SocketClient.open(store, "/log");
    await eventually(() => expect(client.checkpoints).toHaveLength(1));
    await client.close();
    await eventually(() => expect(client.closed).toMatchObject({ code: 1000 }));
    await eventually(async () => expect(await attachment(store.logObject())).toEqual([]));
  });

  it("is refused, with a reason, when the log has as many subscribers as it can have", async () => {
    const store = freshStore();
    await Promise.all(Array.from({ length: FEED_SUBSCRIBERS }, () => SocketClient.open(store, "/log?type=Never")));
    const client = await SocketClient.open(store, "/log");
    await eventually(() => expect(client.closed).toEqual({ code: 1013, reason: "the log has 1000 subscribers already" }));
  });

  it.each(["after=-1", "after=many", "limit=3", "to=3", "direction=backward", "colour=red"])(
    "is refused when it asks for %s",
    async (query) => {
      const store = freshStore();
      const response = await store.get(`/log?${query}`, { upgrade: "websocket" });
      expect([response.status, (await read(response)).code]).toEqual([400, "invalid-request"]);
    },
  );

  it("is refused with filters that a sleeping object could not keep", async () => {
    const store = freshStore();
    const types = Array.from({ length: 100 }, (_, index) => `type=${"T".repeat(100)}${index}`).join("&");
    const response = await store.get(`/log?${types}`, { upgrade: "websocket" });
    expect([response.status, (await read(response)).code]).toEqual([400, "invalid-request"]);
  });
});

describe("a subscriber over a WebSocket that only listens", () => {
  it("gets all of the history and all new events, however many", async () => {
    const store = freshStore();
    const log = store.logObject();
    for (let from = 1; from <= 301; from += 100) await log.sequence("a/1", storedEvents(from, from + 99, "Some", 3_000));
    const client = await SocketClient.open(store, "/log", false);
    await client.caughtUp(400);
    for (let from = 401; from <= 501; from += 100) await log.sequence("a/1", storedEvents(from, from + 99, "Some", 3_000));
    await eventually(() => expect(client.positions.at(-1)).toBe(600));
    expect(client.positions).toEqual(numbers(1, 600));
    expect(client.closed).toBeUndefined();
  });

  it("hears how far the log has come whenever that changes, and may answer or not", async () => {
    const store = freshStore();
    const client = await SocketClient.open(store, "/log?type=Never", false);
    for (let thousand = 0; thousand < FEED_UNANSWERED + 2; thousand++) {
      await store.logObject().sequence("a/1", storedEvents(thousand * 1_000 + 1, thousand * 1_000 + 1_000));
      await eventually(() => expect(client.position).toBeGreaterThanOrEqual((thousand + 1) * 1_000 - 999));
    }
    client.send(JSON.stringify({ checkpoint: client.checkpoints.at(-1) }));
    client.send(JSON.stringify({ checkpoint: client.checkpoints.at(-1) }));
    await client.receivedAll();
    expect(client.closed).toBeUndefined();
    client.send("hello");
    await eventually(() => expect(client.closed?.code).toBe(1008));
  });
});

describe("a subscriber over a WebSocket that sets `acknowledge` and does not keep up", () => {
  const LARGE = 10_000;

  async function large(count: number) {
    const store = freshStore();
    await store.logObject().sequence("a/1", storedEvents(1, count, "Some", LARGE));
    return store;
  }

  it("gets one window, and the rest as it answers", async () => {
    const store = await large(60);
    const client = await SocketClient.open(store, "/log?acknowledge=true", false);
    await eventually(() => expect(client.received).toBeGreaterThanOrEqual(FEED_WINDOW));
    // Whatever else happens, there is nothing more for it.
    await store.logObject().sequence("a/1", storedEvents(61, 61));
    await store.logObject().head();
    const answered: number[] = [];
    while (client.positions.at(-1) !== 61) {
      expect(client.received - (answered.at(-1) ?? 0)).toBeLessThan(FEED_WINDOW + 2 * LARGE);
      const [checkpoint] = client.checkpoints.slice(answered.length);
      const received = client.received;
      answered.push(received);
      client.send(JSON.stringify({ checkpoint }));
      await eventually(() => expect(client.received > received || client.positions.at(-1) === 61).toBe(true));
    }
    expect(client.positions).toEqual(numbers(1, 61));
  });

  it("gets only a few checkpoints, too", async () => {
    const store = freshStore();
    const client = await SocketClient.open(store, "/log?type=Never&acknowledge=true", false);
    for (let thousand = 0; thousand < FEED_UNANSWERED + 2; thousand++) {
      await store.logObject().sequence("a/1", storedEvents(thousand * 1_000 + 1, thousand * 1_000 + 1_000));
      const expected = Math.min(thousand + 2, FEED_UNANSWERED);
      await eventually(() => expect(client.checkpoints).toHaveLength(expected));
    }
    client.send(JSON.stringify({ checkpoint: client.checkpoints.at(-1) }));
    await eventually(() => expect(client.position).toBe((FEED_UNANSWERED + 2) * 1_000));
    expect(client.closed).toBeUndefined();
  });

  it("does not keep the others from getting everything", async () => {
    const store = await large(60);
    await SocketClient.open(store, "/log?acknowledge=true", false);
    const other = await SocketClient.open(store, "/log");
    await other.caughtUp(60);
    expect(other.positions).toEqual(numbers(1, 60));
  });

  it("is closed when it leaves a checkpoint unanswered too long and there is more for it, even if nothing else happens", async () => {
    const store = await large(60);
    const log = store.logObject();
    const client = await SocketClient.open(store, "/log?acknowledge=true", false);
    await eventually(() => expect(client.received).toBeGreaterThanOrEqual(FEED_WINDOW));
    await log.sequence("b/1", storedEvents(1, 1));
    expect(client.closed).toBeUndefined();
    await attachment(log, ({ unanswered }) => unanswered.forEach((checkpoint) => (checkpoint.at -= 60_000)));
    await eventually(() => expect(client.closed?.code).toBe(1013));
    // It resumes where it was.
    const again = await SocketClient.open(store, `/log?after=${client.positions.at(-1)}`);
    await again.caughtUp(61);
    expect([...client.positions, ...again.positions]).toEqual(numbers(1, 61));
  });
});
