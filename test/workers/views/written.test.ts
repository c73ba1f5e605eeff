import { NO_APP, storeNamed } from "../support.ts";
import { Budget } from "../../../src/core/budget.ts";
import { Store } from "../../../src/store/store.ts";
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { createHttp } from "../../../src/http/worker.ts";
import { defineApp, sql, streamIdOf, view } from "../../../src/index.ts";
import { project } from "../../../src/views/project.ts";
import { viewConsumer } from "../../../src/views/projector.ts";
import { readServing } from "../../../src/views/serving.ts";
import type { View } from "../../../src/definitions/views/view.ts";
import { reading } from "../app.ts";
import { quietStore } from "../delivery/support.ts";
import { expectErrors } from "../errors.ts";
import { capped } from "../faults/capped.ts";

afterEach(() => vi.restoreAllMocks());

/** A row for each sensor. A calibration of any sensor sets all rows above its note to zero, and drops those below zero. */
const levels = view("levels", {
  from: reading,
  row: z.object({ id: z.string(), level: z.number(), note: z.string() }),
  key: "id",
  retry: "none",
  on: {
    Read: (row, { stream, data }) => ({ id: streamIdOf(stream), level: (row?.level ?? 0) + data.value, note: row?.note ?? "" }),
    Calibrated: {
      sql: ({ data }, rows) => {
        if (data.note === "broken") throw new Error("the handler is broken");
        if (data.note === "refused") return rows.update(sql`level = ${1}`, sql`no_such_column = ${1}`);
        return [
          rows.update(sql`level = ${0}, note = ${data.note ?? "none"}`, sql`level > ${Number(data.note ?? 0)} OR note = ${"old"}`),
          rows.remove(sql`level < ${0}`),
        ];
      },
    },
  },
});

function store(name: string) {
  const quiet = quietStore(name);
  const { store: id, post, read } = quiet;
  return {
    ...quiet,
    level: (stream: string, value: number) => read(stream, value),
    calibrate: (note?: string) => post("/streams/reading/any", { type: "Calibrated", data: note === undefined ? {} : { note } }),
    run: (one: View = levels) => project(storeNamed(id), one, Number.POSITIVE_INFINITY),
    rows: async () => {
      const { results, table } = await readServing(storeNamed(id), levels, (table, db) =>
        db.prepare(`SELECT * FROM ${table.name} WHERE _store = ? ORDER BY id`).bind(id),
      );
      return results.map((row) => table.fromSql(row));
    },
  };
}

