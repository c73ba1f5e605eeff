/** What a narrowed token sees of what is about a whole store: the log in all its forms, and the lists of what there is. */

import { afterEach, describe, expect, it, vi } from "vitest";
import { createHash } from "node:crypto";
import { createHttp } from "../../../src/http/worker.ts";
import { EventStream } from "../../event-stream.ts";
import { SocketClient } from "../log/subscribers.ts";
import { app } from "../app.ts";
import { freshStore, read } from "../support.ts";
import { deploymentWith } from "./tokens.ts";
import { eventually } from "../eventually.ts";

afterEach(() => vi.restoreAllMocks());

const http = createHttp(app);

/** A store with events in three categories, and what the relay makes of them, as the holder of a token with these members sees it. */
async function seenBy(name: string, narrow: object, hasEvents = true) {
  const { store, post } = freshStore(name);
  const happen = async () => {
    await post("/streams/reading/s", { type: "Read", data: { value: 1 } });
    await post("/streams/alarm/s", { type: "Raised", data: { from: "s", value: 1 } });
    await post("/aggregates/purse/s/Put", { amount: 1 });
  };
  if (hasEvents) {
    await post("/streams/alarm/0", { type: "Raised", data: { from: "0", value: 1 } });
    await happen();
  }
  const token = { name: "kiosk", sha256: createHash("sha256").update("hs_kiosk").digest("hex"), rights: ["read", "write"], ...narrow };
  const deployment = deploymentWith({ API_TOKENS: JSON.stringify([token]) });
  const authorization = "Bearer hs_kiosk";
  const ask = async (method: string, path: string, headers: object = {}) =>
    http.request(`/stores/${store}${path}`, { method, headers: { ...headers, authorization } }, deployment);
  const get = async (path: string, headers: object = {}) => ask("GET", path, headers);
  const streams = async (path: string) => (await read(await get(path))).events.map(({ stream }: { stream: string }) => stream);
  return { store, post, happen, ask, get, streams, json: async (path: string) => read(await get(path)) };
}

const READER = { categories: ["reading"], aggregates: { purse: ["Put"] } };

describe("a narrowed token reads the parts of the log that it names", () => {
  it("page by page, in both directions, together with any other condition", async () => {
    const { streams, json } = await seenBy("scoped-pages", READER);
    // The relay answers the reading with a command to a counter.
    expect(await streams("/log")).toEqual(["reading/s", "purse/s"]);
    expect(await streams("/log?direction=backward")).toEqual(["purse/s", "reading/s"]);
    expect(await streams("/log?category=alarm&category=purse")).toEqual(["purse/s"]);
    expect(await streams("/log?category=alarm")).toEqual([]);
    expect(await streams("/log?stream=reading/s")).toEqual(["reading/s"]);
    expect(await streams("/log?stream=alarm/s")).toEqual([]);
    expect(await streams("/log?stream=alarm/s&stream=reading/s")).toEqual(["reading/s"]);
    expect(await streams("/log?stream=alarm/s&category=alarm")).toEqual([]);
    expect(await streams("/log?type=Raised&type=Put")).toEqual(["purse/s"]);
    const { next, head } = await json("/log");
    expect(next).toBe(head); // what it does not see does not keep it from having caught up
  });

  it("as an export, and as CloudEvents", async () => {
    const { get } = await seenBy("scoped-export", READER);
    const lines = new TextDecoder()
      .decode(await (await get("/log", { accept: "application/x-ndjson" })).arrayBuffer())
      .trim()
      .split("\n");
    expect(lines.map((line) => JSON.parse(line).stream)).toEqual(["reading/s", "purse/s"]);
    const events = await read(await get("/log", { accept: "application/cloudevents-batch+json" }));
    expect(events).toHaveLength(2);
  });

  it("live, over a WebSocket and by server-sent events", async () => {
    const { get, happen } = await seenBy("scoped-live", READER);
    const client = await SocketClient.open({ get }, "/log");
    const stream = new EventStream((await get("/log", { accept: "text/event-stream" })).body as ReadableStream<Uint8Array>);
    await happen();
    await eventually(() => expect(client.events.map((event) => event.stream)).toEqual(["reading/s", "purse/s", "reading/s", "purse/s"]));
    const told: string[] = [];
    while (told.length < 4) {
      const { data } = (await stream.next()) ?? {};
      if (data) told.push(JSON.parse(data).stream);
    }
    expect(told).toEqual(["reading/s", "purse/s", "reading/s", "purse/s"]);
    await client.close();
    await stream.close();
  });

  it("by an event's id: one outside of its scope is not found", async () => {
    const { json, post } = await seenBy("scoped-search", READER);
    const id = "01890000-0000-7000-8000-000000000001";
    for (const [stream, type, data] of [
      ["alarm/x", "Raised", { from: "x", value: 1 }],
      ["reading/x", "Read", { value: 1 }],
    ] as const)
      await post(`/streams/${stream}`, { id, type, data });
    expect((await json(`/log/events/${id}`)).events.map(({ stream }: { stream: string }) => stream)).toEqual(["reading/x"]);
  });

  it("not at all when it is narrowed to views, or to nothing, except for the head", async () => {
    for (const narrow of [{ views: ["totals"] }, { categories: [] }]) {
      const { streams, json } = await seenBy("scoped-none", narrow);
      expect(await streams("/log")).toEqual([]);
      expect((await json("/log/head")).head).toBeGreaterThanOrEqual(4);
      expect((await json("/log/streams")).streams).toEqual([]);
    }
  });

  it("as a whole when it may read every category", async () => {
    const { streams } = await seenBy("scoped-all", { categories: ["*"] });
    expect(await streams("/log")).toEqual(expect.arrayContaining(["alarm/s", "reading/s", "purse/s"]));
  });
});

