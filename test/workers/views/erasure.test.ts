import { storeNamed } from "../support.ts";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { catchUp } from "../../../src/consumers/catch-up.ts";
import { control } from "../../../src/consumers/control.ts";
import { streamIdOf, view } from "../../../src/index.ts";
import { generationsOf, rebuildIfErased, requestRebuild } from "../../../src/views/generations.ts";
import { project } from "../../../src/views/project.ts";
import { viewConsumer } from "../../../src/views/projector.ts";
import { readServing } from "../../../src/views/serving.ts";
import type { View } from "../../../src/definitions/views/view.ts";
import { reading } from "../app.ts";
import { quietStore } from "../delivery/support.ts";
import { declared } from "./declared.ts";

afterEach(() => vi.restoreAllMocks());

const row = z.object({ id: z.string(), total: z.number() });

/** A row for each stream: nothing of it is anywhere else. */
const ownRows = view("own-rows", {
  from: reading,
  row,
  key: "id",
  on: { Read: (row, { stream, data }) => ({ id: streamIdOf(stream), total: (row?.total ?? 0) + data.value }) },
});

/** One row of all streams. */
const sumInCode = view("sum", {
  from: reading,
  row,
  key: "id",
  on: { Read: { at: () => "all", fold: (row, { data }) => ({ id: "all", total: (row?.total ?? 0) + data.value }) } },
});

/** A row for each stream that remembers that there was one. */
const graves = view("graves", {
  from: reading,
  row,
  key: "id",
  on: {
    Read: (row, { stream, data }) => ({ id: streamIdOf(stream), total: (row?.total ?? 0) + data.value }),
    $deleted: (row, { stream, data }) => ({ id: streamIdOf(stream), total: data.erased ? -1 : -(row?.total ?? 0) }),
  },
});

function store(name: string) {
  const quiet = quietStore(name);
  const { store: id, send } = quiet;
  return {
    ...quiet,
    remove: (stream: string, erase: boolean) => send("DELETE", `/streams/reading/${stream}?erase=${erase}`),
    run: (one: View) => project(storeNamed(id), one, Number.POSITIVE_INFINITY),
    rowsOf: async (one: View) => {
      const { results, table, position } = await readServing(storeNamed(id), one, (table, db) =>
        db.prepare(`SELECT * FROM ${table.name} WHERE _store = ? ORDER BY id`).bind(id),
      );
      return { rows: results.map((found) => table.fromSql(found)), position };
    },
  };
}

const total = { total: { type: "number", init: 0, fold: "acc + data.value" } } as const;

/** The same views, in code and as definitions over HTTP make them. */
const KINDS: readonly (readonly [kind: string, ownRows: View, sum: View])[] = [
  ["in code", ownRows, sumInCode],
  [
    "declared over HTTP",
    declared("own-rows", { from: "reading", types: ["Read"], columns: total }),
    declared("sum", { from: "reading", where: "event.type == 'Read'", key: "'all'", columns: total }),
  ],
];

describe.each(KINDS)("an erased stream, in views %s,", (_kind, ownRows, sum) => {
  it("leaves no row where each row is of one stream", async () => {
    const { read, remove, run, rowsOf } = store("own");
    await read("a", 1);
    await read("b", 2);
    await run(ownRows);
    await remove("a", true);
    await run(ownRows);
    expect(await rowsOf(ownRows)).toEqual({ rows: [{ id: "b", total: 2 }], position: 3 });
  });

  it("leaves nothing in rows that it shared with others: they are rebuilt without it", async () => {
    const { read, remove, run, rowsOf } = store("shared");
    await read("a", 1);
    await read("b", 2);
    await run(sum);
    expect((await rowsOf(sum)).rows).toEqual([{ id: "all", total: 3 }]);
    await remove("a", true);
    await run(sum);
    expect(await rowsOf(sum)).toEqual({ rows: [{ id: "all", total: 2 }], position: 3 });
  });

  it("leaves the view again if a build had read it before it was erased", async () => {
    const { store: id, read, remove, run, rowsOf, send } = store("building");
    for (const [stream, value] of [
      ["a", 1],
      ["b", 2],
      ["c", 4],
    ] as const)
      await read(stream, value);
    await run(sum);
    await remove("a", true);
    await run(sum);
    // Each of them is met by the table that serves, and by the one that is being built because of the other.
    await remove("b", true);
    await send("POST", "/views/totals/rebuild");
    await run(sum);
    expect(await rowsOf(sum)).toEqual({ rows: [{ id: "all", total: 4 }], position: 5 });
    // And nothing is built for ever.
    const counted = () =>
      env.VIEWS.prepare(`SELECT rebuild FROM headspring_views WHERE store = ? AND view = 'sum'`).bind(id).first("rebuild");
    const rebuilds = await counted();
    await read("c", 1);
    await run(sum);
    await run(sum);
    expect(await counted()).toBe(rebuilds);
    expect((await rowsOf(sum)).rows).toEqual([{ id: "all", total: 5 }]);
  });

  it("causes no rebuild of a view that begins later", async () => {
    const { store: id, read, remove, run, rowsOf } = store("later");
    await read("a", 1);
    await read("b", 2);
    await remove("a", true);
    await run(sum);
    expect((await rowsOf(sum)).rows).toEqual([{ id: "all", total: 2 }]);
    expect(await env.VIEWS.prepare(`SELECT rebuild FROM headspring_views WHERE store = ? AND view = 'sum'`).bind(id).first("rebuild")).toBe(
      0,
    );
  });
});

