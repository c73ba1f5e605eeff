import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { quietStore } from "../delivery/support.ts";
import { interceptLogMethod, read } from "../support.ts";
import { counted } from "./counted.ts";

afterEach(() => vi.restoreAllMocks());

describe("a view", () => {
  it("answers with its rows in key order, and the position they are at", async () => {
    const { get } = await counted("rows", { b: 12, a: 3 });
    const response = await get("/views/totals");
    expect(response.status).toBe(200);
    expect(response.headers.get("headspring-position")).toBe("2");
    expect(await read(response)).toEqual({
      rows: [
        { counter: "a", total: 3, events: 1, versions: [1], big: false },
        { counter: "b", total: 12, events: 1, versions: [1], big: true },
      ],
      hasMore: false,
      position: 2,
    });
  });

  it("of a store that was never written to is empty", async () => {
    const { get } = quietStore("never");
    const response = await get("/views/totals");
    expect(response.status).toBe(200);
    expect(await read(response)).toEqual({ rows: [], hasMore: false, position: 0 });
  });

  it("that no code declares is unknown, and the answer lists the declared ones", async () => {
    const response = await quietStore("unknown").get("/views/nothing");
    expect(response.status).toBe(404);
    const problem = await read(response);
    expect(problem).toMatchObject({ code: "unknown-view" });
    expect(problem.detail).toContain("totals");
  });

  it("lists itself with its columns", async () => {
    const { views } = await quietStore("list").json("/views");
    const totals = views.find(({ name }: { name: string }) => name === "totals");
    expect(totals).toMatchObject({
      key: "counter",
      row: { type: "object", properties: { counter: { type: "string" }, total: { type: "integer" } } },
    });
  });
});

describe("a condition on a column", () => {
  it.each([
    ["text", "counter=b", ["b"]],
    ["integer", "total=12", ["b", "d"]],
    ["boolean", "big=true", ["b", "d"]],
    ["false", "big=false", ["a", "c"]],
    ["a value that no row has", "total=99", []],
    ["two columns", "big=true&counter=d", ["d"]],
    ["a value that looks like SQL", `counter=${encodeURIComponent("' OR 1=1 --")}`, []],
  ])("selects rows: %s", async (_what, query, expected) => {
    const { keys } = await counted("where", { a: 1, b: 12, c: 3, d: 12 });
    expect(await keys(`/views/totals?${query}`)).toEqual(expected);
  });

  it.each(["colour=green", "constructor=x", "__proto__=x", "__proto__.gte=x", "_store=other", "total%20OR%201=1"])(
    "that the view does not have is refused: %s",
    async (query) => {
      const response = await quietStore("column").get(`/views/totals?${query}`);
      expect(response.status).toBe(400);
      expect(response.headers.get("content-type")).toBe("application/problem+json");
      const problem = await read(response);
      expect(problem).toMatchObject({ code: "invalid-request" });
      expect(problem.allowed).toEqual(expect.arrayContaining(["counter", "total", "big", "limit", "cursor", "minPosition", "consistency"]));
    },
  );

  it.each([
    "total=many",
    "total=",
    "total=1e999",
    "big=yes",
    "limit=0",
    "limit=201",
    "limit=ten",
    "minPosition=-1",
    "minPosition=1.5",
    "consistency=exact",
  ])("with an impossible value is refused: %s", async (query) => {
    const response = await quietStore("value").get(`/views/totals?${query}`);
    expect(response.status).toBe(400);
    expect(await read(response)).toMatchObject({ code: "invalid-request", detail: expect.stringContaining(query.split("=")[0] ?? "") });
  });
});

