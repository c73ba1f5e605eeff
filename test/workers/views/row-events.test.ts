/** The events behind a row: which ones, in what order, and for which tokens. */

import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { RecordedEvent } from "../../../src/core/event.ts";
import { createHttp } from "../../../src/http/worker.ts";
import { defineApp, processesView, sql, streamIdOf, view } from "../../../src/index.ts";
import * as z from "zod";
import { rowEvents } from "../../../src/views/row-events.ts";
import { errand } from "../errand.ts";
import { app, reading, totals, values } from "../app.ts";
import { folded, quietStore } from "../delivery/support.ts";
import { expectErrors } from "../errors.ts";
import { deploymentWith } from "../http/tokens.ts";
import { envWith, read, storeNamed } from "../support.ts";

beforeEach(() => {
  vi.spyOn(console, "info").mockReturnValue();
});
afterEach(() => vi.restoreAllMocks());

interface Page {
  readonly events: readonly RecordedEvent[];
  readonly hasMore: boolean;
  readonly next?: string;
  readonly scannedTo: number;
  readonly position: number;
}

function store(name: string) {
  const quiet = quietStore(name);
  const behind = (one: string, key: string, query = ""): Promise<Page> =>
    quiet.json(`/views/${one}/${encodeURIComponent(key)}/events?${query}`);
  const positions = async (one: string, key: string, query = "") => (await behind(one, key, query)).events.map(({ position }) => position);
  return {
    ...quiet,
    behind,
    positions,
    note: (stream: string, note = "") => quiet.post(`/streams/reading/${stream}`, { type: "Calibrated", data: { note } }),
    count: (stream: string) => quiet.post(`/aggregates/counter/${stream}/Count`, {}),
    log: async (): Promise<readonly RecordedEvent[]> => (await quiet.json("/log?limit=1000")).events,
  };
}

