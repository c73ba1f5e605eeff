/** A worker that only answers queries, next to the one that has the objects and keeps the views: it has only what its configuration gives it. */

import { createExecutionContext, createMessageBatch, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { defineApp, sql, streamIdOf, view } from "../../../src/index.ts";
import { createHttp } from "../../../src/http/worker.ts";
import { handleWakeUps } from "../../../src/operations/wake-up.ts";
import { databases, withJurisdictions } from "../jurisdictions.ts";
import { createQueryHttp, createQueryWorker } from "../../../src/http/query-worker.ts";
import { openApiOf } from "../../../src/http/openapi/document.ts";
import { tableOf } from "../../../src/rows/table.ts";
import { readingOnly } from "../../../src/store/reads-only.ts";
import { project } from "../../../src/views/project.ts";
import { app, counter, reading, totals } from "../app.ts";
import { quietStore } from "../delivery/support.ts";
import { type Bearer, deploymentWith, headerOf } from "../http/tokens.ts";
import { LiveRows } from "../../live-rows.ts";
import { expectErrors } from "../errors.ts";
import { read } from "../support.ts";
import { Store } from "../../../src/store/store.ts";

afterEach(() => vi.restoreAllMocks());

const http = createQueryHttp(app);

/** What the configuration of such a worker binds. */
const bound = (other: object = {}) => {
  const { LOGS, CATALOGS, VIEWS } = env;
  return readingOnly({ LOGS, CATALOGS, VIEWS, HEADSPRING_ENV: "local", ...other } as unknown as Env);
};

/** A store whose consumers run only when the test wakes them, and queries to it through the other worker. */
function both(name: string, other?: object) {
  const store = quietStore(name);
  const ask = async (path: string, headers: Record<string, string> = {}) =>
    http.request(`/stores/${store.store}${path}`, { headers }, bound(other));
  return { ...store, ask, asked: async (path: string, headers?: Record<string, string>) => read(await ask(path, headers)) };
}

async function checkpoints(store: string): Promise<unknown[]> {
  return (await env.VIEWS.prepare(`SELECT * FROM headspring_checkpoints WHERE store = ?`).bind(store).all()).results;
}

describe("a worker that only answers queries", () => {
  it("gives the other worker's answers: rows, one row, named queries, the events behind a row, the list", async () => {
    const { post, wake, get, ask } = both("same");
    for (const id of ["a", "b", "a"]) await post(`/aggregates/counter/${id}/Count`, {});
    await wake("totals");
    await post("/streams/specimen/all", {
      type: "Put",
      data: { rows: [{ id: "x", text: null, whole: 1, maybe: null, flag: null, list: [] }] },
    });
    await wake("specimens");
    for (const path of [
      "/views/totals?sort=-total&limit=1",
      "/views/totals/a",
      "/views/totals/none",
      "/views/totals/a/events",
      "/views/totals?nonsense=1",
      "/views/specimens/queries/echo?text=said",
      "/views/nothing",
      "/views?name=totals",
    ]) {
      const [one, other] = [await get(path), await ask(path)];
      expect([other.status, other.headers.get("headspring-position")]).toEqual([one.status, one.headers.get("headspring-position")]);
      expect(await read(other)).toEqual(await read(one));
    }
  });

  it("is a worker like the other one: its handler serves the views, and nothing else", async () => {
    const { store, post, wake } = quietStore("handler");
    await post("/aggregates/counter/a/Count", {});
    await wake("totals");
    const worker = createQueryWorker(app);
    expect(Object.keys(worker)).toEqual(["fetch"]);
    const ask = async (path: string, method = "GET") => {
      const context = createExecutionContext();
      const answer = await worker.fetch(new Request(`http://queries/stores/${store}${path}`, { method }), bound(), context);
      await waitOnExecutionContext(context);
      return answer;
    };
    expect(await read(await ask("/views/totals/a"))).toMatchObject({ counter: "a", total: 1 });
    const refused = await ask("/aggregates/counter/a/Count", "POST");
    expect([refused.status, (await read(refused)).detail]).toEqual([404, expect.stringContaining("This worker only answers queries")]);
  });

  it("answers no query before another worker has brought the view to the wanted position", async () => {
    const { post, wake, asked } = both("own-writes");
    await post("/aggregates/counter/a/Count", {});
    // An event that the view passes: its checkpoint stays before it.
    const { position } = await read(await post("/streams/specimen/all", { type: "Put", data: { rows: [] } }));
    const waiting = Promise.all(
      [`minPosition=${position}`, "consistency=strong"].map((query) => asked(`/views/totals?${query}`, { prefer: "wait=30" })),
    );
    const row = asked("/views/totals/a", { prefer: "wait=30" });
    await wake("totals");
    for (const page of await waiting) expect(page).toMatchObject({ rows: [{ counter: "a", total: 1 }], position });
    expect(await row).toMatchObject({ counter: "a", total: 1 });
  });

  it("changes nothing while it waits: it makes no table, and moves no checkpoint", async () => {
    const { store, read: note } = quietStore("nothing");
    await note("s", 1);
    // A view that no other worker has ever had.
    const unseen = view("unseen", {
      from: reading,
      row: z.object({ id: z.string() }),
      key: "id",
      on: { Read: (_row, { stream }) => ({ id: streamIdOf(stream) }) },
      queries: { all: { params: z.object({}), sql: ({ rows }) => sql`SELECT id FROM ${rows}` } },
    });
    const alone = createQueryHttp(defineApp({ categories: [reading], views: [unseen] }));
    const ask = (path: string, headers = {}) => alone.request(`/stores/${store}/views/unseen${path}`, { headers }, bound());
    const empty = { rows: [], hasMore: false, position: 0 };
    for (const path of ["", "/queries/all"]) expect(await read(await ask(path))).toEqual(empty);
    expect((await ask("/s")).status).toBe(404);
    const late = await ask("?minPosition=1", { prefer: "wait=1" });
    expect([late.status, await read(late)]).toMatchObject([
      503,
      { code: "view-behind", detail: expect.stringMatching(/GET \/views shows.*GET \/consumers of the worker that takes the commands/) },
    ]);
    expect(await checkpoints(store)).toEqual([]);
    const { results } = await env.VIEWS.prepare(`SELECT name FROM sqlite_master WHERE name LIKE '%unseen%'`).all();
    expect(results).toEqual([]);
  });

  it("waits a moment while another process of this machine has the database's file", async () => {
    const { post, wake, asked } = both("busy");
    await post("/aggregates/counter/a/Count", {});
    await wake("totals");
    const locked = { batch: () => Promise.reject(new Error("D1_ERROR: database is locked: SQLITE_BUSY")) } as unknown as D1DatabaseSession;
    vi.spyOn(env.VIEWS, "withSession").mockReturnValueOnce(locked).mockReturnValueOnce(locked);
    expect(await asked("/views/totals")).toMatchObject({ rows: [{ counter: "a" }], position: 1 });
  });

  it("finds a store in its jurisdiction", async () => {
    const deployed = withJurisdictions(deploymentWith({}));
    const authorization = headerOf({ rights: "all", stores: "every" });
    const send = (method: string, path: string, body: object) =>
      createHttp(app).request(
        `/stores/eu-queries${path}`,
        { method, headers: { ...authorization, prefer: "wait=20" }, body: JSON.stringify(body) },
        deployed,
      );
    expect((await send("PUT", "", { jurisdiction: "eu" })).status).toBe(201);
    expect((await send("POST", "/aggregates/counter/a/Count", {})).status).toBe(200);
    const wakeUp = { id: "1", timestamp: new Date(), attempts: 1, body: { store: "eu-queries", consumer: "totals", head: 1 } };
    await handleWakeUps(app, deployed, createMessageBatch("headspring-wake-ups", [wakeUp]));
    const { LOGS, CATALOGS, HEADSPRING_ENV, API_TOKENS } = deployed as unknown as Record<string, unknown>;
    const queries = bound({ LOGS, CATALOGS, HEADSPRING_ENV, API_TOKENS, VIEWS_EU: databases.VIEWS_EU });
    const page = await http.request("/stores/eu-queries/views/totals?consistency=strong", { headers: authorization }, queries);
    expect(await read(page)).toMatchObject({ rows: [{ counter: "a", total: 1 }], position: 1 });
  });

  it("can fold nothing by mistake", async () => {
    await expect(project(new Store(bound(), "never", app), totals, 0)).rejects.toThrow("only answers queries");
  });

  it("follows rows live", async () => {
    const { post, wake, ask } = both("live");
    await post("/aggregates/counter/a/Count", {});
    await wake("totals");
    const live = await LiveRows.start(ask, "/views/totals", "counter");
    await live.connect();
    const { position } = await read(await post("/aggregates/counter/b/Count", {}));
    await wake("totals");
    await live.reach(position);
    expect(live.sorted).toMatchObject([{ counter: "a" }, { counter: "b" }]);
    await live.close();
  });

  it("answers from the new table as soon as the view has been built again", async () => {
    const { post, wake, asked } = both("again");
    await post("/aggregates/counter/a/Count", {});
    await wake("totals");
    await asked("/views/totals");
    await post("/views/totals/rebuild", {});
    await wake("totals");
    await post("/aggregates/counter/a/Count", {});
    await wake("totals");
    expect(await asked("/views/totals?minPosition=2")).toMatchObject({ rows: [{ total: 2 }], position: 2 });
  });

  it("answers from the table that the other worker keeps, and says so, if its own code would make another one", async () => {
    const { store, post, wake, asked } = both("older");
    await post("/aggregates/counter/a/Count", {});
    await wake("totals");
    const ours = tableOf(totals).generation;
    // As if the other worker's code were another version.
    const layout = env.VIEWS.prepare(
      `INSERT INTO headspring_generations SELECT view, 'fedcba987654', layout FROM headspring_generations WHERE view = 'totals' AND generation = ?`,
    ).bind(ours);
    const moved = [
      `UPDATE headspring_views SET serving = 'fedcba987654' WHERE store = ? AND view = 'totals'`,
      `UPDATE headspring_checkpoints SET generation = 'fedcba987654' WHERE store = ? AND consumer = 'totals'`,
    ].map((text) => env.VIEWS.prepare(text).bind(store));
    const table = tableOf(totals).name;
    const copy = env.VIEWS.prepare(`CREATE TABLE ${table.replace(ours, "fedcba987654")} AS SELECT * FROM ${table}`);
    await env.VIEWS.batch([layout, ...moved, copy]);
    // A table of its own code, kept a moment ago, would otherwise answer.
    await env.VIEWS.prepare(
      `INSERT INTO headspring_checkpoints (store, consumer, generation, position, moved_from, born_at, started_at, kept_at) VALUES (?, 'totals', ?, 0, 0, 0, 0, ?)`,
    )
      .bind(store, ours, Date.now())
      .run();
    expect(await asked("/views/totals")).toMatchObject({ rows: [{ counter: "a", total: 1 }], position: 1, stale: true });
    expect(await asked("/views/totals?minPosition=1")).toMatchObject({ position: 1, stale: true });
    expect(await checkpoints(store)).toMatchObject([{ position: 0 }, { position: 1 }]);
  });
});

describe("of newer code than the worker that keeps the views", () => {
  /** The view after a deployment of this worker alone: with a column more, which a query reads, too. */
  const changed = view("totals", {
    from: counter,
    row: z.object({ counter: z.string(), total: z.number(), last: z.number() }),
    key: "counter",
    indexes: ["last"],
    on: {
      Counted: (row, { stream, data }) => ({ counter: streamIdOf(stream), total: (row?.total ?? 0) + data.by, last: data.by }),
    },
    queries: { last: { params: z.object({}), sql: ({ rows }) => sql`SELECT max(last) AS last FROM ${rows}` } },
  });
  const newer = createQueryHttp(defineApp({ aggregates: [counter], views: [changed] }));

  it("asks to come again for what the rows do not have yet, answers everything else, and changes nothing", async () => {
    const { store, post, wake } = both("newer");
    await post("/aggregates/counter/a/Count", {});
    await wake("totals");
    const before = await checkpoints(store);
    const ask = (path: string) => newer.request(`/stores/${store}/views/totals${path}`, {}, bound());
    for (const path of ["?sort=-last", "?last=1", "/queries/last"]) {
      const response = await ask(path);
      expect([response.status, await read(response)], path).toMatchObject([503, { code: "view-rebuilding" }]);
      expect(response.headers.get("retry-after")).toBe("5");
    }
    expect(await read(await ask("?minPosition=1"))).toMatchObject({ rows: [{ counter: "a", total: 1 }], position: 1, stale: true });
    expect(await checkpoints(store)).toEqual(before);
    const own = env.VIEWS.prepare(`SELECT name FROM sqlite_master WHERE name LIKE ?`).bind(`%${tableOf(changed).generation}%`);
    expect((await own.all()).results).toEqual([]);
  });
});

describe("without the other worker's objects", () => {
  const unreachable = {
    getByName: () => {
      throw new Error("Network connection lost.");
    },
  };

  /** A store with a row that this isolate has not asked the directory for, and a worker with these bindings that is asked for it. */
  async function cold(name: string, other: object) {
    const { store, post, wake } = quietStore(name);
    await post("/aggregates/counter/a/Count", {});
    await wake("totals");
    const renamed = `${store}-cold`;
    await env.VIEWS.batch(
      [
        `UPDATE headspring_views SET store = ?1 WHERE store = ?2`,
        `UPDATE headspring_checkpoints SET store = ?1 WHERE store = ?2`,
        `UPDATE ${tableOf(totals).name} SET _store = ?1 WHERE _store = ?2`,
      ].map((text) => env.VIEWS.prepare(text).bind(renamed, store)),
    );
    return (path: string) => http.request(`/stores/${renamed}${path}`, {}, bound(other));
  }

  it("answers from the rows, and names what it cannot know", async () => {
    const ask = await cold("alone", { LOGS: unreachable, CATALOGS: unreachable });
    expect(await read(await ask("/views/totals"))).toMatchObject({ rows: [{ counter: "a" }], position: 1 });
    expect(await read(await ask("/views/totals/a?minPosition=1"))).toMatchObject({ total: 1 });
    expectErrors(/Network connection lost/);
    for (const query of ["minPosition=2", "consistency=strong"]) {
      const response = await ask(`/views/totals?${query}`);
      expect([response.status, (await read(response)).code]).toEqual([503, "unavailable"]);
    }
  });

  it("asks no log that it might look for in the wrong place", async () => {
    const ask = await cold("elsewhere", { CATALOGS: unreachable });
    expectErrors(/Network connection lost/);
    expect((await ask("/views/totals?consistency=strong")).status).toBe(503);
  });

  it("does not guess in which database the rows are", async () => {
    const ask = await cold("guess", { CATALOGS: unreachable, VIEWS_EU: env.VIEWS });
    expectErrors(/Network connection lost/);
    expect((await ask("/views/totals")).status).toBe(503);
  });
});

describe("what a worker that only answers queries does not serve", () => {
  it.each([
    ["POST", "/aggregates/counter/a/Count", 404],
    ["POST", "/streams/reading/a", 404],
    ["GET", "/log", 404],
    ["GET", "/streams/counter/a", 404],
    ["GET", "/consumers", 404],
    ["PUT", "/views/mine", 405],
    ["DELETE", "/views/totals", 405],
    ["POST", "/views/totals/rebuild", 405],
    ["POST", "/views/preview", 405],
    ["PUT", "/stores/mine", 404],
  ])("is refused: %s %s", async (method, path, status) => {
    const response = await http.request(path, { method }, bound());
    expect(response.status).toBe(status);
    expect((await read(response)).detail).toContain("only answers queries; another one takes commands");
  });

  it("is not in its OpenAPI document", async () => {
    const routed = http.routes
      .filter(({ method, path }) => method !== "ALL" && !path.startsWith("/stores/:store/"))
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
    const { paths, tags, components } = openApiOf(app, { queriesOnly: true });
    const operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, one]) => ({ method, path, one })),
    );
    const documented = operations
      .filter(({ one }) => !one.operationId.includes(":"))
      .map(({ method, path }) => `${method.toUpperCase()} ${path}`);
    expect(documented.toSorted()).toEqual(routed.toSorted());
    expect(operations.filter(({ one, path }) => one.operationId.includes(":") && !path.startsWith("/views/"))).toEqual([]);
    expect(operations.some(({ one }) => one.operationId === "views:totals:query")).toBe(true);
    const used = new Set(operations.flatMap(({ one }) => one.tags));
    expect(tags.map(({ name }) => name).filter((name) => !used.has(name))).toEqual([]);
    expect(Object.keys(components.schemas)).toContain("totals.row");
    expect(Object.keys(components.schemas).filter((name) => name.endsWith(".command"))).toEqual([]);
    const references = [...JSON.stringify({ paths, components }).matchAll(/"#\/components\/(\w+)\/([^"]+)"/g)];
    for (const [, kind = "", name = ""] of references)
      expect((components as unknown as Record<string, object>)[kind]).toHaveProperty([name]);
    const served = await read(await http.request("/openapi.json", {}, bound()));
    expect(Object.keys(served.paths as object)).toEqual(Object.keys(paths));
    expect(await read(await http.request("/", {}, bound()))).toMatchObject({ aggregates: [], links: { views: "/views" } });
  });

  it("needs a token with the right to read, as everywhere, and no other right", async () => {
    const { API_TOKENS } = deploymentWith({}) as unknown as { API_TOKENS: string };
    const deployed = bound({ HEADSPRING_ENV: "deployed", API_TOKENS });
    const status = async (bearer?: Bearer) =>
      (await http.request("/views/totals", bearer ? { headers: headerOf(bearer) } : {}, deployed)).status;
    expect(await status()).toBe(401);
    expect(await status({ rights: "read", stores: "every" })).toBe(200);
    expect(await status({ rights: "write", stores: "every" })).toBe(403);
    expect((await http.request("/health", {}, deployed)).status).toBe(200);
  });
});