describe("lists show what a narrowed token names", () => {
  it("streams, in the order of their names, page by page", async () => {
    const { json } = await seenBy("scoped-streams", { categories: ["reading", "alarm"], aggregates: ["purse"] });
    const names = (page: { streams: { stream: string }[] }) => page.streams.map(({ stream }) => stream);
    expect(names(await json("/log/streams"))).toEqual(["alarm/0", "alarm/s", "purse/s", "reading/s"]);
    const first = await json("/log/streams?limit=3");
    expect([names(first), first.hasMore]).toEqual([["alarm/0", "alarm/s", "purse/s"], true]);
    const next = await json(first.next.replace(/^\/stores\/[^/]+/, ""));
    expect([names(next), next.hasMore]).toEqual([["reading/s"], false]);
    const one = await json("/log/streams?limit=1");
    expect([names(one), one.hasMore]).toEqual([["alarm/0"], true]);
    expect(names(await json("/log/streams?category=alarm"))).toEqual(["alarm/0", "alarm/s"]);
    expect(names(await json("/log/streams?category=counter"))).toEqual([]);
  });

  it("categories, views and sagas", async () => {
    const { json } = await seenBy("scoped-lists", { categories: ["alarm"], aggregates: ["purse", "trip"], views: ["totals"] });
    const names = (list: { name: string }[]) => list.map(({ name }) => name).toSorted();
    expect(names((await json("/streams")).categories)).toEqual(
      ["alarm", "purse", "trip"].filter((name) => app.aggregates.has(name) || app.categories.has(name)),
    );
    expect(names((await json("/views")).views)).toEqual(["totals"]);
    expect(names((await json("/sagas")).sagas)).toEqual(["trip"]);
  });
});

describe("a narrowed token", () => {
  it("is refused what it does not name, with the same answer whether or not that exists", async () => {
    const { ask } = await seenBy("scoped-refused", { ...READER, views: ["totals"] }, false);
    const refusals = [
      ["GET", "/streams/alarm/s", "category alarm"],
      ["GET", "/streams/nonsense/s", "category nonsense"],
      ["POST", "/streams/purse/s", "category purse"],
      ["DELETE", "/streams/purse/s", "category purse"],
      ["GET", "/aggregates/counter/s", "aggregate counter"],
      ["POST", "/aggregates/purse/s/Take", "command Take of purse"],
      ["POST", "/aggregates/constructor/s/Take", "command Take of constructor"],
      ["POST", "/sagas/move", "command Start of move"],
      ["GET", "/views/values", "view values"],
      ["GET", "/metrics", "what concerns the whole store"],
    ] as const;
    for (const [method, path, what] of refusals) {
      const response = await ask(method, path);
      expect(response.headers.get("www-authenticate")).toBe('Bearer realm="headspring", error="insufficient_scope"');
      expect(await read(response)).toMatchObject({ status: 403, code: "forbidden", detail: `token "kiosk" is not for ${what}` });
    }
  });

  it.each([
    ["an encoded letter", "/streams/%72eading/s", 404],
    ["an encoded letter of a name outside of its scope", "/streams/%61larm/s", 403],
    ["a name encoded twice", "/streams/%2572eading/s", 403],
    ["a step up", "/streams/reading/../alarm/s", 403],
    ["an encoded slash", "/streams/reading%2F..%2Falarm/s", 403],
    ["another case", "/streams/Reading/s", 403],
    ["bytes that are not UTF-8", "/streams/reading%E9/s", 403],
    ["the store's name in place of the category's", "/streams/alarm/reading", 403],
  ])("is checked against the name that the route uses: %s", async (_what, path, status) => {
    expect((await (await seenBy("scoped-spelling", READER, false)).ask("GET", path)).status).toBe(status);
  });

  it.each([
    ["an unknown member", { streams: ["reading"] }, "0"],
    ["an impossible name", { categories: ["not a name"] }, "0.categories.0"],
    ["a name for a list", { views: "totals" }, "0.views"],
    ["commands that are not a list", { aggregates: { purse: true } }, "0.aggregates"],
    ["an aggregate with an impossible name", { aggregates: { __proto__x: "*" } }, "0.aggregates"],
    ["too many names", { categories: Array.from({ length: 51 }, (_value, index) => `c${index}`) }, "0.categories"],
  ])("that is declared wrongly is not accepted: %s", async (_what, narrow, where) => {
    const { get } = await seenBy("scoped-wrong", narrow, false);
    const answer = await read(await get("/log"));
    expect(answer).toMatchObject({
      status: 503,
      code: "auth-not-configured",
      detail: expect.stringContaining(`API_TOKENS`),
    });
    expect(answer.detail).toContain(where === "0" ? "{name, sha256" : `wrong at ${where}`);
  });
});
