/** A view of processes on real ones: its rows show of each what the process itself shows. */

import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { prepare } from "../../../src/consumers/schema.ts";
import { catchUp } from "../../../src/consumers/catch-up.ts";
import { defineApp, processesView } from "../../../src/index.ts";
import { createHttp } from "../../../src/http/worker.ts";
import { queryView } from "../../../src/views/query.ts";
import { viewConsumer } from "../../../src/views/projector.ts";
import { tableOf } from "../../../src/rows/table.ts";
import { completeSort, queryStatement } from "../../../src/views/query-sql.ts";
import { app } from "../app.ts";
import { errand } from "../errand.ts";
import { move, tour, trip } from "../sagas.ts";
import { quietStore } from "../delivery/support.ts";
import { IMPATIENT, read, storeNamed } from "../support.ts";

beforeAll(() => prepare(env.VIEWS));
afterEach(() => vi.restoreAllMocks());

const processes = processesView("processes", [move, trip, tour, errand]);

function processing(name: string) {
  const store = quietStore(name);
  const { post, json, wake } = store;
  return {
    ...store,
    start: (saga: string, input: object) => post(`/sagas/${saga}`, input, IMPATIENT),
    rows: async () => {
      await catchUp(viewConsumer(storeNamed(store.store), processes), storeNamed(store.store).log, Number.POSITIVE_INFINITY);
      return (await queryView(storeNamed(store.store), processes, { limit: 200 })).rows as Record<string, unknown>[];
    },
    run: async () => {
      for (let head = -1; ;) {
        await wake("move", "trip", "tour", "errand");
        const now = (await json("/log/head")).head;
        if (now === head) return;
        head = now;
      }
    },
  };
}

describe("the rows of a view of processes", () => {
  it("have the status that each saga and process manager itself shows, and what it waits for", async () => {
    const { post, start, rows, run, json } = processing("processes");
    await post("/aggregates/purse/a/Put", { amount: 20 });
    await start("move", { from: ["a"], to: "b", amount: 5 });
    await start("move", { from: ["a", "empty"], to: "b", amount: 5 });
    await start("trip", { payer: "a", price: 1 });
    await start("tour", { stops: ["x", "y"], how: "fails" });
    await post("/streams/wish/s", { type: "Wished", data: { errand: "e", jobs: [{ counter: "c", by: 1 }] } });
    await rows(); // some of them are seen on their way
    await run();
    const all = await rows();
    expect(all).toHaveLength(7); // the tour that fails has two sagas that undo its visits, and the trip none yet
    for (const row of all) {
      const [category, id] = String(row.id).split("/");
      const one = category === "errand" ? await json(`/aggregates/errand/${id}`) : await json(`/sagas/${category}/${id}`);
      const status = { "in-progress": "running", running: "running", completed: "completed", failed: "failed" }[String(one.status)];
      expect([row.id, row.status]).toEqual([row.id, status]);
      if (one.failure) expect(row.failure).toEqual(one.failure);
      expect(row.process).toBe(category);
    }
    const waiting = all.filter(({ status }) => status === "running");
    const event = { what: "event", step: "agreement", until: expect.any(String) };
    expect(waiting.map(({ process, step, waitingFor }) => [process, step, waitingFor])).toEqual([["trip", "agreement", [event]]]);
  });

  it("are removed with their streams, one by one: an erasure rebuilds none of the others", async () => {
    const { start, rows, send, json } = processing("processes-erased");
    await start("trip", { payer: "secret", price: 1 });
    await start("trip", { payer: "other", price: 1 });
    const [first, second] = (await rows()).map(({ id }) => String(id));
    const prepared = vi.spyOn(env.VIEWS, "prepare");
    await send("DELETE", `/streams/${first}?erase=true&force=true`);
    expect((await rows()).map(({ id }) => id)).toEqual([second]);
    const table = tableOf(processes).generation;
    expect(prepared.mock.calls.flatMap(([sql]) => /view_processes_(\w+)/.exec(sql)?.[1] ?? []).every((one) => one === table)).toBe(true);
    expect((await json("/log?type=$deleted")).events).toHaveLength(1);
  });

  it("with one status are read in the order of `since`, by an index over both", async () => {
    const { store, rows } = processing("processes-index");
    await rows();
    const column = (name: string) => ({ name, kind: "text" as const });
    const explained = { prepare: (text: string) => env.VIEWS.prepare(`EXPLAIN QUERY PLAN ${text}`) } as D1Database;
    const query = {
      conditions: [{ column: column("status"), test: "any-of" as const, values: ["running"] }],
      sort: completeSort("id", [{ ...column("since"), descending: false }]),
      limit: 50,
    };
    const { results } = await queryStatement(tableOf(processes), explained, store, query).all<{ detail: string }>();
    const plan = results.map(({ detail }) => detail).join("\n");
    expect(plan).toMatch(/USING INDEX \S+_status,since \(_store=\? AND status=\?\)/);
    expect(plan).not.toContain("TEMP B-TREE FOR ORDER BY");
  });
});

describe("GET /app", () => {
  it("marks a view of processes", async () => {
    const { aggregates, categories, processors } = app;
    const own = defineApp({
      aggregates: [...aggregates.values()].filter((one) => !processors.has(one.name)),
      categories: [...categories.values()],
      views: [...app.views.values(), processes],
      processors: [...processors.values()],
    });
    const { views } = await read(await createHttp(own).request("/app", {}, env));
    expect(views.filter((one: { processes?: true }) => one.processes).map(({ name }: { name: string }) => name)).toEqual(["processes"]);
    expect(views.at(-1)).toMatchObject({
      key: "id",
      follows: expect.arrayContaining([{ category: "move", types: expect.arrayContaining(["SagaStarted"]) }]),
    });
  });
});
