/** Joins are exact: what a processor finds is what the view had at the event's own position, whenever the processor runs. */

import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { COPY_SLICE_MS } from "../../../src/processors/limits.ts";
import { eventually, later, quietStore } from "../delivery/support.ts";
import { poison, values } from "../app.ts";
import { slips } from "../slip.ts";
import { changeLogged } from "../stored.ts";
import { read } from "../support.ts";
import { allowErrors } from "../errors.ts";

beforeEach(() => {
  allowErrors(/a consumer could not process an event and will retry/, /a consumer has failed and stopped/);
  vi.spyOn(console, "info").mockReturnValue();
});
afterEach(() => {
  poison.active = false;
  slips.in = undefined;
  vi.restoreAllMocks();
});

/** How many readings there have been so far: the view has it in a row that every one of them changes. */
const COUNTED = {
  from: "reading",
  types: ["Read"],
  steps: [
    { join: { with: "values", by: "'any'", as: "all" } },
    { join: { with: "values", by: "string(data.value)", as: "same", missing: "null" } },
    {
      emit: { to: "marks", id: "event.streamId", data: { at: "event.position", all: "all.count", same: "same == null ? 0 : same.count" } },
    },
  ],
};

async function joining(name: string, definition: object = COUNTED) {
  const quiet = quietStore(name);
  await quiet.send("PUT", "/streams/marks", {});
  const declare = async (changed: object = definition) => {
    const answer = await quiet.send("PUT", "/processors/counted", changed);
    if (answer.status > 201) throw new Error(await answer.text());
  };
  return {
    ...quiet,
    declare,
    calibrate: () => quiet.post("/streams/reading/c", { type: "Calibrated", data: {} }),
    /** What was emitted, by the position that it was emitted for. */
    marks: async (): Promise<Record<number, { all: number; same: number }>> => {
      const { events } = await quiet.json("/log?category=marks&limit=1000");
      return Object.fromEntries(events.map(({ data: { at, ...counts } }: { data: { at: number } }) => [at, counts]));
    },
    /** The same, from the log alone. */
    expected: async () => {
      const marks: Record<number, { all: number; same: number }> = {};
      const counts = new Map<string, number>();
      for (const { type, position, data } of (await quiet.json("/log?category=reading&limit=1000")).events) {
        if (type === "Calibrated") counts.delete("any");
        if (type !== "Read") continue;
        const keys = Number.isInteger(data.value) ? [String(data.value), "any"] : ["any"];
        for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
        marks[position] = { all: counts.get("any") ?? 0, same: counts.get(String(data.value)) ?? 0 };
      }
      return marks;
    },
    /** The rows that the processor keeps of the view. */
    copied: async () => {
      const table = await env.VIEWS.prepare(
        `SELECT generation FROM headspring_generations WHERE view = 'counted' AND generation IN (SELECT generation FROM headspring_checkpoints WHERE store = ?)`,
      )
        .bind(quiet.store)
        .first<string>("generation");
      const { results } = await env.VIEWS.prepare(`SELECT value, count FROM "view_counted_${table}" WHERE _store = ? ORDER BY value`)
        .bind(quiet.store)
        .all();
      return results;
    },
    checkpoints: async () =>
      (
        await env.VIEWS.prepare(
          `SELECT generation, position, retired_at FROM headspring_checkpoints WHERE store = ? AND consumer = 'counted' ORDER BY generation`,
        )
          .bind(quiet.store)
          .all<{ generation: string; position: number; retired_at: number | null }>()
      ).results,
    timePasses: () => env.VIEWS.prepare(`UPDATE headspring_checkpoints SET next_attempt_at = 0 WHERE store = ?`).bind(quiet.store).run(),
  };
}

const VALUES = [3, 1, 3, 0.5, 3, 2, 1];

