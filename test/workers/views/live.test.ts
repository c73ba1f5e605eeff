import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { LiveBlocks } from "../../../src/http/view-live.ts";
import { view } from "../../../src/index.ts";
import { FEED_WINDOW, LIVE_BEHIND_MS, LIVE_KEYS } from "../../../src/limits.ts";
import { LiveView } from "../../../src/views/live.ts";
import type { RecordedEvent } from "../../../src/event.ts";
import { LiveRows } from "../../live-rows.ts";
import { reading, totals } from "../app.ts";
import { eventually, quietStore } from "../delivery/support.ts";
import { read } from "../support.ts";
import type { SpecimenRow } from "./parts.ts";

afterEach(() => vi.restoreAllMocks());

/** How many follow a log. */
const followers = (log: DurableObjectStub) => runInDurableObject(log, (_instance, ctx) => ctx.getWebSockets().length);

const numbered = (id: number | string, whole: number): SpecimenRow => ({
  id: `k${id}`,
  text: null,
  whole,
  maybe: null,
  flag: whole % 2 === 0,
  list: [],
});

/** A store of specimens, whose view is brought forward after every write. */
function specimens(name: string) {
  const store = quietStore(name);
  const { get, post, json, wake } = store;
  const append = async (type: string, data: object): Promise<number> => {
    const { position } = await read(await post("/streams/specimen/all", { type, data }));
    return position;
  };
  const forward = async (position: number) => {
    await wake("specimens");
    return position;
  };
  return {
    ...store,
    put: async (...rows: SpecimenRow[]) => forward(await append("Put", { rows })),
    remove: async (...ids: string[]) => forward(await append("Removed", { ids })),
    /** Without bringing the view forward. */
    append,
    rows: async (query = ""): Promise<SpecimenRow[]> => (await json(`/views/specimens?limit=200&${query}`)).rows,
    follow: async (query = ""): Promise<LiveRows> => {
      const follower = await LiveRows.start(get, `/views/specimens${query}`, "id");
      await follower.connect();
      return follower;
    },
  };
}

/** What a stream says from here on, until it has said so much. */
async function said(response: Response, count: number): Promise<string> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (text.split("\n\n").length <= count) text += (await reader.read()).value ?? "";
  await reader.cancel();
  return text;
}

