import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { serverSentEvents } from "../../../src/http/feed-sse.ts";
import { FEED_ANSWER_MS } from "../../../src/core/limits.ts";
import { FEED_HEARTBEAT_MS } from "../../../src/http/limits.ts";
import { FEED_WINDOW } from "../../../src/log/limits.ts";
import { EventStream } from "../../event-stream.ts";
import { freshStore, read } from "../support.ts";
import { numbers, storedEvents } from "./events.ts";
import { EventStreamClient, openEventStream } from "./subscribers.ts";
import { eventually } from "../eventually.ts";

/** Where the log is with each of its subscribers. */
const subscriptions = (log: DurableObjectStub) =>
  runInDurableObject(log, (_instance, ctx) => ctx.getWebSockets().map((socket) => socket.deserializeAttachment().position as number));

describe("a reader of server-sent events", () => {
  it("gets the history, then new events, as messages: ids are positions, data is the event", async () => {
    const store = freshStore();
    await store.logObject().sequence("a/1", storedEvents(1, 3));
    const client = await EventStreamClient.open(store, "/log");
    await eventually(() => expect(client.positions).toEqual([1, 2, 3]));
    await store.logObject().sequence("b/1", storedEvents(1, 2));
    await eventually(() => expect(client.positions).toEqual([1, 2, 3, 4, 5]));
    expect(client.events).toEqual((await store.json("/log")).events);
    expect(client.messages.map(({ id, type }) => [id, type])).toEqual(["1", "2", "3", "4", "5"].map((id) => [id, "message"]));
    await client.close();
  });

  it("learns how soon to come back", async () => {
    const stream = await openEventStream(freshStore(), "/log");
    await stream.read();
    expect(stream.retry).toBe(1_000);
    await stream.close();
  });

  it("resumes after `Last-Event-ID`, which overrides `after`", async () => {
    const store = freshStore();
    await store.logObject().sequence("a/1", storedEvents(1, 5));
    const client = await EventStreamClient.open(store, "/log?after=head", "3");
    await eventually(() => expect(client.positions).toEqual([4, 5]));
    await client.close();
  });

  it("with `after=head` gets what is written from now on, and can resume there before anything was", async () => {
    const store = freshStore();
    await store.logObject().sequence("a/1", storedEvents(1, 5));
    const stream = await openEventStream(store, "/log?after=head");
    while (stream.lastEventId === "") await stream.read();
    expect([stream.lastEventId, stream.pending]).toEqual(["5", []]);
    await stream.close();

    await store.logObject().sequence("a/1", storedEvents(6, 6));
    const resumed = await EventStreamClient.open(store, "/log?after=head", stream.lastEventId);
    await store.logObject().sequence("a/1", storedEvents(7, 7));
    await eventually(() => expect(resumed.positions).toEqual([6, 7]));
    await resumed.close();
  });

  it("resumes near the head although its filter has let nothing through", async () => {
    const store = freshStore();
    const stream = await openEventStream(store, "/log?type=Never");
    for (let from = 1; from <= 2_501; from += 500) await store.logObject().sequence("a/1", storedEvents(from, from + 499));
    while (Number(stream.lastEventId) < 2_000) await stream.read();
    expect(stream.pending).toEqual([]);
    await stream.close();
  });

  it("gets an event once even if the log's object slept in the meantime", async () => {
    const store = freshStore();
    const log = store.logObject();
    const client = await EventStreamClient.open(store, "/log");
    for (const version of [1, 2, 3]) {
      await log.sequence("a/1", storedEvents(version, version));
      await eventually(() => expect(client.positions.at(-1)).toBe(version));
      await evictDurableObject(log);
    }
    expect(client.positions).toEqual([1, 2, 3]);
    await client.close();
  });

  it("sets the pace: the log sends a little ahead of it, and no more", async () => {
    const store = freshStore();
    const log = store.logObject();
    await log.sequence("a/1", storedEvents(1, 200, "Some", 5_000));
    const stream = await openEventStream(store, "/log");
    const ahead = Math.ceil((2 * FEED_WINDOW) / 5_000);
    const positions: number[] = [];
    for (;;) {
      await stream.read();
      positions.push(...stream.take().map(({ id }) => Number(id)));
      if (positions.at(-1) === 200) break;
      for (const position of await subscriptions(log)) expect(position - (positions.at(-1) ?? 0)).toBeLessThanOrEqual(ahead);
    }
    expect(positions).toEqual(numbers(1, 200));
    await stream.close();
  });

  it("leaves nothing behind when it goes", async () => {
    const store = freshStore();
    const client = await EventStreamClient.open(store, "/log");
    await eventually(async () => expect(await subscriptions(store.logObject())).toHaveLength(1));
    await client.close();
    await eventually(async () => expect(await subscriptions(store.logObject())).toEqual([]));
  });

  it("ends when the log closes, so that it can resume", async () => {
    const store = freshStore();
    const client = await EventStreamClient.open(store, "/log");
    await eventually(async () => expect(await subscriptions(store.logObject())).toHaveLength(1));
    await evictDurableObject(store.logObject(), { webSockets: "close" });
    await client.ended;
  });

  it.each(["after=-1", "after=many", "limit=3", "to=3", "direction=backward", "colour=red"])(
    "is refused when it asks for %s",
    async (query) => {
      const response = await freshStore().get(`/log?${query}`, { accept: "text/event-stream" });
      expect([response.status, (await read(response)).code]).toEqual([400, "invalid-request"]);
    },
  );

  it("is refused with a `Last-Event-ID` that is not a position", async () => {
    const response = await freshStore().get("/log", { accept: "text/event-stream", "last-event-id": "nonsense" });
    expect([response.status, (await read(response)).code]).toEqual([400, "invalid-request"]);
  });

  it("with HEAD gets the headers and no subscription", async () => {
    const store = freshStore();
    const response = await store.send("HEAD", "/log", undefined, { accept: "text/event-stream" });
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    expect(await subscriptions(store.logObject())).toEqual([]);
  });
});