describe("a join finds what the view had at the event's own position", () => {
  it("whether the view has not run at all or is far ahead", async () => {
    for (const isAhead of [false, true]) {
      const { declare, read, calibrate, wake, marks, expected } = await joining("ahead");
      for (const [index, value] of VALUES.entries()) await read(`s${index % 2}`, value);
      await calibrate();
      for (const value of VALUES) await read("s2", value);
      if (isAhead) await wake("values");
      await declare();
      await wake("counted");
      expect(await marks()).toEqual(await expected());
    }
  });

  it("event by event, as they are written", async () => {
    const { declare, read, wake, marks, expected, copied, rows } = await joining("live");
    await declare();
    for (const value of VALUES) {
      await read("s", value);
      await wake("counted");
    }
    expect(await marks()).toEqual(await expected());
    await wake("values");
    expect(new Set(await copied())).toEqual(new Set((await rows(values)).values()));
  });

  it("after a reset to the beginning or to the middle: it finds the same, and nothing is stored twice", async () => {
    const { declare, read, wake, marks, expected, copied, post, log } = await joining("reset");
    await declare();
    for (const value of VALUES) await read("s", value);
    await wake("counted");
    const before = [await copied(), (await log()).length];
    for (const position of [0, 4]) {
      expect((await post("/consumers/counted/reset", { position })).status).toBe(200);
      await wake("counted");
      expect([await copied(), (await log()).length]).toEqual(before);
    }
    await read("s", 3);
    await wake("counted");
    expect(await marks()).toEqual(await expected());
  });

  it("when the processor begins late: earlier events are folded, and nothing is emitted for them", async () => {
    for (const start of ["head", 3]) {
      const { declare, read, wake, marks, expected } = await joining("late");
      for (const value of VALUES) await read("s", value);
      await declare({ ...COUNTED, start });
      await wake("counted");
      await read("s", 3);
      await wake("counted");
      const all = Object.entries(await expected()).filter(([position]) => Number(position) > (start === "head" ? VALUES.length : 3));
      expect(Object.entries(await marks())).toEqual(all);
    }
  });

  it("when the join is added later, with changed steps", async () => {
    const { declare, read, wake, marks, expected } = await joining("added");
    await declare({ ...COUNTED, steps: [{ filter: "false" }, { emit: { to: "marks" } }] });
    for (const value of VALUES) await read("s", value);
    await wake("counted");
    await declare();
    await read("s", 3);
    await wake("counted");
    expect(Object.entries(await marks())).toEqual(Object.entries(await expected()).slice(-1));
  });

  it("when the commit fails, and the next worker makes it", async () => {
    const { declare, read, wake, marks, expected, timePasses } = await joining("commit");
    await declare();
    await read("s", 1);
    await wake("counted");
    for (const value of VALUES) await read("s", value);
    const real = env.VIEWS.batch.bind(env.VIEWS);
    let failures = 0;
    const batch = vi.spyOn(env.VIEWS, "batch").mockImplementation(async (statements: D1PreparedStatement[]) => {
      if (statements.length > 2 && failures++ < 2) throw new Error("D1_ERROR: Network connection lost.");
      return real(statements);
    });
    await wake("counted");
    batch.mockRestore();
    expect(failures).toBeGreaterThan(0);
    await read("s", 9);
    await timePasses();
    await wake("counted");
    expect(await marks()).toEqual(await expected());
  });

  it("when two workers run at once", async () => {
    const { declare, read, wake, marks, expected, checkpoints } = await joining("two");
    await declare();
    for (const value of VALUES) await read("s", value);
    await Promise.all([wake("counted"), wake("counted"), wake("counted")]);
    expect(await marks()).toEqual(await expected());
    expect(new Set((await checkpoints()).map(({ position }) => position)).size).toBe(1);
  });
});

it("a processor whose worker has no time left, each time that it fills or empties the copy, gets there in small steps", async () => {
  const { declare, read, wake, marks, expected, post, copied } = await joining("slices");
  for (const value of VALUES) await read("s", value);
  await declare({ ...COUNTED, start: 3 });
  const prepare = env.VIEWS.prepare.bind(env.VIEWS);
  let slices = 0;
  vi.spyOn(env.VIEWS, "prepare").mockImplementation((sql) => {
    if (/^(?:DELETE FROM|INSERT INTO) "view_counted_/.test(sql)) {
      slices += 1;
      later(COPY_SLICE_MS);
    }
    return prepare(sql);
  });
  await wake("counted");
  expect(slices).toBeGreaterThan(0);
  const whole = await copied();
  const before = slices;
  expect((await post("/consumers/counted/reset", { position: 0 })).status).toBe(200);
  await wake("counted");
  expect(slices).toBeGreaterThan(before);
  expect([await marks(), await copied()]).toEqual([await expected(), whole]);
});

