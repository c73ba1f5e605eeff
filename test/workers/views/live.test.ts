import { runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { FEED_WINDOW } from "../../../src/log/limits.ts";
import { LIVE_KEYS } from "../../../src/views/limits.ts";
import { LiveRows } from "../../live-rows.ts";
import { eventually, quietStore } from "../delivery/support.ts";
import { read } from "../support.ts";
import { declaredSpecimens, numbered, specimens } from "./live-store.ts";
import type { SpecimenRow } from "./parts.ts";

afterEach(() => vi.restoreAllMocks());

/** How many follow a log. */
const followers = (log: DurableObjectStub) => runInDurableObject(log, (_instance, ctx) => ctx.getWebSockets().length);

/** What a stream says from here on, until it has said so much. */
async function said(response: Response, count: number): Promise<string> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (text.split("\n\n").length <= count) text += (await reader.read()).value ?? "";
  await reader.cancel();
  return text;
}

describe.each([
  ["in code", async (name: string) => specimens(name), 60],
  // Each of its events changes one row: 48 times three, and 12 times two.
  ["declared over HTTP", declaredSpecimens, 168],
])("a live view %s", (_kind, open, eventsOfWriters) => {
  it("is filtered like the query: a row that no longer fits is removed", async () => {
    const { put, follow } = await open("filtered");
    await put(numbered(1, 2), numbered(2, 1));
    const follower = await follow("?flag=true");
    expect(follower.sorted).toEqual([numbered(1, 2)]);
    await follower.reach(await put(numbered(1, 3), numbered(2, 4), numbered(3, 5)));
    expect(follower.sorted).toEqual([numbered(2, 4)]);
    await follower.close();
  });

  it("leads from the rows of any position, with any filter, to the current rows", async () => {
    const { put, remove, get, rows, view, json } = await open("resume");
    const pages: { query: string; rows: SpecimenRow[]; id: string }[] = [];
    const note = async () => {
      for (const query of ["", "flag=true", "whole.gt=4&whole.lte=9"]) {
        const response = await get(`/views/${view}?limit=200&${query}`);
        pages.push({ query, rows: (await read(response)).rows, id: response.headers.get("headspring-live")! });
      }
    };
    await note();
    for (let n = 1; n <= 12; n++) {
      if (n % 4 === 0) await remove(`k${n % 5}`, `k${n % 3}`);
      else await put(numbered(n % 5, n), numbered(n % 3, n + 1));
      await note();
    }
    const { head } = await json("/log/head");
    expect(new Set(pages.map(({ id }) => id)).size).toBe(13);
    for (const { query, rows: first, id } of pages) {
      const follower = new LiveRows(get, `/views/${view}?${query}`, "id", first, id);
      await follower.connect();
      await follower.reach(head);
      expect(follower.sorted, `${query} after ${id}`).toEqual(await rows(query));
      await follower.close();
    }
  });

  it("keeps a reader current that is cut off again and again while others write", async () => {
    const { append, wake, rows, follow, view } = await open("writers");
    const follower = await follow("?flag=true");
    const over = new AbortController();
    // The writers wait for the first cuts: on a slow machine they would be done before the reader has read twice.
    const cutTimes = Array.from({ length: 3 }, () => Promise.withResolvers<void>());
    const writers = Array.from({ length: 4 }, async (_, writer) => {
      for (let n = 1; n <= 15; n++) {
        if (n % 4 === 0) await cutTimes[n / 4 - 1]?.promise;
        if (n % 5 === 0) await append("Removed", { ids: [`k${writer}`, `k${n % 7}`] });
        else await append("Put", { rows: [numbered(writer, n), numbered(n % 7, n + writer), numbered(`${writer}-${n}`, n)] });
      }
    });
    const waker = (async () => {
      while (!over.signal.aborted) await wake(view);
    })();
    const written = Promise.all(writers).then(() => over.abort());
    let cuts = 0;
    while (follower.position < eventsOfWriters) {
      const more = await follower.read();
      if (more && follower.told.length < (cuts < cutTimes.length ? cuts + 1 : 10 * cuts)) continue;
      await follower.close();
      await follower.connect();
      cutTimes[cuts]?.resolve();
      cuts += 1;
    }
    await written;
    await waker;
    expect(follower.sorted).toEqual((await rows("flag=true")).toSorted((a, b) => (a.id < b.id ? -1 : 1)));
    expect(cuts).toBeGreaterThanOrEqual(cutTimes.length);
    await follower.close();
  });

  it("brings the view forward when nothing else does", async () => {
    const { append, follow } = await open("help");
    const follower = await follow();
    await append("Put", { rows: [numbered(1, 1)] });
    await follower.reach(1);
    expect(follower.sorted).toEqual([numbered(1, 1)]);
    await follower.close();
  });
});