describe("an erased stream", () => {
  it("asks for no other rebuild while one is under way that will be without it", async () => {
    const { store: id, read, remove, run, rowsOf } = store("under-way");
    await read("a", 1);
    await read("b", 2);
    await run(sumInCode);
    await remove("a", true);
    // The table that serves meets the erasure, just when an operator has asked for a rebuild.
    await requestRebuild(storeNamed(id), sumInCode);
    const { serving } = await generationsOf(storeNamed(id), sumInCode);
    await catchUp(viewConsumer(storeNamed(id), sumInCode, serving), storeNamed(id).log, Number.POSITIVE_INFINITY);
    expect(await rebuildIfErased(storeNamed(id), sumInCode)).toBe(false);
    await run(sumInCode);
    expect(await rowsOf(sumInCode)).toEqual({ rows: [{ id: "all", total: 2 }], position: 3 });
    expect(await generationsOf(storeNamed(id), sumInCode)).toMatchObject({ rebuild: 1 });
  });

  it("may leave a trace in a view that is made for that, and a rebuild makes the same trace", async () => {
    const { read, remove, run, rowsOf, store: id } = store("graves");
    await read("a", 1);
    await read("b", 2);
    await run(graves);
    await remove("a", true);
    await remove("b", false);
    await run(graves);
    const expected = [
      { id: "a", total: -1 },
      { id: "b", total: -2 },
    ];
    expect((await rowsOf(graves)).rows).toEqual(expected);
    await requestRebuild(storeNamed(id), graves);
    await run(graves);
    expect((await rowsOf(graves)).rows).toEqual(expected);
  });
});

/** Fails at readings of -1, and where a stream is erased. */
const failingInCode = view("failing", {
  from: reading,
  row,
  key: "id",
  retry: "none",
  on: {
    Read: {
      at: () => "all",
      fold: (row, { data }) => {
        if (data.value === -1) throw new Error("poisoned");
        return { id: "all", total: (row?.total ?? 0) + data.value };
      },
    },
    $deleted: {
      at: () => "all",
      fold: () => {
        throw new Error("nothing is deleted here");
      },
    },
  },
});

/** The same, except that a view of rows that it names itself has nothing to do where a stream ends. */
const failingDeclared = declared("failing", {
  from: "reading",
  types: ["Read"],
  key: "'all'",
  columns: { total: { type: "number", init: 0, fold: "data.value == -1 ? 1 / 0 : acc + data.value" } },
});

describe.each([
  ["in code", failingInCode],
  ["declared over HTTP", failingDeclared],
])("an event that an operator let a view %s skip", (_kind, failing) => {
  const skip = async (id: string) =>
    control(viewConsumer(storeNamed(id), failing, (await generationsOf(storeNamed(id), failing)).serving), "skip");
  const quiet = () => (["info", "warn", "error"] as const).forEach((level) => vi.spyOn(console, level).mockReturnValue());

  it("stays skipped when the view is rebuilt, so that a later erasure reaches its rows", async () => {
    quiet();
    const { store: id, read, remove, run, rowsOf } = store("skipped");
    await read("a", 1);
    await read("b", -1);
    await read("secret", 100);
    await run(failing);
    expect(await skip(id)).toEqual({ outcome: "done" });
    await run(failing);
    expect(await rowsOf(failing)).toEqual({ rows: [{ id: "all", total: 101 }], position: 3 });
    await requestRebuild(storeNamed(id), failing);
    await run(failing);
    expect(await rowsOf(failing)).toEqual({ rows: [{ id: "all", total: 101 }], position: 3 });

    await remove("secret", true);
    await run(failing);
    if (failing === failingInCode) expect(await skip(id)).toEqual({ outcome: "done" }); // the handler fails at the erasure itself
    await run(failing);
    expect(await rowsOf(failing)).toEqual({ rows: [{ id: "all", total: 1 }], position: 4 });
  });

  it("is skipped for the table of another definition too, in the view's own store only", async () => {
    quiet();
    const [one, other] = [store("one"), store("other")];
    for (const { read, run } of [one, other]) {
      await read("a", 1);
      await read("a", -1);
      await read("a", 2);
      await run(failing);
    }
    await skip(one.store);
    const { declaration } = failing;
    const changed = { ...failing, revision: 2, ...(declaration ? { declaration: { ...declaration, at: 2 } } : {}) };
    await one.run(changed);
    expect(await one.rowsOf(changed)).toEqual({ rows: [{ id: "all", total: 3 }], position: 3 });
    expect(await other.run(failing)).toMatchObject({ position: 1, outcome: "resting" });
  });
});

describe("a stream that was deleted and not erased", () => {
  it.each([
    ["keeps its row in a view in code by default", KINDS[0]![1], [{ id: "a", total: 1 }]],
    ["loses its row in a view over HTTP whose rows are streams", KINDS[1]![1], []],
    ["leaves a row that a view over HTTP names by itself as it is", KINDS[1]![2], [{ id: "all", total: 1 }]],
  ])("%s", async (_what, one, rows) => {
    const { read, remove, run, rowsOf } = store("kept");
    await read("a", 1);
    await run(one);
    await remove("a", false);
    await run(one);
    expect(await rowsOf(one)).toEqual({ rows, position: 2 });
  });
});