it("rows of a view that may not fit into memory together are taken in turn", async () => {
  const { declare, send, post, wake, marks } = await joining("many-rows");
  // A view of its own: nobody knows yet how large its rows are, so each counts as the largest possible.
  const perValue = { from: "reading", key: "string(data.value)", columns: { count: { type: "integer", init: 0, fold: "acc + 1" } } };
  expect((await send("PUT", "/views/per-value", perValue)).status).toBe(201);
  await declare({
    from: "reading",
    steps: [
      { join: { with: "per-value", by: "'0'", as: "zeros" } },
      { emit: { to: "marks", data: { at: "event.position", all: "data.value", same: "zeros.count" } } },
    ],
  });
  const values = Array.from({ length: 100 }, (_, index) => (index * 7) % 40);
  await post("/streams/reading/s", { events: values.map((value) => ({ type: "Read", data: { value } })) });
  await wake("counted");
  const zeros = (index: number) => values.slice(0, index + 1).filter((value) => value === 0).length;
  const expected = values.map((value, index) => [index + 1, { all: value, same: zeros(index) }]);
  expect(await marks()).toEqual(Object.fromEntries(expected));
});

/** Does something once, just before the rows of a copy are read. `end` checks that it was done. */
function beforeRowsAreRead(work: () => Promise<unknown>) {
  const prepare = env.VIEWS.prepare.bind(env.VIEWS);
  let isDone = false;
  const spy = vi.spyOn(env.VIEWS, "prepare").mockImplementation((sql) => {
    const statement = prepare(sql);
    if (isDone || !sql.startsWith(`SELECT * FROM "view_counted_`)) return statement;
    isDone = true;
    const all = async () => {
      await work();
      return bound.all();
    };
    let bound = statement;
    return { bind: (...values: unknown[]) => ((bound = statement.bind(...values)), { all }) } as unknown as D1PreparedStatement;
  });
  return {
    end(): void {
      spy.mockRestore();
      expect(isDone).toBe(true);
    },
  };
}

it("a copy that another worker begins again, while this one reads its rows, changes nothing in what is emitted", async () => {
  const { declare, read, wake, marks, expected, checkpoints, store } = await joining("begun-again");
  await declare();
  for (const value of VALUES) await read("s", value);
  await wake("counted");
  const copy = (await checkpoints()).find(({ generation }) => generation.includes("_"))?.generation;
  for (const value of VALUES) await read("s", value);
  const between = beforeRowsAreRead(async () => {
    // As a worker leaves it that has marked it, and died before it was emptied. Of its rows this one may see any part.
    await env.VIEWS.prepare(`UPDATE headspring_checkpoints SET retired_at = -1 WHERE store = ? AND generation = ?`).bind(store, copy).run();
    await env.VIEWS.prepare(`DELETE FROM "view_counted_${copy}" WHERE _store = ?`).bind(store).run();
  });
  await wake("counted");
  between.end();
  expect(await marks()).toEqual(await expected());
});

it("a faster worker, while this one reads the rows, changes nothing in what is emitted", async () => {
  const parity = {
    from: "reading",
    steps: [
      { join: { with: "values", by: "'any'", as: "all" } },
      {
        branch: [
          { when: "all.count % 2 == 0", steps: [{ emit: { to: "marks", data: { at: "event.position", even: "true" } } }] },
          { steps: [{ emit: { to: "marks", data: { at: "event.position", even: "false" } } }] },
        ],
      },
    ],
  };
  const { declare, read, wake, json } = await joining("faster", parity);
  await declare();
  await read("s", 1);
  await wake("counted");
  for (const value of [1, 1, 1]) await read("s", value);
  const between = beforeRowsAreRead(() => wake("counted"));
  await wake("counted");
  between.end();
  const { events } = await json("/log?category=marks");
  expect(events.map(({ data }: { data: object }) => data)).toEqual(
    [1, 2, 3, 4].map((n, index) => ({ at: [1, 3, 4, 5][index], even: n % 2 === 0 })),
  );
});