describe("a live view", () => {
  it("sends each row that changes, and each that is gone, and then the position reached", async () => {
    const { put, remove, get } = specimens("says");
    await put(numbered(1, 1));
    const live = (await get("/views/specimens")).headers.get("headspring-live")!;
    const generation = live.replace(/^1-/, "");
    await put(numbered(1, 2), numbered(2, 3));
    await remove("k1");
    const response = await get(`/views/specimens?after=${live}`, { accept: "text/event-stream" });
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const blocks = (await said(response, 5)).split("\n\n");
    expect(blocks.slice(0, 5)).toEqual([
      "retry: 1000",
      `id: 1-${generation}`,
      `event: removed\ndata: {"id":"k1"}`,
      `event: row\ndata: ${JSON.stringify({ id: "k2", text: null, whole: 3, maybe: null, flag: false, list: [] })}`,
      `id: 3-${generation}`,
    ]);
  });

  it("begins at the view's position by default", async () => {
    const { put, get } = specimens("begins");
    await put(numbered(1, 1));
    const response = await get("/views/specimens", { accept: "text/event-stream" });
    await put(numbered(2, 2));
    const text = await said(response, 4);
    expect(text).toContain("id: 1-");
    expect(text).toContain(`"id":"k2"`);
    expect(text).not.toContain(`"id":"k1"`);
  });

  it("accepts a position, too", async () => {
    const { put, get } = specimens("position");
    await put(numbered(1, 1));
    await put(numbered(2, 2));
    const text = await said(await get("/views/specimens?after=1", { accept: "text/event-stream" }), 4);
    expect(text).toContain(`"id":"k2"`);
    expect(text).not.toContain(`"id":"k1"`);
  });

  it("sends more rows than it reads at a time, and the position reached only after all of them", async () => {
    const { put, follow, rows } = specimens("many");
    const follower = await follow();
    const count = 2 * LIVE_KEYS + 3;
    await put(...Array.from({ length: count }, (_, n) => numbered(n, n)));
    for (let told = 0; told < count; told = follower.told.length) {
      expect(follower.position).toBe(0);
      await follower.read();
    }
    await follower.reach(1);
    expect(follower.rows.size).toBe(count);
    expect(await rows()).toHaveLength(200);
    await follower.close();
  });

  it("sends both rows of one event again when it was cut off between them", async () => {
    const { put, follow, rows } = specimens("between");
    const follower = await follow();
    await put(...Array.from({ length: LIVE_KEYS + 1 }, (_, n) => numbered(n, n)));
    while (follower.told.length === 0) await follower.read();
    const before = follower.rows.size;
    expect(before).toBeLessThanOrEqual(LIVE_KEYS);
    expect(follower.position).toBe(0);
    await follower.close();
    await follower.connect();
    await follower.reach(1);
    expect(follower.told).toHaveLength(before + LIVE_KEYS + 1);
    expect(follower.rows.size).toBe(LIVE_KEYS + 1);
    expect(await rows("id=k200")).toEqual([follower.rows.get("k200")]);
    await follower.close();
  });

  it("keeps its reader's pace: the log sends a little ahead, and everything in the end", async () => {
    const { append, wake, follow, logObject, rows } = specimens("pace");
    const follower = await follow();
    const size = 20_000;
    for (let n = 0; n < 15; n++) await append("Put", { rows: [{ ...numbered(n, n), text: "x".repeat(size) }] });
    await wake("specimens");
    // A window, and what one message too many of each kind may add to it.
    const ahead = Math.ceil((2 * FEED_WINDOW) / size) + 2;
    const sentTo = () =>
      runInDurableObject(logObject(), (_object, ctx) =>
        ctx.getWebSockets().map((socket) => socket.deserializeAttachment().position as number),
      );
    while (follower.position < 15) {
      await follower.read();
      for (const position of await sentTo()) expect(position - follower.position).toBeLessThanOrEqual(ahead);
    }
    expect(follower.rows.size).toBe((await rows()).length);
    await follower.close();
  });

  it("removes the row of a stream that is erased, and goes past that stream's events", async () => {
    const { get, post, send, wake } = quietStore("erased");
    for (const counter of ["a", "b"]) await post(`/aggregates/counter/${counter}/Count`, {});
    await wake("totals");
    const follower = await LiveRows.start(get, "/views/totals", "counter");
    expect(follower.rows.size).toBe(2);
    await send("DELETE", "/streams/counter/a?erase=true");
    await post("/aggregates/counter/b/Count", {});
    await wake("totals");
    follower.id = follower.id.replace(/^2-/, "0-");
    await follower.connect();
    await follower.reach(4);
    expect(follower.sorted).toEqual([expect.objectContaining({ counter: "b", events: 2 })]);
    await follower.close();
  });

  it("leaves no subscription behind when its reader goes", async () => {
    const { follow, logObject } = specimens("leaves");
    const follower = await follow();
    await eventually(async () => expect(await followers(logObject())).toBe(1));
    await follower.close();
    await eventually(async () => expect(await followers(logObject())).toBe(0));
  });

  it("answers HEAD with headers and without a subscription", async () => {
    const { send, logObject } = specimens("head");
    const response = await send("HEAD", "/views/specimens", undefined, { accept: "text/event-stream" });
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    expect(await followers(logObject())).toBe(0);
  });

  it.each([
    "sort=id",
    "limit=3",
    "cursor=abc",
    "minPosition=1",
    "consistency=strong",
    "colour=red",
    "list=x",
    "after=x",
    "after=-1",
    "after=1&after=2",
  ])("is refused when it asks for %s", async (query) => {
    const response = await specimens("refused").get(`/views/specimens?${query}`, { accept: "text/event-stream" });
    expect(response.status).toBe(400);
    expect(await read(response)).toMatchObject({ code: "invalid-request" });
  });

  it("is refused with a `Last-Event-ID` that it has not given", async () => {
    const response = await specimens("last").get("/views/specimens", { accept: "text/event-stream", "last-event-id": "nonsense" });
    expect([response.status, (await read(response)).code]).toEqual([400, "invalid-request"]);
  });
});
