/** How live views end: when another table serves, and when the view cannot keep up. */

import { storeNamed } from "../support.ts";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import type { RecordedEvent } from "../../../src/core/event.ts";
import { LiveBlocks } from "../../../src/http/view-live.ts";
import { createHttp } from "../../../src/http/worker.ts";
import { category, defineApp, streamIdOf, view } from "../../../src/index.ts";
import { LIVE_BEHIND_MS } from "../../../src/http/limits.ts";
import { LIVE_READS } from "../../../src/views/limits.ts";
import { LiveView } from "../../../src/views/live.ts";
import { reading, totals } from "../app.ts";
import { quietStore } from "../delivery/support.ts";
import { LiveRows } from "../../live-rows.ts";
import { liveBlocksOf } from "./live-blocks.ts";
import { numbered, specimens } from "./live-store.ts";

afterEach(() => vi.restoreAllMocks());

describe("a live view whose table no longer answers", () => {
  it("tells the reader to read again, ends, and repeats that to a reader that comes back without having done so", async () => {
    const { put, get } = specimens("reset");
    await put(numbered(1, 1));
    const follower = new LiveRows(get, "/views/specimens", "id", [], "1-0123456789ab");
    for (const times of [1, 2]) {
      await follower.connect();
      await follower.end();
      expect(follower.told).toEqual(Array.from({ length: times }, () => "reset"));
      expect(follower.id).toBe("1-0123456789ab");
    }
    await (await get("/views/specimens", { accept: "text/event-stream", "last-event-id": "1-0123456789ab" })).body?.cancel();
    // At once, and without a subscription that would have to end first.
    const response = await get("/views/specimens", { accept: "text/event-stream", "last-event-id": "1-0123456789ab" });
    expect(await response.text()).toMatch(/^retry: 1000\n\nevent: reset\ndata: \{.*"position":1\}\n\n$/);
  });

  it("notices that with the next event, or with the next sign of life if there is none", async () => {
    const { store, post, wake } = quietStore("swapped");
    await post("/aggregates/counter/a/Count", {});
    await wake("totals");
    const live = new LiveView(storeNamed(store), totals, [], "0123456789ab");
    expect(await live.isRebuilt()).toBe(true);
    live.touch({ type: "Counted", stream: "counter/a", position: 1, data: {} } as RecordedEvent);
    expect(await live.step()).toEqual({ outcome: "rebuilt" });
    const { 0: ours, 1: logs } = new WebSocketPair();
    logs.accept();
    const blocks = new LiveBlocks(totals, new LiveView(storeNamed(store), totals, [], "0123456789ab"), ours, "0123456789ab", 1);
    await blocks.next(1);
    expect(await blocks.next(1)).toMatchObject({ text: expect.stringContaining("event: reset"), last: true });
  });
});

describe("a live view of more event types than a subscription's filter may name", () => {
  it("follows the log without one, and still sends its rows", async () => {
    const types = Array.from({ length: 90 }, (_, n) => `${"Measured".padEnd(100, "x")}${n}`);
    const wide = category("wide", { events: Object.fromEntries(types.map((type) => [type, z.object({})])) });
    const wides = view("wides", {
      from: wide,
      row: z.object({ id: z.string(), type: z.string() }),
      key: "id",
      on: Object.fromEntries(
        types.map((type) => [type, (_row: unknown, { stream }: { stream: string }) => ({ id: streamIdOf(stream), type })]),
      ) as never,
    });
    const http = createHttp(defineApp({ categories: [wide], views: [wides] }));
    const { store, stream } = quietStore("wide");
    const get = async (path: string, headers: Record<string, string>) => http.request(`/stores/${store}${path}`, { headers }, env);
    const follower = await LiveRows.start(get, "/views/wides", "id");
    await follower.connect();
    for (const type of [types[0], types.at(-1)])
      await stream("wide", "1").append({
        events: [{ type: type ?? "", data: "{}", meta: "{}", schemaVersion: 1 }],
        expected: { kind: "any" },
      });
    await follower.reach(2);
    expect(follower.sorted).toEqual([{ id: "1", type: types.at(-1) }]);
    await follower.close();
  });
});

