import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { category, sql, view } from "../../../src/index.ts";
import { QueryFailed, runNamedQuery } from "../../../src/views/query-named.ts";
import { tableOf } from "../../../src/rows/table.ts";
import { quietStore } from "../delivery/support.ts";
import { storeNamed, read } from "../support.ts";
import type { SpecimenRow } from "./parts.ts";

afterEach(() => vi.restoreAllMocks());

const row = (id: string, whole: number, text: string | null = null): SpecimenRow => ({
  id,
  text,
  whole,
  maybe: null,
  flag: whole === 0 ? null : whole % 2 === 0,
  list: ["x"],
});

async function withRows(name: string, ...rows: SpecimenRow[]) {
  const store = quietStore(name);
  await store.post("/streams/specimen/all", { type: "Put", data: { rows } });
  await store.wake("specimens");
  return store;
}

describe("a named query", () => {
  it("answers with what its SQL selects, in its order and its types, and with the position", async () => {
    const { get } = await withRows("named", row("a", 0, "t"), row("b", 1, "z"), row("c", 2), row("d", 3, "y"));
    const response = await get("/views/specimens/queries/byFlag");
    expect([response.status, response.headers.get("headspring-position")]).toEqual([200, "1"]);
    expect(await read(response)).toEqual({
      rows: [
        { flag: null, count: 1, first: "t" },
        { flag: false, count: 2, first: "y" },
        { flag: true, count: 1 },
      ],
      hasMore: false,
      position: 1,
    });
  });

  it("accepts parameters of the types that it declares", async () => {
    const { json } = await withRows("params", row("a", 0, "t"), row("b", 1, "z"), row("c", 2), row("d", 3, "y"));
    const rows = async (query: string) => (await json(`/views/specimens/queries/byFlag?${query}`)).rows;
    expect(await rows("atLeast=2")).toEqual([
      { flag: false, count: 1, first: "y" },
      { flag: true, count: 1 },
    ]);
    expect(await rows("flag=true")).toEqual([{ flag: true, count: 1 }]);
    expect(await rows("texts=t")).toEqual([{ flag: null, count: 1, first: "t" }]);
    expect(await rows("texts=t&texts=z")).toEqual([
      { flag: null, count: 1, first: "t" },
      { flag: false, count: 1, first: "z" },
    ]);
  });

  it("may choose a column; without a schema its rows are as SQL has them", async () => {
    const { json } = await withRows("columns", row("a", 3), row("b", 2));
    expect((await json("/views/specimens/queries/sorted?by=whole")).rows).toEqual([
      { id: "a", flag: 0, list: '["x"]' },
      { id: "b", flag: 1, list: '["x"]' },
    ]);
    expect((await json("/views/specimens/queries/sorted?by=id")).rows.map(({ id }: SpecimenRow) => id)).toEqual(["b", "a"]);
  });

  it("sees the rows of its own store only", async () => {
    await withRows("others", row("a", 1));
    const { json } = await withRows("own", row("b", 1), row("c", 1));
    expect(await json("/views/specimens/queries/echo?text=x")).toEqual({ rows: [{ said: "x", rows: 2 }], hasMore: false, position: 1 });
  });

  it.each([`'`, `"; DROP TABLE headspring_checkpoints; --`, `' OR 1=1 --`, "?1", "\u0000", "😀", "${rows}"])(
    "uses a string as a value, whatever it contains: %s",
    async (text) => {
      const { json } = await withRows("text", row("a", 1));
      expect((await json(`/views/specimens/queries/echo?text=${encodeURIComponent(text)}`)).rows).toEqual([{ said: text, rows: 1 }]);
    },
  );

  it("can wait for a position, as rows can", async () => {
    const { get, post } = quietStore("wait");
    await post("/streams/specimen/all", { type: "Put", data: { rows: [row("a", 1)] } });
    expect(await read(await get("/views/specimens/queries/echo?text=x"))).toMatchObject({ rows: [{ rows: 0 }], position: 0 });
    for (const query of ["minPosition=1", "consistency=strong"])
      expect(await read(await get(`/views/specimens/queries/echo?text=x&${query}`))).toMatchObject({ rows: [{ rows: 1 }], position: 1 });
    const late = await get("/views/specimens/queries/echo?text=x&minPosition=2", { prefer: "wait=0" });
    expect([late.status, late.headers.get("retry-after"), (await read(late)).code]).toEqual([503, "1", "view-behind"]);
  });

  it("answers with a bounded number of rows, and shows when there are more", async () => {
    const { json } = await withRows("bounded", row("a", 1));
    const { rows, hasMore } = await json("/views/specimens/queries/many");
    expect([rows.length, hasMore]).toEqual([1_000, true]);
  });

  it.each([
    ["atLeast=many", "atLeast"],
    ["atLeast=1.5", "atLeast"],
    ["atLeast=", "atLeast"],
    ["atLeast=0x10", "atLeast"],
    ["atLeast=0b1", "atLeast"],
    ["atLeast=1e3", "atLeast"],
    ["atLeast=%205", "atLeast"],
    ["atLeast=5%20", "atLeast"],
    ["atLeast=%2B5", "atLeast"],
    ["atLeast=05", "atLeast"],
    ["atLeast=5.0", "atLeast"],
    ["atLeast=.5", "atLeast"],
    ["atLeast=-", "atLeast"],
    ["atLeast=1_000", "atLeast"],
    ["atLeast=Infinity", "atLeast"],
    ["atLeast=9007199254740993", "atLeast"],
    ["atLeast=1e999", "atLeast"],
    ["atLeast=1&atLeast=2", "atLeast"],
    ["flag=yes", "flag"],
    ["colour=red", "colour"],
    ["limit=3", "limit"],
    ["minPosition=x", "minPosition"],
    ["minPosition=1&minPosition=2", "minPosition"],
    ["__proto__=x", "__proto__"],
  ])("refuses parameters that do not fit: %s", async (query, named) => {
    const response = await quietStore("invalid").get(`/views/specimens/queries/byFlag?${query}`);
    expect(response.status).toBe(400);
    const problem = await read(response);
    expect(problem.code).toBe("invalid-request");
    expect(problem.detail).toContain(named);
  });

  it("needs the parameters that are not optional", async () => {
    const response = await quietStore("missing").get("/views/specimens/queries/echo");
    expect([response.status, (await read(response)).issues]).toEqual([400, [expect.objectContaining({ path: "text" })]]);
  });

  it.each(["specimens/queries/nothing", "specimens/queries/constructor"])(
    "that is not declared is unknown, and the answer lists the declared ones: %s",
    async (path) => {
      const response = await quietStore("unknown").get(`/views/${path}`);
      expect(response.status).toBe(404);
      const problem = await read(response);
      expect(problem.code).toBe("unknown-query");
      expect(problem.detail).toContain("byFlag");
    },
  );

  it("whose SQL is wrong is no fault of the request, and the cause is in the logs", async () => {
    const errors = vi.spyOn(console, "error").mockReturnValue();
    const response = await quietStore("wrong").get("/views/specimens/queries/misspells");
    expect([response.status, (await read(response)).code]).toEqual([500, "query-failed"]);
    expect(errors).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({
        code: "query-failed",
        path: expect.stringMatching("/specimens/"),
        error: expect.stringContaining("no such column: colour"),
      }),
    );
  });
});