describe("a view's pages", () => {
  it("follow one another by cursor until all rows were seen once", async () => {
    const names = ["a", "b", "c", "ä", "茶"];
    const { get } = await counted("pages", Object.fromEntries(names.map((name) => [encodeURIComponent(name), 1])));
    const pages: string[][] = [];
    for (let path: string | undefined = "/views/totals?limit=2"; path !== undefined;) {
      const response = await get(path);
      const { rows, next } = await read(response);
      pages.push(rows.map(({ counter }: { counter: string }) => counter));
      path = /^<\/stores\/[^/]+(.*)>; rel="next"$/.exec(response.headers.get("link") ?? "")?.[1];
      expect(path).toBe(next === undefined ? undefined : `/views/totals?limit=2&cursor=${next}`);
    }
    expect(pages).toEqual([["a", "b"], ["c", "ä"], ["茶"]]);
  });

  it("keep the condition", async () => {
    const { json, keys } = await counted("filtered", { a: 12, b: 1, c: 12, d: 12 });
    const { rows, next } = await json("/views/totals?big=true&limit=2");
    expect(rows).toHaveLength(2);
    expect(await keys(`/views/totals?big=true&limit=2&cursor=${next}`)).toEqual(["d"]);
  });

  it("end without a cursor even if the last row fills the last page", async () => {
    const { json } = await counted("exact", { a: 1, b: 1 });
    expect(await json("/views/totals?limit=2")).not.toHaveProperty("next");
  });
});

describe("promise 7: read your own writes", () => {
  it("a query that names the position of a write has it, even if no worker follows the log", async () => {
    const { post, json, get } = quietStore("own");
    const { position } = await read(await post("/aggregates/counter/a/Count", { by: 3 }));
    expect((await json("/views/totals")).rows).toEqual([]);
    const response = await get(`/views/totals?minPosition=${position}`);
    expect((await read(response)).rows).toEqual([expect.objectContaining({ counter: "a", total: 3 })]);
    expect(Number(response.headers.get("headspring-position"))).toBeGreaterThanOrEqual(position);
  });

  it("a strong query has every write, whichever client made it", async () => {
    const { post, json } = quietStore("strong");
    for (const by of [1, 2]) {
      await post("/aggregates/counter/a/Count", { by });
      expect((await json("/views/totals?consistency=strong")).rows).toEqual([expect.objectContaining({ events: by })]);
    }
  });

  it("a single row has it, too", async () => {
    const { post, json, get } = quietStore("row");
    const { position } = await read(await post("/aggregates/counter/a/Count", { by: 3 }));
    expect((await get("/views/totals/a")).status).toBe(404);
    expect(await json(`/views/totals/a?minPosition=${position}`)).toMatchObject({ counter: "a", total: 3 });
  });

  it("a query for a position that is not reached in time is refused, with a time to come again", async () => {
    const { post, get } = quietStore("behind");
    await post("/aggregates/counter/a/Count", {});
    const response = await get("/views/totals?minPosition=2", { prefer: "wait=0" });
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("1");
    expect(await read(response)).toMatchObject({ code: "view-behind", position: 2 });
  });

  it("a query waits for a position that is about to be reached", async () => {
    const { post, get } = quietStore("waiting");
    const asked = get("/views/totals?minPosition=2", { prefer: "wait=20" });
    await post("/aggregates/counter/a/CountTwice", {});
    const response = await asked;
    expect(response.status).toBe(200);
    expect(await read(response)).toMatchObject({ rows: [{ counter: "a", events: 2 }], position: 2 });
  });

  it.each(["minPosition=4", "consistency=strong"])(
    "a view that no event has concerned answers a query at once, and writes nothing: %s",
    async (query) => {
      const { store, post, get, read: append } = await counted("unconcerned", { a: 1 });
      for (const value of [1, 2, 3]) await append("s", value);
      const response = await get(`/views/totals?${query}`, { prefer: "wait=0" });
      expect(await read(response)).toMatchObject({ rows: [{ counter: "a" }], position: 4 });
      const stored = `SELECT position FROM headspring_checkpoints WHERE store = ? AND consumer = 'totals'`;
      expect(await env.VIEWS.prepare(stored).bind(store).first("position")).toBe(1);
      await post("/aggregates/counter/a/Count", {});
      const behind = await get("/views/totals?minPosition=6", { prefer: "wait=0" });
      expect([behind.status, await read(behind)]).toMatchObject([503, { code: "view-behind" }]);
      expect(await read(await get("/views/totals?consistency=strong"))).toMatchObject({ rows: [{ events: 2 }], position: 5 });
    },
  );

  it("a view that has failed reports that it is behind, instead of answering with old rows", async () => {
    const { store, post, wake, get } = await counted("stopped", { a: 1 });
    await env.VIEWS.prepare(`UPDATE headspring_checkpoints SET status = 'failed' WHERE store = ? AND consumer = 'totals'`)
      .bind(store)
      .run();
    await post("/aggregates/counter/a/Count", {});
    await wake("totals");
    expect((await get("/views/totals?consistency=strong", { prefer: "wait=0" })).status).toBe(503);
    expect((await get("/views/totals")).status).toBe(200);
  });
});