describe("a live view that cannot keep up", () => {
  /** The blocks of a live view to which the log has sent one event. */
  async function blocksOf(store: string, one: Parameters<typeof LiveView.prototype.touch>[0], of = totals) {
    const { logs, blocks } = await liveBlocksOf(store, of);
    logs.send(JSON.stringify(one));
    return blocks;
  }

  const counted = { type: "Counted", stream: "counter/a", position: 7, data: {} } as RecordedEvent;

  it("shows signs of life while it waits, and then ends with the reason", async () => {
    const { store } = quietStore("behind");
    const blocks = await blocksOf(store, counted);
    expect(await blocks.next(100)).toEqual({ text: "" });
    expect(await blocks.next(100)).toEqual({ text: "" });
    const now = Date.now();
    vi.spyOn(Date, "now").mockImplementation(() => now + 1 + LIVE_BEHIND_MS);
    expect(await blocks.next(100)).toMatchObject({ text: expect.stringContaining("event: behind"), last: true });
  });

  it("ends with the reason when the view cannot be read, and logs the cause", async () => {
    const complaints = vi.spyOn(console, "error").mockReturnValue();
    const { store } = quietStore("unreadable");
    const blocks = await blocksOf(store, counted);
    const real = env.VIEWS.withSession.bind(env.VIEWS);
    vi.spyOn(env.VIEWS, "withSession").mockImplementation((constraint) => {
      const batch = () => Promise.reject(new Error("D1_ERROR: Network connection lost."));
      return new Proxy(real(constraint), { get: (target, property) => (property === "batch" ? batch : Reflect.get(target, property)) });
    });
    expect(await blocks.next(100)).toMatchObject({ text: expect.stringContaining(": the view could not be read"), last: true });
    expect(JSON.stringify(complaints.mock.calls)).toContain("a live view failed and is closed");
  });

  it("ends after a number of reads, between two changes or while it waits: the reader resumes from its last id", async () => {
    for (const waits of [false, true]) {
      const { store } = quietStore("long");
      const { live, logs, blocks } = await liveBlocksOf(store);
      live.reads = waits ? LIVE_READS - 1 : LIVE_READS;
      logs.send(JSON.stringify(counted));
      expect(await blocks.next(1_000)).toMatchObject({
        text: expect.stringContaining(": this connection has reached its time limit"),
        last: true,
      });
    }
  });

  it("does not go past an event whose rows it cannot know, as the view has not got past it either", async () => {
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
    const { store, read: append } = quietStore("blind");
    await append("s", 1);
    const blocks = await blocksOf(store, { type: "Read", stream: "reading/s", position: 1, data: {} } as RecordedEvent, blind as never);
    expect(await blocks.next(100)).toEqual({ text: "" });
  });

  it("does not go past an event that the code cannot lift, even if its data as it is stored would name no row", async () => {
    const aware = view("aware", {
      from: reading,
      row: z.object({ id: z.string() }),
      key: "id",
      on: { Read: { at: ({ data }) => (data.value === undefined ? [] : ["s"]), fold: () => ({ id: "s" }) } },
    });
    const { store, read: append } = quietStore("unlifted");
    await append("s", 1);
    const event = { type: "Read", stream: "reading/s", position: 1, data: { celsius: 1 } } as unknown as RecordedEvent;
    expect(await (await blocksOf(store, event, aware as never)).next(100)).toMatchObject({ text: expect.stringContaining("id: 1-") });
    const unlifted = { ...event, unlifted: "this version of the code cannot" };
    expect(await (await blocksOf(store, unlifted, aware as never)).next(100)).toEqual({ text: "" });
  });
});