it("a copy that the sweep has retired for other code is kept if it is wanted in time, and is otherwise made again", async () => {
  const { declare, read, wake, marks, expected, copied, checkpoints, store } = await joining("retired");
  await declare();
  for (const value of VALUES) await read("s", value);
  await wake("counted");
  const copy = (await checkpoints()).find(({ generation }) => generation.includes("_"))?.generation;
  const retire = (at: number) =>
    env.VIEWS.prepare(`UPDATE headspring_checkpoints SET retired_at = ? WHERE store = ? AND generation = ?`).bind(at, store, copy).run();
  const rows = await copied();
  for (const at of [Date.now(), 1]) {
    await retire(at);
    // As a sweep leaves it that was dropping the rows.
    if (at === 1) await env.VIEWS.prepare(`DELETE FROM "view_counted_${copy}" WHERE _store = ? AND value = 'any'`).bind(store).run();
    await read("other", 0.5);
    await wake("counted");
    expect((await checkpoints()).map(({ retired_at }) => retired_at)).toEqual([null, null]);
  }
  expect(await marks()).toEqual(await expected());
  expect(await copied()).toEqual(rows.map((row) => (row.value === "any" ? { value: "any", count: VALUES.length + 2 } : row)));
});

describe("a view that cannot fold an event stops the processor there", () => {
  it("and both go on once an operator has made the view skip it", async () => {
    const { declare, read, wake, marks, consumer, post, timePasses } = await joining("poisoned");
    await declare();
    poison.active = true;
    for (const value of [1, -1, 1]) await read("s", value);
    for (let attempt = 0; attempt < 8; attempt++) {
      await wake("counted", "values");
      await timePasses();
    }
    expect(await consumer("counted")).toMatchObject({
      status: "failed",
      position: 1,
      lastError: { message: "poisoned", event: { position: 2 } },
    });
    expect((await post("/consumers/values/skip", {})).status).toBe(200);
    expect((await post("/consumers/counted/retry", {})).status).toBe(200);
    await wake("counted");
    expect(await marks()).toEqual({ 1: { all: 1, same: 1 }, 2: { all: 1, same: 0 }, 3: { all: 2, same: 2 } });
  });

  it("and once an operator has made the processor skip it, only its own copy goes on without the event", async () => {
    const { declare, read, wake, marks, post, timePasses } = await joining("skipped");
    await declare();
    poison.active = true;
    for (const value of [1, -1, 1]) await read("s", value);
    for (let attempt = 0; attempt < 8; attempt++) {
      await wake("counted");
      await timePasses();
    }
    expect((await post("/consumers/counted/skip", {})).status).toBe(200);
    await wake("counted");
    expect(await marks()).toEqual({ 1: { all: 1, same: 1 }, 3: { all: 2, same: 2 } });
  });
});

describe("a view that cannot fold an event from before the processor begins", () => {
  it("stops the processor there, until the view's handler can, or an operator has made the view skip the event", async () => {
    const { declare, read, wake, marks, consumer, post, timePasses } = await joining("poisoned-before");
    poison.active = true;
    for (const value of [1, -1, 1]) await read("s", value);
    await declare({ ...COUNTED, start: "head" });
    await read("s", 1);
    for (let attempt = 0; attempt < 8; attempt++) {
      await wake("counted", "values");
      await timePasses();
    }
    expect(await consumer("counted")).toMatchObject({
      status: "failed",
      position: 3,
      lastError: { message: "poisoned", event: { position: 2 } },
    });
    const refused = await post("/consumers/counted/skip", {});
    expect(refused.status).toBe(409);
    expect(await refused.json()).toMatchObject({
      code: "action-not-possible",
      detail: "counted cannot skip: a view that it joins failed at position 2; skip the event there",
    });
    expect((await post("/consumers/values/skip", {})).status).toBe(200);
    expect((await post("/consumers/counted/retry", {})).status).toBe(200);
    await wake("counted");
    expect(await marks()).toEqual({ 4: { all: 3, same: 3 } });
  });

  it("is waited for if only newer code knows the event's version", async () => {
    const { declare, read, wake, marks, consumer, stream, logObject, timePasses } = await joining("newer-before");
    await read("s", 1);
    const newer = { type: "Read", data: `{"value":1}`, meta: "{}", schemaVersion: 2 };
    await stream("reading", "t").append({ events: [newer], expected: { kind: "any" }, waitMs: 20_000 });
    await declare({ ...COUNTED, start: "head" });
    await read("s", 1);
    for (let attempt = 0; attempt < 8; attempt++) {
      await wake("counted");
      await timePasses();
    }
    expect(await consumer("counted")).toMatchObject({
      position: 2,
      attempts: 1,
      lastError: { message: expect.stringContaining("has schemaVersion 2; this code knows 1 at most"), event: { position: 2 } },
    });
    await changeLogged(logObject(), (event) => ({ ...event, schemaVersion: 1 }));
    await evictDurableObject(logObject());
    await wake("counted");
    expect(await marks()).toEqual({ 3: { all: 3, same: 3 } });
  });
});