describe("a named query's code", () => {
  const source = category("named", { events: { Named: z.object({}) } });
  const names = view("names", {
    from: source,
    row: z.object({ name: z.string() }),
    key: "name",
    on: { Named: { at: () => "one", fold: () => ({ name: "one" }) } },
    queries: {
      removes: { params: z.object({}), sql: ({ rows }) => sql`DELETE FROM ${rows} RETURNING name` },
      hidesItsRemoval: { params: z.object({}), sql: ({ rows }) => sql`WITH gone AS (SELECT 1) DELETE FROM ${rows}` },
      leavesTheBrackets: { params: z.object({}), sql: ({ rows }) => sql`SELECT * FROM ${rows}) DELETE FROM (SELECT 1` },
      endsTheStatement: { params: z.object({}), sql: ({ rows }) => sql`SELECT * FROM ${rows}); DELETE FROM (SELECT 1` },
      setsAPragma: { params: z.object({}), sql: () => sql`PRAGMA foreign_keys = OFF` },
      callsAPragma: { params: z.object({}), sql: () => sql`SELECT * FROM pragma_table_list` },
      readsCheckpoints: { params: z.object({}), sql: () => sql`SELECT * FROM headspring_checkpoints` },
      readsThemInQuotes: { params: z.object({}), sql: () => sql`SELECT * FROM "Headspring_checkpoints"` },
      readsThemAsAText: { params: z.object({}), sql: () => sql`SELECT * FROM 'headspring_checkpoints'` },
      readsThemInBrackets: { params: z.object({}), sql: () => sql`SELECT * FROM [headspring_checkpoints]` },
      readsARebuiltTable: { params: z.object({}), sql: () => sql`SELECT * FROM "view_ready-orders_0123456789ab_2"` },
      readsATable: { params: z.object({}), sql: () => sql`SELECT * FROM "view_ready-orders_0123456789ab"` },
      readsTheSchema: { params: z.object({}), sql: () => sql`SELECT sql FROM sqlite_master` },
      readsTheStore: { params: z.object({}), sql: ({ rows }) => sql`SELECT _store FROM ${rows}` },
      namesAParameter: { params: z.object({}), sql: () => sql`SELECT ?1` },
      quotesAValue: { params: z.object({}), sql: () => sql`SELECT '${"x"}'` },
      commentsAValue: { params: z.object({}), sql: () => sql`SELECT 1 -- ${"x"}` },
      bindsTooMuch: {
        params: z.object({}),
        sql: () => sql`SELECT ${Array.from({ length: 99 }, (_, n) => n).reduce((sum, n) => sql`${sum} + ${n}`, sql`0`)} AS sum`,
      },
      bindsNothing: { params: z.object({}), sql: () => sql`SELECT ${undefined as unknown as null}` },
      breaksItsRow: { params: z.object({}), row: z.object({ n: z.int() }), sql: () => sql`SELECT 'one' AS n` },
      nestsWhatIsNoJson: { params: z.object({}), row: z.object({ n: z.array(z.int()) }), sql: () => sql`SELECT '[' AS n` },
      throws: {
        params: z.object({}),
        sql: () => {
          throw new Error("as the test asked");
        },
      },
      works: { params: z.object({}), sql: ({ rows }) => sql`SELECT name FROM ${rows} -- one row\n WHERE name <> ';?[' /* ' */ AND 1` },
    },
  });
  const run = (store: string, query: string) =>
    runNamedQuery(storeNamed(store), names, names.queries.get(query)!, {}, { position: 0, deadline: 0 });

  it.each([...names.queries.keys()].filter((name) => name !== "works"))(
    "can write nothing and read nothing else, but fails: %s",
    async (name) => {
      const { store } = quietStore("hostile");
      await run(store, "works");
      const tables = () => env.VIEWS.prepare(`SELECT name FROM sqlite_master ORDER BY name`).all();
      const before = await tables();
      await expect(run(store, name)).rejects.toThrow(QueryFailed);
      expect((await tables()).results).toEqual(before.results);
    },
  );

  it("gets an error when it binds more than D1 allows", async () => {
    await expect(run(quietStore("bound").store, "bindsTooMuch")).rejects.toThrow("binds at most 98 values");
  });

  it("may contain strings and comments", async () => {
    expect((await run(quietStore("works").store, "works")).rows).toEqual([]);
  });
});

describe("the definition of a named query", () => {
  const source = category("thing", { events: { Made: z.object({}) } });
  const define = (name: string, params: z.ZodObject) =>
    view("things", {
      from: source,
      row: z.object({ id: z.string() }),
      key: "id",
      on: {},
      queries: { [name]: { params, sql: () => sql`SELECT 1` } },
    });

  it("has a name that fits into a path", () => {
    expect(() => define("a/b", z.object({}))).toThrow('query of view "things" "a/b" is not a valid name');
  });

  it("has no parameter that every query takes", () => {
    expect(() => define("all", z.object({ minPosition: z.int() }))).toThrow("minPosition");
  });

  it("does not name the view's table: another query, the same rows", () => {
    const without = view("things", { from: source, row: z.object({ id: z.string() }), key: "id", on: {} });
    expect(tableOf(define("all", z.object({}))).generation).toBe(tableOf(without).generation);
  });
});