describe("a live view", () => {
  it("says each row that changes, and each that is gone, and then how far that was", async () => {
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

  it("begins where the view is when nothing else is said", async () => {
    const { put, get } = specimens("begins");
    await put(numbered(1, 1));
    const response = await get("/views/specimens", { accept: "text/event-stream" });
    await put(numbered(2, 2));
    const text = await said(response, 4);
    expect(text).toContain("id: 1-");
    expect(text).toContain(`"id":"k2"`);
    expect(text).not.toContain(`"id":"k1"`);
  });

  it("takes a position, too", async () => {
    const { put, get } = specimens("position");
    await put(numbered(1, 1));
    await put(numbered(2, 2));
    const text = await said(await get("/views/specimens?after=1", { accept: "text/event-stream" }), 4);
    expect(text).toContain(`"id":"k2"`);
    expect(text).not.toContain(`"id":"k1"`);
  });

  it("is filtered like the query: a row that does not fit any more is removed", async () => {
    const { put, follow } = specimens("filtered");
    await put(numbered(1, 2), numbered(2, 1));
    const follower = await follow("?flag=true");
    expect(follower.sorted).toEqual([numbered(1, 2)]);
    await follower.reach(await put(numbered(1, 3), numbered(2, 4), numbered(3, 5)));
    expect(follower.sorted).toEqual([numbered(2, 4)]);
    await follower.close();
  });

  it("leads, from the rows of any position and with any filter, to the rows of today", async () => {
    const { put, remove, get, rows } = specimens("resume");
    const pages: { query: string; rows: SpecimenRow[]; id: string }[] = [];
    const note = async () => {
      for (const query of ["", "flag=true", "whole.gt=4&whole.lte=9"]) {
        const response = await get(`/views/specimens?limit=200&${query}`);
        pages.push({ query, rows: (await read(response)).rows, id: response.headers.get("headspring-live")! });
      }
    };
    await note();
    for (let n = 1; n <= 12; n++) {
      if (n % 4 === 0) await remove(`k${n % 5}`, `k${n % 3}`);
      else await put(numbered(n % 5, n), numbered(n % 3, n + 1));
      await note();
    }
    expect(new Set(pages.map(({ id }) => id)).size).toBe(13);
    for (const { query, rows: first, id } of pages) {
      const follower = new LiveRows(get, `/views/specimens?${query}`, "id", first, id);
      await follower.connect();
      await follower.reach(12);
      expect(follower.sorted, `${query} after ${id}`).toEqual(await rows(query));
      await follower.close();
    }
  });

  it("keeps a reader current who is cut off again and again while others write", async () => {
    const { append, wake, rows, follow } = specimens("writers");
    const follower = await follow("?flag=true");
    const over = new AbortController();
    const writers = Array.from({ length: 4 }, async (_, writer) => {
      for (let n = 1; n <= 15; n++) {
        if (n % 5 === 0) await append("Removed", { ids: [`k${writer}`, `k${n % 7}`] });
        else await append("Put", { rows: [numbered(writer, n), numbered(n % 7, n + writer), numbered(`${writer}-${n}`, n)] });
      }
    });
    const waker = (async () => {
      while (!over.signal.aborted) await wake("specimens");
    })();
    const written = Promise.all(writers).then(() => over.abort());
    let cuts = 0;
    while (follower.position < 60) {
      const more = await follower.read();
      if (more && follower.told.length < 10 * (cuts + 1)) continue;
      await follower.close();
      await follower.connect();
      cuts += 1;
    }
    await written;
    await waker;
    expect(follower.sorted).toEqual((await rows("flag=true")).toSorted((a, b) => (a.id < b.id ? -1 : 1)));
    expect(cuts).toBeGreaterThan(2);
    await follower.close();
  });

  it("says more rows than it reads at a time, and how far that is only after all of them", async () => {
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

  it("cut off between two rows of one event, tells both again", async () => {
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

  it("goes at the pace of its reader: the log sends a little ahead, and all of it in the end", async () => {
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

  it("brings the view forward when nobody else does", async () => {
    const { append, follow } = specimens("help");
    const follower = await follow();
    await append("Put", { rows: [numbered(1, 1)] });
    await follower.reach(1);
    expect(follower.sorted).toEqual([numbered(1, 1)]);
    await follower.close();
  });

  it("removes the row of a stream that is erased, and passes what it said", async () => {
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

  it("with HEAD has headers and no subscription", async () => {
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

describe("a live view whose table does not serve any more", () => {
  it("tells the reader to read again, ends, and tells so again to who comes back without having done so", async () => {
    const { put, get } = specimens("reset");
    await put(numbered(1, 1));
    const follower = new LiveRows(get, "/views/specimens", "id", [], "1-0123456789ab");
    for (const times of [1, 2]) {
      await follower.connect();
      await follower.end();
      expect(follower.told).toEqual(Array.from({ length: times }, () => "reset"));
      expect(follower.id).toBe("1-0123456789ab");
    }
  });

  it("notices it with the next event, and without one when it shows a sign of life", async () => {
    const { store, post, wake } = quietStore("swapped");
    await post("/aggregates/counter/a/Count", {});
    await wake("totals");
    const live = new LiveView(env, store, totals, [], "0123456789ab");
    expect(await live.isRebuilt()).toBe(true);
    live.touch({ type: "Counted", stream: "counter/a", position: 1, data: {} } as RecordedEvent);
    expect(await live.step()).toEqual({ outcome: "rebuilt" });
    const { 0: ours, 1: logs } = new WebSocketPair();
    logs.accept();
    const blocks = new LiveBlocks(totals, new LiveView(env, store, totals, [], "0123456789ab"), ours, "0123456789ab", 1);
    await blocks.next(1);
    expect(await blocks.next(1)).toMatchObject({ text: expect.stringContaining("event: reset"), last: true });
  });
});

describe("a live view that cannot keep up", () => {
  /** The blocks of a live view at the other end of the log's socket. */
  async function blocksOf(store: string, one: Parameters<typeof LiveView.prototype.touch>[0], of = totals) {
    const live = new LiveView(env, store, of, []);
    const { generation } = await live.start();
    const { 0: ours, 1: logs } = new WebSocketPair();
    logs.accept();
    const blocks = new LiveBlocks(of, live, ours, generation, 0);
    await blocks.next(1);
    logs.send(JSON.stringify(one));
    return blocks;
  }

  const counted = { type: "Counted", stream: "counter/a", position: 7, data: {} } as RecordedEvent;

  it("shows signs of life while it waits, and then says so and ends", async () => {
    const { store } = quietStore("behind");
    const blocks = await blocksOf(store, counted);
    expect(await blocks.next(100)).toEqual({ text: "" });
    expect(await blocks.next(100)).toEqual({ text: "" });
    const now = Date.now();
    vi.spyOn(Date, "now").mockImplementation(() => now + 1 + LIVE_BEHIND_MS);
    expect(await blocks.next(100)).toMatchObject({ text: expect.stringContaining("event: behind"), last: true });
  });

  it("does not pass an event whose rows it cannot know, since the view does not either", async () => {
    const blind = view("blind", {
      from: reading,
      row: z.object({ id: z.string() }),
      key: "id",
      on: {
        Read: {
          at: () => {
            throw new Error("nowhere");
          },
          fold: () => null,
        },
      },
    });
    vi.spyOn(console, "error").mockReturnValue();
    const { store, read: append } = quietStore("blind");
    await append("s", 1);
    const blocks = await blocksOf(store, { type: "Read", stream: "reading/s", position: 1, data: {} } as RecordedEvent, blind as never);
    expect(await blocks.next(100)).toEqual({ text: "" });
  });
});
