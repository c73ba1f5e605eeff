/** The parts of a query string that concern columns: operators, sorts, cursors. */

import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { VIEW_CONDITIONS, VIEW_SORT_COLUMNS } from "../../../src/http/limits.ts";
import { completeSort, queryStatement } from "../../../src/views/query-sql.ts";
import { tableOf } from "../../../src/rows/table.ts";
import { totals } from "../app.ts";
import { quietStore } from "../delivery/support.ts";
import { read } from "../support.ts";
import { counted } from "./counted.ts";

afterEach(() => vi.restoreAllMocks());

describe("an operator", () => {
  it.each([
    ["gte", "total.gte=3", ["b", "c", "d"]],
    ["gt and lt", "total.gt=1&total.lt=12", ["c"]],
    ["lte", "total.lte=3", ["a", "c"]],
    ["ne", "total.ne=12", ["a", "c"]],
    ["ne, repeated", "total.ne=12&total.ne=1", ["c"]],
    ["ne of an empty column", "note.ne=x", ["a", "b", "c", "d"]],
    ["in", "total.in=1,3", ["a", "c"]],
    ["equality, repeated", "counter=a&counter=d", ["a", "d"]],
    ["is null", "note.is=null", ["a", "b", "c", "d"]],
    ["is not null, of a list", "versions.is=not-null", ["a", "b", "c", "d"]],
    ["the empty string, which is not null", "note=", []],
  ])("selects rows: %s", async (_what, query, expected) => {
    const { keys } = await counted("operators", { a: 1, b: 12, c: 3, d: 12 });
    expect(await keys(`/views/totals?${query}`)).toEqual(expected);
  });

  it.each([
    ["total.like=1", ["total", "total.gte", "total.in", "total.is"]],
    ["total.=1", ["total", "total.gte"]],
    ["big.gte=true", ["big", "big.ne", "big.in", "big.is"]],
    ["versions=[1]", ["versions.is"]],
    ["versions.in=1", ["versions.is"]],
    ["colour.gte=1", ["counter", "total", "sort", "limit"]],
  ])("that a column does not support is refused, with those it supports: %s", async (query, allowed) => {
    const response = await quietStore("operator").get(`/views/totals?${query}`);
    expect(response.status).toBe(400);
    const problem = await read(response);
    expect(problem).toMatchObject({ code: "invalid-request" });
    expect(problem.allowed).toEqual(expect.arrayContaining(allowed));
    for (const name of allowed) expect(problem.detail).toContain(name);
  });

  it.each(["total.gte=", "total.in=1,", "total.gt=0x10", "big.ne=1", "note.is=nothing", "total.gt=1&total.gt=2", "limit=1&limit=2"])(
    "with an impossible value is refused: %s",
    async (query) => {
      const response = await quietStore("operand").get(`/views/totals?${query}`);
      expect([response.status, (await read(response)).code]).toEqual([400, "invalid-request"]);
    },
  );

  it("may occur in a query as often as the limit allows, with many values, and no more often", async () => {
    const { get, keys } = await counted("most", { a: 1 });
    const columns = ["counter", "total", "events", "note"];
    const conditions = ["gte", "gt", "lte", "lt", "ne", "in", "is"].flatMap((operator) =>
      columns.map((column) => [column, operator] as const),
    );
    const holds = { gte: "0", gt: "0", lte: "9", lt: "9", ne: "7", in: "1", is: "not-null" } as const;
    const text = (column: string, operator: string) => (column === "counter" ? { lte: "z", lt: "z", in: "a" }[operator] : undefined);
    const parameters = conditions
      .filter(([column]) => column !== "note")
      .map(([column, operator]) => `${column}.${operator}=${text(column, operator) ?? holds[operator as keyof typeof holds]}`);
    const many = Array.from({ length: 3_000 }, (_, n) => n).join(",");
    expect(await keys(`/views/totals?${parameters.join("&")}&sort=-big,-total,events,note,counter`)).toEqual(["a"]);
    expect(await keys(`/views/totals?total.in=${many}`)).toEqual(["a"]);
    const specimens = ["id", "text", "word", "whole", "maybe", "real"].flatMap((column) =>
      ["gte", "gt", "lte", "lt", "ne", "in", "is"].map((operator) => `${column}.${operator}=${operator === "is" ? "null" : 1}`),
    );
    expect(
      (await get(`/views/specimens?${specimens.slice(0, VIEW_CONDITIONS).join("&")}&sort=text,word,whole,maybe,real,flag,id`)).status,
    ).toBe(200);
    const response = await get(`/views/specimens?${specimens.slice(0, VIEW_CONDITIONS + 1).join("&")}`);
    expect(response.status).toBe(400);
    expect((await read(response)).detail).toContain(String(VIEW_CONDITIONS));
  });
});