it("a view whose key cannot be computed stops the processor that joins it, and goes on without the event once the processor skips that", async () => {
  const store = await joining("keyless");
  const { send, post, wake, marks, consumer } = store;
  await send("PUT", "/streams/orders", {});
  const perPlace = { from: "orders", key: "data.place", columns: { count: { type: "integer", init: 0, fold: "acc + 1" } } };
  expect((await send("PUT", "/views/places", perPlace)).status).toBe(201);
  await store.declare({
    from: "orders",
    steps: [
      { join: { with: "places", by: "'Rome'", as: "place", missing: "null" } },
      { emit: { to: "marks", data: { at: "event.position", all: "place == null ? 0 : place.count", same: "0" } } },
    ],
  });
  for (const data of [{ place: "Rome" }, { town: "Rome" }, { place: "Rome" }]) await post("/streams/orders/o", { type: "Placed", data });
  await wake("counted");
  expect(await consumer("counted")).toMatchObject({ status: "failed", position: 1, lastError: { event: { position: 2 } } });
  expect((await post("/consumers/counted/skip", {})).status).toBe(200);
  await wake("counted");
  expect(await marks()).toEqual({ 1: { all: 1, same: 0 }, 3: { all: 2, same: 0 } });
  expect((await post("/consumers/counted/reset", { position: 0 })).status).toBe(200);
  await wake("counted");
  expect(await consumer("counted")).toMatchObject({ status: "live", lag: 0 });
});

describe("erased data", () => {
  it("leaves a copy whose rows belong to one stream each at once, together with its row and no other", async () => {
    const { declare, post, send, wake, checkpoints, store } = await joining("own-rows");
    await declare({
      from: "counter",
      steps: [
        { join: { with: "totals", by: "event.streamId", as: "total", missing: "skip" } },
        { emit: { to: "marks", data: { at: "event.position" } } },
      ],
    });
    for (const id of ["gone", "kept"]) await post(`/aggregates/counter/${id}/Count`, {});
    await wake("counted");
    await send("DELETE", "/streams/counter/gone?erase=true");
    await wake("counted");
    const copy = (await checkpoints()).find(({ generation }) => generation.includes("_"));
    const { results } = await env.VIEWS.prepare(`SELECT counter FROM "view_counted_${copy?.generation}" WHERE _store = ?`)
      .bind(store)
      .all();
    expect(results).toEqual([{ counter: "kept" }]);
    expect(copy).toMatchObject({ retired_at: null });
  });

  it("leaves a copy whose rows may contain it: the copy is made again, once for everything erased until then", async () => {
    const { declare, read, wake, send, copied, checkpoints, marks } = await joining("erased");
    await declare();
    await read("gone", 7);
    await read("lost", 8);
    await read("kept", 1);
    await wake("counted");
    expect((await copied()).map(({ value }) => value)).toEqual(["1", "7", "8", "any"]);
    for (const stream of ["gone", "lost"]) await send("DELETE", `/streams/reading/${stream}?erase=true`);
    await wake("counted");
    await read("kept", 1);
    await wake("counted");
    expect(await copied()).toEqual([
      { value: "1", count: 2 },
      { value: "any", count: 2 },
    ]);
    expect(Object.values(await marks()).at(-1)).toEqual({ all: 2, same: 2 });
    expect((await checkpoints()).map(({ retired_at }) => retired_at)).toEqual([null, null]);
  });
});