describe("a view whose handler writes SQL", () => {
  it("changes and removes all rows that match, between the folds before and after, within one batch and across batches", async () => {
    const [batch, single] = [store("batch"), store("single")];
    for (const each of [batch, single]) {
      const steps = [
        () => each.level("a", 5),
        () => each.level("b", 20),
        () => each.level("c", -1),
        () => each.calibrate("10"),
        () => each.calibrate("30"),
        () => each.level("b", 2),
        () => each.level("d", 40),
        () => each.calibrate("30"),
        () => each.level("d", 1),
      ];
      for (const step of steps) {
        await step();
        if (each === single) await each.run();
      }
    }
    await batch.run();
    expect(await batch.rows()).toEqual([
      { id: "a", level: 5, note: "" },
      { id: "b", level: 2, note: "10" },
      { id: "d", level: 1, note: "30" },
    ]);
    expect(await batch.rows()).toEqual(await single.rows());
  });

  it.each([
    ["the Free plan", 50],
    ["a plan that allows less", 45],
  ])("commits no more at a time than %s lets one invocation do, and the rest in the next ones", async (_plan, cap) => {
    const [much, single] = [store("much"), store("single")];
    for (const each of [much, single]) {
      // Folds and SQL in turns, then the SQL of many events at once.
      for (let turn = 0; turn < 9; turn++) {
        await each.level("a", turn + 2);
        await each.calibrate(turn % 2 === 0 ? "100" : "3");
      }
      await each.level("b", 5);
      for (let times = 0; times < 20; times++) await each.calibrate(`${30 - times}`);
      await each.level("c", 1);
    }
    await single.run();
    const positions: number[] = [];
    for (let outcome = "behind"; outcome === "behind";) {
      const invocation = new Store(capped(cap, cap, "free"), much.store, NO_APP).counting(new Budget({ calls: cap, statements: cap }));
      const progress = await project(invocation, levels, Number.POSITIVE_INFINITY);
      positions.push(progress.position);
      ({ outcome } = progress);
    }
    expect(positions.length).toBeGreaterThan(1);
    expect(positions).toEqual(positions.toSorted((a, b) => a - b));
    expect(positions.at(-1)).toBe(40);
    expect(await much.rows()).toEqual(await single.rows());
  });

  it("reaches no other store, whatever its condition", async () => {
    const [one, other] = [store("one"), store("other")];
    for (const each of [one, other]) {
      await each.level("old", 5);
      await each.run();
    }
    await one.calibrate("1");
    await one.run();
    expect(await one.rows()).toEqual([{ id: "old", level: 0, note: "1" }]);
    expect(await other.rows()).toEqual([{ id: "old", level: 5, note: "" }]);
  });

  it.each([
    ["a fraction where a whole number belongs", "whole", "9007199254740993", "whole is a whole number"],
    ["a number beyond all numbers", "level", "9e999", "level is a number"],
    ["a value that is neither true nor false", "flag", "2", "flag is true or false"],
    ["a string where JSON belongs", "list", "'not json'", "list is JSON"],
    ["nothing where a value is required", "list", "NULL", "NOT NULL constraint failed"],
    ["a string where a number belongs", "level", "'many'", "cannot store TEXT value"],
    ["another store as the row's", "\"_st\" || 'ore'", "1", "SQL sets columns as"],
    ["something that is not a column", "colour", "1", "SQL sets colour, which is no column (id, level, whole, flag, list)"],
    ["several at once", "(level, whole)", "(1, 2)", "SQL sets columns as"],
    ["a column, and rows of its own", "level", "1 WHERE 1 OR 1", "syntax error"],
    ["a column, from elsewhere", "level", "1 FROM (SELECT 2)", "syntax error"],
    ["chance", "level", "random()", "SQL that changes rows cannot use random"],
  ])("cannot set %s: it fails at the event, on record, and the rows stay as they were", async (_what, column, value, message) => {
    expectErrors(/a consumer has failed and stopped/);
    const set = [`${column} = ${value}`];
    const strict = view("strict", {
      from: reading,
      row: z.object({ id: z.string(), level: z.number(), whole: z.int(), flag: z.boolean().nullable(), list: z.array(z.string()) }),
      key: "id",
      retry: "none",
      on: {
        Read: (_row, { stream, data }) => ({ id: streamIdOf(stream), level: data.value, whole: 1, flag: null, list: ["x"] }),
        Calibrated: { sql: (_event, rows) => rows.update(sql(Object.assign(set, { raw: set })), sql`true`) },
      },
    });
    const { store: id, level, calibrate, run } = store("strict");
    await level("a", 5);
    await calibrate();
    await level("a", 7);
    expect(await run(strict)).toMatchObject({ position: 1, outcome: "resting" });
    const checkpoint = await viewConsumer(storeNamed(id), strict).checkpoint.look();
    expect(checkpoint).toMatchObject({ status: "failed", error: { message: expect.stringContaining(message), event: { position: 2 } } });
    const { results, table } = await readServing(storeNamed(id), strict, (table, db) => table.select(db, id, ["a"]));
    expect(results.map((row) => table.fromSql(row))).toEqual([{ id: "a", level: 5, whole: 1, flag: null, list: ["x"] }]);
  });

  it("sets columns of every kind", async () => {
    const kinds = view("kinds-by-sql", {
      from: reading,
      row: z.object({
        id: z.string(),
        level: z.number(),
        flag: z.boolean().nullable(),
        list: z.array(z.string()),
        note: z.string().optional(),
      }),
      key: "id",
      on: {
        Read: (_row, { stream, data }) => ({ id: streamIdOf(stream), level: data.value, flag: null, list: [], note: "x" }),
        Calibrated: {
          sql: (_event, rows) =>
            rows.update(
              sql`"flag" = ${true}, LEVEL = max(level, ${1}) * (2 + 1), list = ${["a", "b"]}, note = NULL`,
              sql`id IN (SELECT value FROM json_each(${["a"]}))`,
            ),
        },
      },
    });
    const { store: id, level, calibrate, run } = store("kinds");
    await level("a", 5);
    await level("b", 5);
    await calibrate();
    await run(kinds);
    const { results, table } = await readServing(storeNamed(id), kinds, (table, db) => table.select(db, id, ["a", "b"]));
    expect(results.map((row) => table.fromSql(row))).toEqual([
      { id: "a", level: 15, flag: true, list: ["a", "b"] },
      { id: "b", level: 5, flag: null, list: [], note: "x" },
    ]);
  });

  it.each([
    ["that throws", "broken", "the handler is broken"],
    ["that the database refuses", "refused", "no such column: no_such_column"],
  ])("stops at the event %s, with everything before it written", async (_what, note, message) => {
    expectErrors(/a consumer has failed and stopped/);
    const { store: id, level, calibrate, run, rows } = store("fails");
    await level("a", 5);
    await calibrate("1");
    await level("a", 3);
    await calibrate(note);
    await level("a", 100);
    expect(await run()).toMatchObject({ position: 3, outcome: "resting" });
    const checkpoint = await viewConsumer(storeNamed(id), levels).checkpoint.look();
    expect(checkpoint).toMatchObject({ status: "failed", error: { message: expect.stringContaining(message), event: { position: 4 } } });
    expect(await rows()).toEqual([{ id: "a", level: 3, note: "1" }]);
  });

  it("has no live stream, and gives the reason", async () => {
    const http = createHttp(defineApp({ categories: [reading], views: [levels] }));
    const headers = { accept: "text/event-stream" };
    const response = await http.request("/stores/any/views/levels", { headers }, env, createExecutionContext());
    expect([response.status, await response.json()]).toMatchObject([
      406,
      { code: "not-live", detail: expect.stringContaining("query it instead") },
    ]);
  });
});