/** What the route makes of a socket, and the log's end of that socket. */
function ends() {
  const { 0: ours, 1: logs } = new WebSocketPair();
  const received: string[] = [];
  const closed = Promise.withResolvers<void>();
  logs.accept();
  logs.addEventListener("message", ({ data }) => void received.push(data as string));
  logs.addEventListener("close", () => closed.resolve());
  return { stream: new EventStream(serverSentEvents(ours)), logs, received, closed: closed.promise };
}

describe("the stream of server-sent events, at the end of a socket", () => {
  afterEach(() => vi.useRealTimers());

  it("shows a sign of life when nothing has been sent for a while", async () => {
    vi.useFakeTimers();
    const { stream } = ends();
    await stream.read();
    const silence = stream.read();
    await vi.advanceTimersByTimeAsync(FEED_HEARTBEAT_MS);
    await silence;
    expect(stream.comments).toHaveLength(1);
    await stream.close();
  });

  it("answers a checkpoint when the reader has consumed what was sent before it", async () => {
    const { stream, logs, received } = ends();
    logs.send(`{"position":1}`);
    logs.send(`{"checkpoint":{"position":7,"head":9}}`);
    await stream.read();
    expect(received).toEqual([]);
    while (stream.lastEventId !== "7") await stream.read();
    await eventually(() => expect(received).toEqual([`{"checkpoint":{"position":7,"head":9}}`]));
    await stream.close();
  });

  it("ends when the reader consumes nothing for too long", async () => {
    vi.useFakeTimers();
    const { stream, logs, closed } = ends();
    await stream.read();
    logs.send(`{"position":1}`);
    await vi.advanceTimersByTimeAsync(FEED_ANSWER_MS);
    await closed;
    await expect(stream.read()).rejects.toThrow("has read nothing");
  });

  it("does not count the time in which there was nothing to consume", async () => {
    vi.useFakeTimers();
    const { stream, logs } = ends();
    await stream.read();
    const next = stream.next();
    await vi.advanceTimersByTimeAsync(3 * FEED_ANSWER_MS);
    logs.send(`{"position":1}`);
    await eventually(async () => expect(await next).toMatchObject({ id: "1" }));
    await stream.close();
  });

  it("ends with the reason why the log has closed it", async () => {
    const { stream, logs } = ends();
    await stream.read();
    logs.close(1013, "the log is full");
    while (await stream.read());
    expect(stream.comments).toEqual([" the log is full"]);
  });

  it("keeps JSON that is laid out over several lines", async () => {
    const { stream, logs } = ends();
    logs.send(`{"position":1,\r\n "data":\n{}}`);
    expect(JSON.parse((await stream.next())?.data ?? "")).toEqual({ position: 1, data: {} });
    await stream.close();
  });
});