describe("a join with a category", () => {
  const LATEST = {
    from: "reading",
    types: ["Read"],
    steps: [
      { join: { with: "shelf", by: "event.streamId", as: "stock", missing: "null" } },
      { emit: { to: "marks", data: { at: "event.position", left: "stock == null ? -1 : stock.left" } } },
    ],
  };
  const lefts = async ({ json }: Pick<Awaited<ReturnType<typeof joining>>, "json">) =>
    ((await json("/log?category=marks&limit=1000")).events as { data: { at: number; left: number } }[])
      .toSorted((a, b) => a.data.at - b.data.at)
      .map(({ data }) => data.left);

  async function stocked(name: string) {
    const quiet = await joining(name, LATEST);
    await quiet.send("PUT", "/streams/shelf", {});
    return { ...quiet, stock: (left: number, id = "tea") => quiet.post(`/streams/shelf/${id}`, { type: "Counted", data: { left } }) };
  }

  it("finds the data of the stream's latest event before the event, however many there are since", async () => {
    const store = await stocked("latest");
    await store.declare();
    await store.read("tea", 1);
    for (let left = 0; left < 30; left++) {
      await store.stock(left);
      if (left % 10 === 4) await store.read("tea", 1);
    }
    const events = Array.from({ length: 60 }, (_, index) => ({ type: "Counted", data: { left: 100 + index } }));
    await store.post("/streams/shelf/tea", { events });
    await store.read("other", 1);
    await store.wake("counted");
    expect(await lefts(store)).toEqual([-1, 4, 14, 24, -1]);
  });

  it("finds nothing in a stream that was erased, and none under what cannot be the id of a stream", async () => {
    const store = await stocked("erased-stream");
    await store.stock(5);
    await store.read("tea", 1);
    await store.send("DELETE", "/streams/shelf/tea?erase=true");
    await store.stock(7, "coffee");
    await store.read("tea", 2);
    const [, emit] = LATEST.steps;
    const by = "data.value == 1.0 ? event.streamId : data.value == 2.0 ? 'a/b' : data.value == 3.0 ? '' : 'coffee'";
    await store.declare({ ...LATEST, steps: [{ join: { with: "shelf", by, as: "stock", missing: "null" } }, emit] });
    for (const value of [3, 4]) await store.read("tea", value);
    await store.wake("counted");
    expect(await lefts(store)).toEqual([-1, -1, -1, 7]);
  });

  it("fails at an event whose upcast fails, with the reason, and goes on with code that can lift it", async () => {
    const store = await joining("unlifted");
    Object.assign(slips, { in: "upcast", error: new Error("slipped") });
    const old = { type: "Slipped", data: `{"n":1}`, meta: "{}", schemaVersion: 1 };
    await store.stream("slip", "old").append({ events: [old], expected: { kind: "any" }, waitMs: 20_000 });
    await store.read("old", 1);
    await store.declare({
      from: "reading",
      steps: [
        { join: { with: "slip", by: "event.streamId", as: "slip" } },
        { emit: { to: "marks", data: { at: "event.position", all: "slip.n", same: "slip.unit == 'cm' ? 1 : 0" } } },
      ],
    });
    await store.wake("counted");
    expect(await store.consumer("counted")).toMatchObject({
      status: "failed",
      lastError: { message: expect.stringMatching(/^steps\.0\.join: .*cannot be lifted: the upcast to version 2 threw: slipped/) },
    });
    slips.in = undefined;
    expect((await store.post("/consumers/counted/retry", {})).status).toBe(200);
    await store.wake("counted");
    expect(await store.marks()).toEqual({ 2: { all: 1, same: 1 } });
  });

  it("finds nothing in a stream that was deleted, and fails where `missing` says so", async () => {
    const store = await stocked("deleted");
    await store.stock(5);
    await store.read("tea", 1);
    await store.send("DELETE", "/streams/shelf/tea");
    await store.declare();
    await store.wake("counted");
    expect(await lefts(store)).toEqual([-1]);
    const [, emit] = LATEST.steps;
    await store.declare({ ...LATEST, steps: [{ join: { with: "shelf", by: "event.streamId", as: "stock" } }, emit] });
    await store.read("tea", 1);
    await store.wake("counted");
    expect(await store.consumer("counted")).toMatchObject({
      status: "failed",
      lastError: { message: expect.stringContaining("shelf has nothing under the key") },
    });
  });
});

it("a processor that joins a view of categories that it does not follow is woken by what changes the view", async () => {
  const store = await joining("woken", { ...COUNTED, from: "sample" });
  await store.declare();
  await store.read("s", 1);
  await eventually(() => expect(store.sent().flatMap(({ body }) => body.consumers)).toContain("counted"));
  expect((await read(await store.post("/consumers/counted/reset?dryRun=true", { position: 0 }))).events).toBe(0);
});