describe("a row", () => {
  it("is found by its key", async () => {
    const { get } = await counted("key", { a: 3 });
    const response = await get("/views/totals/a");
    expect(response.status).toBe(200);
    expect(response.headers.get("headspring-position")).toBe("1");
    expect(await read(response)).toEqual({ counter: "a", total: 3, events: 1, versions: [1], big: false });
  });

  it("that does not exist is unknown, at the position the view is at", async () => {
    const { get } = await counted("unknown", { a: 3 });
    const response = await get("/views/totals/b");
    expect(response.status).toBe(404);
    expect(response.headers.get("headspring-position")).toBe("1");
    expect(await read(response)).toMatchObject({ code: "unknown-row", position: 1 });
  });

  it("that is about to be there is waited for", async () => {
    const { post, get } = quietStore("poll");
    const asked = get("/views/totals/a", { prefer: "wait=20" });
    await post("/aggregates/counter/a/Count", { by: 3 });
    const response = await asked;
    expect(response.status).toBe(200);
    expect(await read(response)).toMatchObject({ counter: "a", total: 3 });
  });

  it("is waited for even if the log cannot say that it has changed", async () => {
    const { store, post, get } = quietStore("unsaid");
    let refusals = 0;
    interceptLogMethod(store, "changed", () => async () => {
      refusals += 1;
      throw new Error("Network connection lost.");
    });
    const asked = get("/views/totals/a", { prefer: "wait=20" });
    await expect.poll(() => refusals).toBeGreaterThan(0);
    await post("/aggregates/counter/a/Count", { by: 3 });
    expect(await read(await asked)).toMatchObject({ counter: "a", total: 3 });
  });

  it("accepts no condition", async () => {
    const response = await quietStore("condition").get("/views/totals/a?total=3");
    expect(response.status).toBe(400);
    expect(await read(response)).toMatchObject({ code: "invalid-request" });
  });

  it("may have any key that a path can carry", async () => {
    const { store, post, wake, json } = quietStore("names");
    const keys = ["a b?#%", "a/b", "queries", "queries/byFlag", "%2F", "%25", "+", "&=;", "茶", "😀", "'\"", "\\", "\n", "\0", "...", " "];
    const rows = keys.map((id) => ({ id, text: null, whole: 1, maybe: null, flag: null, list: [] }));
    expect((await post("/streams/specimen/all", { type: "Put", data: { rows } })).status).toBe(201);
    await wake("specimens");
    for (const key of keys)
      expect(await json(`/views/specimens/${encodeURIComponent(key)}`), `${key} in ${store}`).toMatchObject({ id: key });
  });

  it("whose key no path can carry is found by a condition", async () => {
    const { post, wake, json } = quietStore("dots");
    const rows = ["", ".", ".."].map((id) => ({ id, text: null, whole: 1, maybe: null, flag: null, list: [] }));
    await post("/streams/specimen/all", { type: "Put", data: { rows } });
    await wake("specimens");
    for (const { id } of rows) expect((await json(`/views/specimens?id=${id}`)).rows).toEqual([expect.objectContaining({ id })]);
  });

  it.each(["minPosition=2", "consistency=strong"])(
    "of a view that does not reach the position in time is not answered: %s",
    async (query) => {
      const { get, post, store } = await counted("late", { a: 1 });
      await env.VIEWS.prepare(`UPDATE headspring_checkpoints SET status = 'paused' WHERE store = ? AND consumer = 'totals'`)
        .bind(store)
        .run();
      await post("/aggregates/counter/a/Count", {});
      const response = await get(`/views/totals/a?${query}`, { prefer: "wait=0" });
      expect(response.status).toBe(503);
      expect(response.headers.get("retry-after")).toBe("1");
      expect(await read(response)).toMatchObject({ code: "view-behind", position: 2 });
    },
  );
});
