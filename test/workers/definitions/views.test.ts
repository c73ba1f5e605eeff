import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { prepare } from "../../../src/consumers/schema.ts";
import type { ViewDefinition } from "../../../src/definitions/over-http/view.ts";
import { tableOf } from "../../../src/rows/table.ts";
import { VIEW_GRACE_MS } from "../../../src/views/limits.ts";
import { project } from "../../../src/views/project.ts";
import { databasesOf, dropRetired } from "../../../src/views/retire.ts";
import { LiveRows } from "../../live-rows.ts";
import { app } from "../app.ts";
import { quietStore } from "../delivery/support.ts";
import { read, storeNamed } from "../support.ts";
import { allowErrors } from "../errors.ts";

beforeEach(() => {
  allowErrors(/a consumer has failed and stopped/, /a view of the store's catalog cannot be compiled by this code/);
  vi.spyOn(console, "info").mockReturnValue();
});
afterEach(() => vi.restoreAllMocks());

let names = 0;

/** A store with one view, whose name no other test has, over HTTP. It runs only when the test says so. */
function store(view = `declared-${++names}`) {
  const quiet = quietStore("views-over-http");
  const { store: id, send, json, get, wake } = quiet;
  const put = async (definition: ViewDefinition) => {
    const response = await send("PUT", `/views/${view}`, definition);
    return { ...(await read(response)), answer: response.status };
  };
  return {
    ...quiet,
    view,
    put,
    run: () => wake(view),
    remove: async () => (await send("DELETE", `/views/${view}`)).status,
    rows: async (query = "") => (await json(`/views/${view}?limit=200&${query}`)).rows,
    page: (query = "") => json(`/views/${view}?${query}`),
    row: async (key: string, query = "") => {
      const response = await get(`/views/${view}/${key}?${query}`);
      return { ...(await read(response)), answer: response.status };
    },
    report: () => json(`/consumers/${view}`),
    /** As this worker knows it, with the declaration of the moment. */
    known: async () => (await storeNamed(id, app).definitions.view(view))!,
    sweep: async () => {
      for (const { db } of databasesOf(app, env)) await prepare(db);
      await dropRetired(app, env, [id]);
    },
  };
}

/** As if this much time had gone by since tables were replaced. */
async function age(milliseconds: number) {
  await env.VIEWS.prepare(`UPDATE headspring_checkpoints SET retired_at = retired_at - ? WHERE retired_at IS NOT NULL`)
    .bind(milliseconds)
    .run();
}

async function tables(view: string): Promise<number> {
  const sql = `SELECT COUNT(*) AS n FROM sqlite_master WHERE type = 'table' AND name LIKE ?`;
  return (await env.VIEWS.prepare(sql).bind(`view_${view}_%`).first<number>("n"))!;
}

/** Rows of the engine's tables that name the view. */
async function traces(view: string): Promise<number> {
  const tables = [
    ["headspring_checkpoints", "consumer"],
    ["headspring_views", "view"],
    ["headspring_generations", "view"],
    ["headspring_skipped", "consumer"],
  ] as const;
  const counts = await env.VIEWS.batch<{ n: number }>(
    tables.map(([table, column]) => env.VIEWS.prepare(`SELECT COUNT(*) AS n FROM ${table} WHERE ${column} = ?`).bind(view)),
  );
  return counts.reduce((sum, { results }) => sum + results[0]!.n, 0);
}

const counts = (by: number): ViewDefinition => ({
  from: "reading",
  types: ["Read"],
  columns: { count: { type: "integer", init: 0, fold: `acc + ${by}` } },
});

describe("a view without columns", () => {
  const schema = {
    type: "object",
    properties: {
      status: { enum: ["new", "done"] },
      qty: { type: "integer" },
      price: { type: ["number", "null"] },
      paid: { type: "boolean" },
      limit: { type: "integer" },
      Twin: { type: "string" },
      twin: { type: "string" },
    },
  };
  const open = async (definition: Partial<ViewDefinition> = {}) => {
    const one = store();
    await one.send("PUT", "/streams/things", { schema });
    expect(await one.put({ from: "things", ...definition })).toMatchObject({ answer: 201, origin: "api" });
    return { ...one, fact: (id: string, data: object) => one.post(`/streams/things/${id}`, { type: "ThingsRecorded", data }) };
  };

  it("answers with the latest data exactly as it is, whatever its members are called, and with its key", async () => {
    const { fact, run, rows, row } = await open();
    const odd = `{"status":"new","limit":5,"sort":"-a","Twin":"T","twin":"t","a b":{"c":[null,1.50]},"":"","_row":1,"_store":"s","constructor":7,"id":"mine","__proto__":{"x":1},"half":"\\ud800"}`;
    await fact("1", { status: "done", qty: 1 });
    await fact("1", JSON.parse(odd) as object);
    await fact("2", { qty: 2 ** 53, price: null });
    await run();
    const { id: _id, ...rest } = JSON.parse(odd) as { id: string };
    expect(JSON.stringify(await rows())).toBe(
      JSON.stringify([
        { id: "1", ...rest },
        { id: "2", qty: 2 ** 53, price: null },
      ]),
    );
    expect(JSON.stringify(await row("1"))).toContain(JSON.stringify(rest).slice(1, -1));
  });

  it("is queried, sorted and paged by the members that the schema names, and refuses all others", async () => {
    const { fact, run, rows, page, get, view } = await open({ indexes: ["qty"] });
    for (const [id, data] of Object.entries({
      a: { status: "new", qty: 3, price: 1.5, paid: true },
      b: { status: "done", qty: 1, price: null, paid: false },
      c: { status: "new", qty: 2 },
    }))
      await fact(id, data);
    await run();
    const ids = async (query: string) => (await rows(query)).map(({ id }: { id: string }) => id);
    expect(await ids("status=new")).toEqual(["a", "c"]);
    expect(await ids("qty.gte=2&sort=-qty")).toEqual(["a", "c"]);
    expect(await ids("price.is=null")).toEqual(["b", "c"]);
    expect(await ids("paid=false")).toEqual(["b"]);
    expect(await ids("id.ne=a")).toEqual(["b", "c"]);
    const first = await page("sort=qty&limit=2");
    expect(first.rows.map(({ id }: { id: string }) => id)).toEqual(["b", "c"]);
    expect((await page(`sort=qty&limit=2&cursor=${first.next}`)).rows.map(({ id }: { id: string }) => id)).toEqual(["a"]);
    for (const query of ["colour=red", "twin=x", "_row.is=null", "_store=x"]) {
      const response = await get(`/views/${view}?${query}`);
      expect(response.status, query).toBe(400);
      expect((await read(response)).allowed).toEqual(expect.arrayContaining(["id", "status", "qty", "price", "paid"]));
    }
  });

  it("has a row even where a member does not have the type that another event's schema gives it: only queries by that member miss it", async () => {
    const { post, run, rows, send, put } = store();
    await send("PUT", "/streams/mixed", { events: { Counted: schema }, strict: false });
    await put({ from: "mixed" });
    for (const [id, data] of Object.entries({ a: { qty: "many" }, b: { qty: 0.5 }, c: { paid: 1, status: 7 }, d: { qty: 1e300 } }))
      await post(`/streams/mixed/${id}`, { type: "Noted", data });
    await post("/streams/mixed/e", { type: "Counted", data: { qty: 5, paid: true, status: "new" } });
    await run();
    expect(await rows()).toMatchObject([{ qty: "many" }, { qty: 0.5 }, { paid: 1, status: 7 }, { qty: 1e300 }, { qty: 5 }]);
    for (const query of ["qty.is=not-null", "paid.is=not-null", "status.is=not-null"]) expect(await rows(query)).toHaveLength(1);
  });

  it("keeps a row up to date until its stream is deleted, and then loses it", async () => {
    const { fact, run, get, view, send, rows } = await open();
    await fact("a", { qty: 1 });
    await run();
    const follower = await LiveRows.start(get, `/views/${view}?qty.gt=0`, "id");
    await follower.connect();
    await fact("a", { qty: 2, more: [1] });
    await fact("b", { qty: 0 });
    await run();
    await follower.reach(3);
    expect(follower.sorted).toEqual([{ id: "a", qty: 2, more: [1] }]);
    await send("DELETE", "/streams/things/a");
    await run();
    await follower.reach(4);
    expect(follower.sorted).toEqual([]);
    expect(await rows()).toEqual([{ id: "b", qty: 0 }]);
    await follower.close();
  });

  it("gets another column when the category's schema names another member; the old table answers until that is built", async () => {
    const { fact, run, send, rows, json, view } = await open();
    await fact("a", { qty: 1, colour: "red" });
    await run();
    const before = await json(`/views?name=${view}`);
    const wider = { ...schema, properties: { ...schema.properties, colour: { type: "string" } }, "x-version": 2 };
    expect((await send("PUT", "/streams/things", { schema: wider })).status).toBe(200);
    expect((await json(`/views?name=${view}`)).views[0].row).not.toEqual(before.views[0].row);
    await run();
    expect(await rows("colour=red")).toEqual([{ id: "a", qty: 1, colour: "red" }]);
  });
});

describe("a view of what code declares", () => {
  it("folds the events as the code lifts them", async () => {
    const one = store();
    const definition = { from: "contract", columns: { cents: { type: "integer", init: 0, fold: "acc + data.cents" } } } as const;
    expect((await one.put(definition)).answer).toBe(201);
    await one.post("/aggregates/contract/c/Sign", { cents: 5, currency: "EUR" });
    await one.run();
    expect(await one.row("c")).toMatchObject({ id: "c", cents: 5 });
  });

  it("reads its own writes: by position, by `strong`, and by waiting for a row", async () => {
    const one = store();
    await one.put(counts(1));
    const { position } = await read(await one.read("s", 1));
    expect(await one.row("s", `minPosition=${position}`)).toMatchObject({ answer: 200, count: 1 });
    await one.read("s", 2);
    expect((await one.page("consistency=strong")).rows).toEqual([{ id: "s", count: 2 }]);
    const waiting = one.get(`/views/${one.view}/late`, { prefer: "wait=20" });
    await one.read("late", 1);
    expect(await read(await waiting)).toEqual({ id: "late", count: 1 });
  });
});

describe("an event that a definition cannot fold", () => {
  const strict: ViewDefinition = { from: "loose", columns: { qty: { type: "integer", init: 0, fold: "acc + data.qty" } } };

  it("stops that view at once, on record, and nothing else; the event can be skipped for good, or the definition changed", async () => {
    const one = store();
    await one.send("PUT", "/streams/loose", {});
    const fact = (data: object) => one.post("/streams/loose/a", { type: "Noted", data });
    await one.put(strict);
    await fact({ qty: 1 });
    await fact({ quantity: 2, secret: "s3cret" });
    await fact({ qty: 4 });
    await one.run();
    const report = await one.report();
    expect(report).toMatchObject({ status: "failed", position: 1, attempts: 1, lastError: { event: { position: 2, stream: "loose/a" } } });
    expect(report.lastError.message).toContain(`view \`${one.view}\`, \`columns.qty.fold\``);
    expect(JSON.stringify(report)).not.toContain("s3cret");
    expect(await one.rows()).toEqual([{ id: "a", qty: 1 }]);

    await one.send("POST", `/consumers/${one.view}/skip`);
    await one.run();
    expect(await one.rows()).toEqual([{ id: "a", qty: 5 }]);
    await one.send("POST", `/views/${one.view}/rebuild`);
    await one.run();
    expect([await one.rows(), (await one.report()).status]).toEqual([[{ id: "a", qty: 5 }], "live"]);

    await fact({ quantity: 8 });
    await one.run();
    expect((await one.report()).status).toBe("failed");
    await one.put({ ...strict, columns: { qty: { type: "integer", init: 0, fold: "acc + (has(data.qty) ? data.qty : data.quantity)" } } });
    await one.run();
    // What was skipped stays skipped.
    expect([await one.rows(), (await one.report()).status]).toEqual([[{ id: "a", qty: 13 }], "live"]);
  });
});

describe("a changed definition", () => {
  it("is built while the old table answers, and a change back finds the old table as it was", async () => {
    const one = store();
    await one.put(counts(1));
    for (const value of [1, 2]) await one.read("s", value);
    await one.run();
    const first = tableOf(await one.known()).generation;
    expect((await one.put(counts(10))).answer).toBe(200);
    expect(await one.page()).toMatchObject({ rows: [{ id: "s", count: 2 }], stale: true });
    await one.run();
    expect(await one.page()).toEqual({ rows: [{ id: "s", count: 20 }], hasMore: false, position: 2 });

    await one.read("s", 3);
    await one.run();
    const began = () =>
      env.VIEWS.prepare(`SELECT processed FROM headspring_checkpoints WHERE store = ? AND generation = ?`)
        .bind(one.store, first)
        .first("processed");
    expect(await began()).toBe(2);
    await one.put(counts(1));
    await one.run();
    expect(await one.page()).toEqual({ rows: [{ id: "s", count: 3 }], hasMore: false, position: 3 });
    expect(await began()).toBe(3); // and not 2 + 3
    expect(await one.report()).toMatchObject({ status: "live" });
    expect(await one.report()).not.toHaveProperty("deployment");

    // Long after, the table of the other definition is gone, and changing to it again builds it again.
    await one.sweep();
    await age(VIEW_GRACE_MS);
    await one.sweep();
    expect(await tables(one.view)).toBe(1);
    await one.put(counts(10));
    await one.run();
    expect(await one.page()).toEqual({ rows: [{ id: "s", count: 30 }], hasMore: false, position: 3 });
  });

  it("that differs only in its description keeps the table; another store with the same definition has a table of its own", async () => {
    const one = store();
    const other = store(one.view);
    for (const { put, read, run } of [one, other]) {
      await put(counts(1));
      await read("s", 1);
      await run();
    }
    await one.put({ ...counts(1), description: "Readings by sensor." });
    expect(await one.page()).toMatchObject({ rows: [{ id: "s", count: 1 }], position: 1 });
    expect(await tables(one.view)).toBe(1);
    await one.remove();
    expect(await other.rows()).toEqual([{ id: "s", count: 1 }]);
  });
});

describe("a deleted view", () => {
  it("answers nothing, and starts from scratch when declared again: earlier rows, skipped events and late workers have no effect", async () => {
    const one = store();
    const definition: ViewDefinition = { ...counts(1), columns: { count: { type: "integer", init: 0, fold: "acc + data.value / 1" } } };
    await one.put(definition);
    await one.read("s", 0.5);
    await one.read("s", 2);
    await one.run();
    await one.send("POST", `/consumers/${one.view}/skip`);
    await one.run();
    expect(await one.rows()).toEqual([{ id: "s", count: 2 }]);
    const late = await one.known();
    expect(await one.remove()).toBe(204);
    expect((await one.page()).code).toBe("unknown-view");

    const columns = { count: { type: "number", init: 0, fold: "acc + data.value / 1" } } as const;
    expect((await one.put({ ...definition, columns })).answer).toBe(201);
    // Not what the earlier view had, not even until the first build.
    expect(await one.page()).toEqual({ rows: [], hasMore: false, position: 0 });
    await project(storeNamed(one.store), late, Date.now() + 10_000);
    expect((await one.page()).rows).toEqual([]);
    await one.run();
    expect(await one.page()).toEqual({ rows: [{ id: "s", count: 2.5 }], hasMore: false, position: 2 });
    await one.read("s", 1);
    await project(storeNamed(one.store), late, Date.now() + 10_000);
    await one.run();
    expect(await one.page()).toEqual({ rows: [{ id: "s", count: 3.5 }], hasMore: false, position: 3 });
    expect(await one.report()).toMatchObject({ status: "live" });
    await one.send("POST", `/views/${one.view}/rebuild`);
    await one.run();
    expect(await one.page()).toEqual({ rows: [{ id: "s", count: 3.5 }], hasMore: false, position: 3 });
  });

  it("declared again in the same form has a table of its own", async () => {
    const one = store();
    await one.put(counts(1));
    await one.read("s", 1);
    await one.run();
    await env.VIEWS.prepare(`UPDATE ${tableOf(await one.known()).name} SET count = 99 WHERE _store = ?`)
      .bind(one.store)
      .run();
    await one.remove();
    await one.put(counts(1));
    await one.run();
    expect(await one.rows()).toEqual([{ id: "s", count: 1 }]);
  });

  it("leaves nothing in the database after a while; until then, what is in use stays", async () => {
    const one = store();
    const other = store(one.view);
    for (const { put, read, run, sweep } of [one, other]) {
      await put(counts(1));
      await read("s", 1);
      await run();
      await sweep();
      await age(2 * VIEW_GRACE_MS);
      await sweep();
      // In use, although no code names it.
      await read("s", 1);
      await run();
    }
    expect(await one.rows()).toEqual([{ id: "s", count: 2 }]);
    await one.put(counts(10)); // a build that nothing has begun: the earlier table answers
    await one.sweep();
    await age(2 * VIEW_GRACE_MS);
    await one.sweep();
    expect(await one.page()).toMatchObject({ rows: [{ id: "s", count: 2 }], stale: true });
    await one.run();

    await one.remove();
    await one.sweep(); // finds it
    expect(await tables(one.view)).toBe(2);
    await age(VIEW_GRACE_MS);
    await one.sweep();
    expect(await tables(one.view)).toBe(1);
    expect(await other.rows()).toEqual([{ id: "s", count: 2 }]);
    await other.remove();
    await other.sweep();
    await age(VIEW_GRACE_MS);
    await other.sweep();
    expect([await tables(one.view), await traces(one.view)]).toEqual([0, 0]);
  });

  it("leaves its table to a store that begins to use it just when it would be dropped", async () => {
    const one = store();
    const other = store(one.view);
    for (const { put, read, run } of [one, other]) {
      await put(counts(1));
      await read("s", 1);
      await run();
    }
    await one.remove();
    await one.sweep();
    await age(VIEW_GRACE_MS);
    // As if the other store had not been there yet when the sweep looked.
    const { prepare: real } = env.VIEWS;
    const early = vi.spyOn(env.VIEWS, "prepare").mockImplementation((sql) => {
      const statement = real.call(env.VIEWS, sql);
      if (!sql.includes("COUNT(*) AS n FROM headspring_checkpoints WHERE consumer")) return statement;
      return { bind: () => ({ first: async () => 0 }) } as never;
    });
    await one.sweep();
    early.mockRestore();
    expect(await other.rows()).toEqual([{ id: "s", count: 1 }]);
    await one.sweep();
    const { name } = tableOf(await other.known());
    expect((await env.VIEWS.prepare(`SELECT _store FROM ${name}`).all()).results).toEqual([{ _store: other.store }]);
  });

  it("keeps its table while the catalog cannot be reached, and when the definition is in a newer code's form", async () => {
    const one = store();
    await one.put(counts(1));
    await one.read("s", 1);
    await one.run();
    const warned = vi.spyOn(console, "warn").mockReturnValue();
    const away = vi.spyOn(env.CATALOGS, "getByName").mockImplementation(() => {
      throw new Error("the catalog is away");
    });
    await one.sweep();
    away.mockRestore();
    expect(warned).toHaveBeenCalledOnce();
    await age(VIEW_GRACE_MS);
    await one.sweep();
    expect(await tables(one.view)).toBe(1);

    const catalog = env.CATALOGS.getByName(one.store);
    await runInDurableObject(catalog, (_catalog, { storage }) => {
      const change = `UPDATE definitions SET definition = ?, revision = revision + 1, changed_at = changed_at + 1`;
      storage.sql.exec(change, JSON.stringify({ from: "reading", columns: { day: { type: "date", value: "event.time" } } }));
    });
    await evictDurableObject(catalog);
    expect(await one.known()).toBeUndefined();
    for (let sweeps = 0; sweeps < 2; sweeps++) {
      await one.sweep();
      await age(VIEW_GRACE_MS);
    }
    expect(await tables(one.view)).toBe(1);
  });
});

describe("a processor that joins a view", () => {
  it("keeps its checkpoint and its copy of the view's rows as long as it is declared, and nothing after that", async () => {
    const one = store();
    const name = `joins-${names}`;
    const steps = [{ join: { with: one.view, by: "event.streamId", as: "found" } }, { emit: { to: "counted", data: "found" } }];
    await one.put(counts(1));
    await one.send("PUT", "/streams/counted", {});
    expect((await one.send("PUT", `/processors/${name}`, { from: "reading", steps })).status).toBe(201);
    await one.read("s", 1);
    await one.wake(name);
    for (let sweeps = 0; sweeps < 2; sweeps++) {
      await one.sweep();
      await age(2 * VIEW_GRACE_MS);
    }
    expect(await tables(name)).toBe(1);
    await one.read("s", 1);
    await one.wake(name);
    expect((await one.json("/log?category=counted")).events.map(({ data }: { data: { count: number } }) => data.count)).toEqual([1, 2]);

    expect((await one.send("DELETE", `/processors/${name}`)).status).toBe(204);
    for (let sweeps = 0; sweeps < 2; sweeps++) {
      await one.sweep();
      await age(2 * VIEW_GRACE_MS);
    }
    expect([await tables(name), await traces(name)]).toEqual([0, 0]);
  });
});