describe("a sort", () => {
  it.each([
    ["total", ["a", "c", "b", "d"]],
    ["-total", ["d", "b", "c", "a"]],
    ["-total,counter", ["b", "d", "c", "a"]],
    ["big,-total", ["c", "a", "d", "b"]],
    ["-counter", ["d", "c", "b", "a"]],
    ["-counter,total", ["d", "c", "b", "a"]],
  ])("orders rows, and equal ones by key: %s", async (sort, expected) => {
    const { keys } = await counted("sorted", { a: 1, b: 12, c: 3, d: 12 });
    expect(await keys(`/views/totals?sort=${sort}`)).toEqual(expected);
  });

  it("may name as many columns as the limit allows", async () => {
    const { get } = quietStore("sorts");
    const response = await get(`/views/totals?sort=${Array.from({ length: VIEW_SORT_COLUMNS + 1 }, () => "total").join(",")}`);
    expect(await read(response)).toMatchObject({ status: 400, detail: expect.stringContaining(`at most ${VIEW_SORT_COLUMNS} columns`) });
  });

  it.each([
    "sort=colour",
    "sort=",
    "sort=total,",
    "sort=versions",
    "sort=total,-total",
    "sort=+total",
    "sort=_store",
    "sort=total&sort=big",
  ])("that is impossible is refused: %s", async (query) => {
    const response = await quietStore("sort").get(`/views/totals?${query}`);
    expect([response.status, (await read(response)).code]).toEqual([400, "invalid-request"]);
  });

  it("by a column with an index begins a later page at its place in the index", async () => {
    const table = tableOf(totals);
    const sort = completeSort("counter", [{ name: "total", kind: "integer", descending: true }]);
    const explained = { prepare: (text: string) => env.VIEWS.prepare(`EXPLAIN QUERY PLAN ${text}`) } as D1Database;
    await counted("index", {});
    await quietStore("index").get("/views/totals");
    const { results } = await queryStatement(table, explained, "store", { sort, limit: 10, after: [12, "b"] }).all<{ detail: string }>();
    // Around it, bytes are counted as rows come. Nothing is sorted.
    const plan = results.map(({ detail }) => detail).filter((detail) => !/^(?:CO-ROUTINE|SCAN) \(?subquery/.test(detail));
    expect(plan).toEqual([expect.stringMatching(/^SEARCH .* USING INDEX .*_total.*\(_store=\? AND total<\?\)$/)]);
  });
});

describe("a cursor", () => {
  it.each([
    ["of another sort", "sort=total", "sort=-total"],
    ["of other columns", "sort=total", "sort=total,big"],
    ["of no sort", "", "sort=total"],
  ])("%s is refused", async (_what, first, second) => {
    const { json, get } = await counted("other", { a: 1, b: 2, c: 3 });
    const { next } = await json(`/views/totals?${first}&limit=1`.replace("?&", "?"));
    const response = await get(`/views/totals?${second}&limit=1&cursor=${next}`);
    expect(response.status).toBe(400);
    expect((await read(response)).detail).toContain("sort");
  });

  const forged = (content: unknown) => Buffer.from(JSON.stringify(content)).toString("base64url");
  const signature = "total:integer,counter:text";

  it.each([
    "nonsense",
    "%00",
    "{}",
    "a.b",
    forged({}),
    forged([]),
    forged([signature, 1]),
    forged([signature, 1, 5]),
    forged([signature, 1, 5, null]),
    forged([signature, 1, "5", "a"]),
    forged([signature, 1, 5, "a", "b"]),
    forged([signature, -1, 5, "a"]),
    forged([signature, 1, { a: 1 }, "a"]),
  ])("that no page gave is refused: %s", async (cursor) => {
    const response = await quietStore("forged").get(`/views/totals?sort=total&cursor=${cursor}`);
    expect([response.status, (await read(response)).code]).toEqual([400, "invalid-request"]);
  });

  it("exists only for rows sorted by values that fit into a URL", async () => {
    const { post, wake, get } = quietStore("long");
    const rows = ["a", "b"].map((id) => ({ id, text: "x".repeat(10_000), whole: 1, maybe: null, flag: null, list: [] }));
    await post("/streams/specimen/all", { type: "Put", data: { rows } });
    await wake("specimens");
    expect((await get("/views/specimens?limit=1")).status).toBe(200);
    const response = await get("/views/specimens?limit=1&sort=text");
    expect(response.status).toBe(400);
    expect((await read(response)).detail).toContain("too long for a cursor");
    expect((await get("/views/specimens?limit=2&sort=text")).status).toBe(200);
  });
});