describe("the events behind a row", () => {
  it("fold to that row, for each row of a view, and together are all the events that the view has folded", async () => {
    const { read: measure, note, wake, behind, log, json } = store("folds-to-it");
    for (const [stream, value] of [
      ["a", 1],
      ["b", 1],
      ["a", 2.5],
      ["b", 2],
    ] as const)
      await measure(stream, value);
    await note("a");
    for (const [stream, value] of [
      ["a", 2],
      ["c", 1],
      ["a", 1],
    ] as const)
      await measure(stream, value);
    await wake("values");
    const { rows } = await json("/views/values");
    expect(rows).toHaveLength(3);
    const seen = new Set<number>();
    for (const row of rows) {
      const { events, hasMore, scannedTo } = await behind("values", row.value);
      expect([hasMore, scannedTo]).toEqual([false, 1]);
      expect(events).toEqual(events.toSorted((a, b) => b.position - a.position));
      expect(folded(values, events.toReversed()).get(row.value)).toEqual(row);
      for (const { position } of events) seen.add(position);
    }
    expect([...seen].toSorted((a, b) => a - b)).toEqual((await log()).map(({ position }) => position));
  });

  it("are as the log shows them, and remain for a row that has been removed", async () => {
    const { read: measure, note, wake, behind, log } = store("removed-row");
    await measure("a", 0.5);
    await note("b");
    await wake("values");
    expect((await behind("values", "any")).events).toEqual((await log()).toReversed());
  });

  it("are those of its stream where rows are named like streams", async () => {
    const { count, read: measure, wake, behind, log } = store("by-stream");
    for (const stream of ["1", "2", "1", "3", "1"]) await count(stream);
    await measure("1", 0);
    await wake("totals");
    const { events } = await behind("totals", "1");
    expect(events).toEqual((await log()).filter(({ stream }) => stream === "counter/1").toReversed());
    expect(events).toHaveLength(3);
    expect(folded(totals, events.toReversed()).get("1")).toMatchObject({ versions: [1, 2, 3] });
  });

  it("are those of its stream where rows have streams' names, found by the index", async () => {
    const { post, wake, store: name } = store("by-name");
    const processes = processesView("processes", [errand]);
    const wish = (id: string) => post("/streams/wish/s", { type: "Wished", data: { errand: id, jobs: [{ counter: "c", by: 1 }] } });
    for (const id of ["x", "y"]) await wish(id);
    const one = storeNamed(name);
    await wake("errand");
    const { log } = one;
    const read = vi.fn<typeof log.read>((request) => log.read(request));
    Object.assign(one, { log: { ...log, read } });
    const about = { before: Number.MAX_SAFE_INTEGER, limit: 10, categories: ["errand"] };
    const { events } = await rowEvents(one, processes, { ...about, key: "errand/x" });
    expect(events.length).toBeGreaterThan(0);
    expect(events).toEqual((await log.read({ after: null, direction: "backward", limit: 10, stream: "errand/x" })).events);
    expect(read.mock.calls.map(([{ stream }]) => stream)).toEqual(["errand/x"]);
    for (const key of ["wish/s", "errand", "x", ""])
      expect(await rowEvents(one, processes, { ...about, key })).toEqual({ events: [], scannedTo: 1 });
  });

  it.each([
    ["by the keys that the view gives", "values", "any"],
    ["by the index of streams", "totals", "a"],
  ])("come in pages, %s", async (_how, name, key) => {
    const { read: measure, count, wake, behind, get, positions } = store("pages");
    for (const value of [0.5, 1, 2]) {
      await measure("a", value);
      await count("a");
    }
    await wake("values", "totals");
    const all = await positions(name, key);
    const found: number[] = [];
    let page = await behind(name, key, "limit=2");
    for (let pages = 0; ; pages++) {
      expect(pages).toBeLessThan(all.length);
      found.push(...page.events.map(({ position }) => position));
      expect(page.scannedTo).toBe(page.hasMore ? page.events.at(-1)?.position : 1);
      if (!page.hasMore) break;
      page = await read(await get((page.next ?? "").replace(/^\/stores\/[^/]+/, "")));
    }
    expect([found.length, found]).toEqual([3, all]);
  });

  it("are those that the view has processed, and a reader may wait for more", async () => {
    const { read: measure, wake, positions, behind } = store("as-of");
    await measure("a", 1);
    await wake("values");
    await measure("a", 1);
    expect(await positions("values", "1")).toEqual([1]);
    expect(await positions("values", "1", "minPosition=2")).toEqual([2, 1]);
    expect(await behind("values", "nothing")).toMatchObject({ events: [], hasMore: false, scannedTo: 1, position: 2 });
  });

  it("leave out those that an operator made the view skip", async () => {
    expectErrors(/a consumer could not process an event and will retry/);
    const { read: measure, wake, post, positions } = store("skipped");
    await measure("a", 1);
    await measure("a", -1);
    await measure("a", 3);
    await wake("values");
    await post("/consumers/values/skip", { position: 2 });
    await wake("values");
    expect(await positions("values", "any", "minPosition=3")).toEqual([3, 1]);
  });

  it("leave out those that the code cannot lift: the view has not processed them", async () => {
    expectErrors(/a consumer could not process an event and will retry/);
    const { post, stream, wake, positions } = store("unlifted");
    await post("/aggregates/contract/a/Sign", { cents: 1, currency: "EUR" });
    const old = { type: "Signed", data: '{"amount":666}', meta: "{}", schemaVersion: 1 };
    await stream("contract", "a").append({ events: [old], expected: { kind: "any" } });
    await wake("contracts");
    expect(await positions("contracts", "a")).toEqual([1]);
    // Nor has it once an operator has made it skip the event.
    await post("/consumers/contracts/skip", { position: 2 });
    expect(await positions("contracts", "a", "minPosition=2")).toEqual([1]);
  });

  it("leave out those of its stream that are of a type which the view does not handle", async () => {
    const { read: measure, note, store: name } = store("other-types");
    await measure("a", 1);
    await note("a");
    await measure("a", 2);
    const reads = view("reads", {
      from: reading,
      row: z.object({ id: z.string() }),
      key: "id",
      on: { Read: (_row, { stream }) => ({ id: streamIdOf(stream) }) },
    });
    const about = { key: "a", before: Number.MAX_SAFE_INTEGER, limit: 10, categories: ["reading"] };
    const { events } = await rowEvents(storeNamed(name), reads, about);
    expect(events.map(({ position }) => position)).toEqual([3, 1]);
  });

  it("are found for a view over HTTP by its expressions, its condition and what removes rows", async () => {
    const { send, post, wake, positions } = store("over-http");
    await send("PUT", "/streams/orders", { key: "id" });
    const definition = { from: ["orders", "reading"], where: "data.n > 1", key: "data.who", remove: "data.n == 0" };
    await send("PUT", "/views/mine", definition);
    for (const [id, who, n] of [
      ["1", "c1", 2],
      ["2", "c1", 1],
      ["3", "c2", 3],
      ["4", "c1", 0],
      ["5", "c1", 9],
      ["6", 7, 9],
    ] as const)
      await post("/streams/orders", { id, who, n });
    await wake("mine");
    expect(await positions("mine", "c1")).toEqual([5, 4, 1]);
    expect(await positions("mine", "7")).toEqual([6]);
    expect(await positions("mine", "queries")).toEqual([]);
    await send("PUT", "/views/streams", { from: ["orders", "reading"], where: "event.category == 'orders' && data.n > 1" });
    await post("/streams/reading/1", { type: "Read", data: { value: 5 } });
    await wake("streams");
    expect(await positions("streams", "1")).toEqual([1]);
    expect(await positions("streams", "2")).toEqual([]);
    expect(await positions("streams", "a/b")).toEqual([]);
  });

  it("are shown without their content after an erasure of the row's stream", async () => {
    const { count, send, wake, behind } = store("erased");
    await count("1");
    await count("1");
    await wake("totals");
    await send("DELETE", "/streams/counter/1?erase=true");
    await wake("totals");
    const { events } = await behind("totals", "1", "consistency=strong");
    expect(events.map(({ type, data }) => [type, data])).toEqual([
      ["$deleted", { erased: true }],
      ["Counted", {}],
      ["Counted", {}],
    ]);
  });

  it("are only those of the categories that a narrowed token may read", async () => {
    const { store: name, read: measure, post, send, wake } = store("narrowed");
    await send("PUT", "/views/both", { from: ["reading", "alarm"] });
    await measure("a", 1);
    await post("/streams/alarm/a", { type: "Raised", data: { from: "a", value: 1 } });
    await wake("both");
    const seen = async (narrow: object) => {
      const token = { name: "kiosk", sha256: createHash("sha256").update("hs_kiosk").digest("hex"), rights: ["read"], ...narrow };
      const deployment = deploymentWith({ API_TOKENS: JSON.stringify([token]) });
      const path = `/stores/${name}/views/both/a/events`;
      return createHttp(app).request(path, { headers: { authorization: "Bearer hs_kiosk" } }, deployment);
    };
    const of = async (narrow: object) => {
      const { events, categories } = await read(await seen(narrow));
      return [events.map(({ stream }: RecordedEvent) => stream), categories];
    };
    expect(await of({})).toEqual([
      ["alarm/a", "reading/a"],
      ["reading", "alarm"],
    ]);
    expect(await of({ views: ["both"], categories: ["alarm"] })).toEqual([["alarm/a"], ["alarm"]]);
    expect(await of({ views: ["both"] })).toEqual([[], []]);
    expect((await seen({ categories: ["alarm"], views: ["totals"] })).status).toBe(403);
  });

  it("are unknown in a view that changes rows by SQL: a 409 names the event at fault", async () => {
    const written = view("written", {
      from: reading,
      row: z.object({ id: z.string() }),
      key: "id",
      on: { Read: (_row, { stream }) => ({ id: streamIdOf(stream) }), Calibrated: { sql: (_event, rows) => rows.remove(sql`true`) } },
    });
    const http = createHttp(defineApp({ categories: [reading], views: [written] }));
    const answer = await http.request("/stores/any/views/written/a/events", {}, envWith({}));
    expect([answer.status, await read(answer)]).toEqual([
      409,
      expect.objectContaining({ code: "row-events-unknown", detail: expect.stringContaining("Calibrated") }),
    ]);
  });

  it.each([
    ["an unknown view", "/views/nobody/a/events", 404, "unknown-view"],
    ["an invalid limit", "/views/values/a/events?limit=0", 400, "invalid-request"],
    ["a condition on a column", "/views/values/a/events?count=1", 400, "invalid-request"],
  ])("are refused for %s", async (_what, path, status, code) => {
    const { get } = store("refused");
    const answer = await get(path);
    expect([answer.status, (await read(answer)).code]).toEqual([status, code]);
  });
});
