import { evictDurableObject } from "cloudflare:test";
import { createHash } from "node:crypto";
import { afterEach, describe, expect, it, vi } from "vitest";
import { FEED_SUBSCRIBERS } from "../../../src/log/limits.ts";
import { createHttp } from "../../../src/http/worker.ts";
import { EventStream } from "../../event-stream.ts";
import { app } from "../app.ts";
import { envWith, freshStore } from "../support.ts";
import { SocketClient } from "./subscribers.ts";
import { eventually } from "../eventually.ts";

afterEach(() => vi.restoreAllMocks());

const sha256 = (token: string) => createHash("sha256").update(token).digest("hex");
const guarded = envWith({
  API_TOKENS: JSON.stringify([
    { name: "reader", sha256: sha256("may-read"), stores: ["mine"], rights: ["read"] },
    { name: "writer", sha256: sha256("may-write"), stores: ["mine"], rights: ["write"] },
  ]),
});

const DOORS = [
  ["a WebSocket", { upgrade: "websocket" }],
  ["server-sent events", { accept: "text/event-stream" }],
  ["an export", { accept: "application/x-ndjson" }],
] as const;

describe.each(DOORS)("in a deployment with tokens, the route to %s", (_door, headers) => {
  it.each([
    ["nobody", {}, "mine", 401],
    ["an unknown token", { authorization: "Bearer guessed" }, "mine", 401],
    ["a token without the right to read", { authorization: "Bearer may-write" }, "mine", 403],
    ["a token for another store", { authorization: "Bearer may-read" }, "yours", 403],
  ])("does not let %s in", async (_who, authorization, store, status) => {
    const response = await createHttp(app).request(`/stores/${store}/log`, { headers: { ...headers, ...authorization } }, guarded);
    expect([response.status, response.webSocket ?? null]).toEqual([status, null]);
  });

  it("lets a token in that may read the store", async () => {
    const response = await createHttp(app).request(
      "/stores/mine/log",
      { headers: { ...headers, authorization: "Bearer may-read" } },
      guarded,
    );
    expect([101, 200]).toContain(response.status);
    response.webSocket?.accept();
    response.webSocket?.close();
    await response.body?.cancel();
  });
});

describe("a subscription whose token expires", () => {
  const END = Date.parse("2027-03-01T00:00:00Z");
  const passing = envWith({
    API_TOKENS: JSON.stringify([{ name: "guest", sha256: sha256("for-a-while"), rights: ["read"], expires: "2027-03-01T00:00:00Z" }]),
  });
  const at = (now: number) => vi.spyOn(Date, "now").mockReturnValue(now);

  /** A store with an event, before the token's end, and its live routes as the token's holder uses them. */
  async function guestOf(name: string) {
    at(END - 1);
    const { store, post, logObject } = freshStore(name);
    const happen = async (value: number) => expect((await post("/streams/reading/s", { type: "Read", data: { value } })).status).toBe(201);
    await happen(1);
    const get = async (path: string, headers: object = {}) =>
      createHttp(app).request(`/stores/${store}${path}`, { headers: { ...headers, authorization: "Bearer for-a-while" } }, passing);
    return { happen, get, logObject };
  }

  it("gets nothing of what happens from then on, and ends: over a WebSocket, even when the log has slept in the meantime", async () => {
    const { happen, get, logObject } = await guestOf("expired-socket");
    const client = await SocketClient.open({ get }, "/log?stream=reading/s");
    await client.caughtUp(1);
    await happen(2);
    const values = () => client.events.map(({ data }) => (data as { value: number }).value);
    await eventually(() => expect(values()).toEqual([1, 2]));
    await evictDurableObject(logObject(), { webSockets: "hibernate" });
    at(END);
    await happen(3);
    await client.ended;
    expect(client.closed).toEqual({ code: 1008, reason: "the token has expired" });
    expect(values()).toEqual([1, 2]);
    expect((await get("/log", { upgrade: "websocket" })).status).toBe(401);
  });

  it("gets nothing and ends with server-sent events, too", async () => {
    const { happen, get } = await guestOf("expired-events");
    const stream = new EventStream(
      (await get("/log?stream=reading/s", { accept: "text/event-stream" })).body as ReadableStream<Uint8Array>,
    );
    expect((await stream.next())?.id).toBe("1");
    at(END);
    await happen(2);
    expect(await stream.next()).toBeUndefined();
    expect(stream.comments.join()).toContain("the token has expired");
  });

  it("gets nothing and ends in a live view, too", async () => {
    const { happen, get } = await guestOf("expired-view");
    const stream = new EventStream((await get("/views/values", { accept: "text/event-stream" })).body as ReadableStream<Uint8Array>);
    await stream.read();
    at(END);
    await happen(2);
    expect(await stream.next()).toBeUndefined();
    expect(stream.comments.join()).toContain("the token has expired");
  });
});

describe("a log's subscriptions are shared among tokens", () => {
  it("so that one token leaves some for the others, whatever route it uses, and has more when they go", async () => {
    const names = ["greedy", "modest"];
    const tokens = names.map((name) => ({ name, sha256: sha256(name), rights: ["read"] }));
    const shared = envWith({ API_TOKENS: JSON.stringify(tokens) });
    const { store } = freshStore("shared");
    const get = async (name: string, path: string, headers: object) =>
      createHttp(app).request(`/stores/${store}${path}`, { headers: { ...headers, authorization: `Bearer ${name}` } }, shared);
    const open = (name: string) => SocketClient.open({ get: (path, headers = {}) => get(name, path, headers) }, "/log?type=Never");
    const half = FEED_SUBSCRIBERS / 2;
    const greedy = await Promise.all(Array.from({ length: half }, () => open("greedy")));
    const reason = `this token has ${half} of the log's subscriptions; the other ${half} are for other tokens`;
    const refused = await open("greedy");
    await eventually(() => expect(refused.closed).toEqual({ code: 1013, reason }));
    for (const path of ["/log", "/views/values"]) {
      const stream = new EventStream((await get("greedy", path, { accept: "text/event-stream" })).body as ReadableStream<Uint8Array>);
      await eventually(async () => {
        await stream.next();
        expect(stream.comments.join()).toContain(reason);
      });
    }
    const modest = await open("modest");
    await modest.caughtUp(0);
    await greedy[0]?.close();
    await eventually(async () => {
      const again = await open("greedy");
      await again.caughtUp(0);
      expect(again.closed).toBeUndefined();
    });
  });
});
