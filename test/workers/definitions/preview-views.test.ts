/** The preview of a view: the rows that a definition makes, and nothing of it is stored. */

import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { compileExpression } from "../../../src/definitions/expressions/expression.ts";
import { quietStore } from "../delivery/support.ts";
import { read } from "../support.ts";
import { allowErrors } from "../errors.ts";

beforeEach(() => {
  allowErrors(/a consumer has failed and stopped/);
  vi.spyOn(console, "info").mockReturnValue();
});
afterEach(() => vi.restoreAllMocks());

async function store(name: string) {
  const quiet = quietStore(name);
  await quiet.send("PUT", "/streams/orders", { key: "id" });
  const order = (id: string, data: object) => quiet.post("/streams/orders", { id, ...data });
  const ask = (body: object) => quiet.post("/views/preview", body);
  return { ...quiet, order, ask, preview: async (definition: object, more: object = {}) => read(await ask({ definition, ...more })) };
}

const SUM = { from: "orders", key: "data.who", columns: { sum: { type: "number", init: 0, fold: "acc + data.n" } } };

const DEFINITIONS = {
  "the data as it is": { from: "orders" },
  "of several categories": { from: ["orders", "reading"] },
  "of some types": { from: ["orders", "reading"], types: ["Read"] },
  "folded by a key of its own": SUM,
  "under a condition, and removed by another": { ...SUM, where: "data.n > 1", remove: "data.n == 4" },
  "with the latest value": {
    from: "orders",
    columns: { last: { type: "json", value: "data" }, at: { type: "integer", value: "event.position" } },
  },
};

describe("a preview of a view", () => {
  it.each(Object.entries(DEFINITIONS))("shows the rows that the view will have: %s", async (_what, definition) => {
    const { order, preview, read: measure, send, wake, json } = await store("same-rows");
    const orders = [
      ["b", "c1", 1],
      ["a", "c2", 2],
      ["b", "c1", 3],
      ["😀", "cy", 5],
      ["ﬀ", "c2", 4],
      ["c", "c1", 4],
    ] as const;
    for (const [id, who, n] of orders) {
      await order(id, { who, n, more: [{ n }] });
      await measure(id, n);
    }
    await send("DELETE", "/streams/orders/a");
    const answer = await preview(definition, { last: 1_000 });
    await send("PUT", "/views/mine", definition);
    await wake("mine");
    const { rows } = await json("/views/mine?limit=200");
    expect(answer).toMatchObject({ view: "preview", outcome: "done", from: 1, to: 13, exact: true, left: 0, hasMore: false });
    expect([answer.rows, answer.rowCount]).toEqual([rows, rows.length]);
    expect(rows.length).toBeGreaterThan(0);
  });

  it("stores nothing", async () => {
    const { order, preview, json } = await store("stores-nothing");
    await order("1", { who: "c1", n: 1 });
    const tables = async () =>
      (await env.VIEWS.prepare(`SELECT name FROM sqlite_master WHERE name LIKE 'view_preview%'`).all()).results.length +
      (await env.VIEWS.prepare(`SELECT view FROM headspring_generations WHERE view = 'preview'`).all()).results.length;
    // Only the names: how far the others are changes by itself.
    const names = async (path: string, list: string) => (await json(path))[list].map(({ name }: { name: string }) => name);
    const all = async () => [await json("/log"), await names("/views", "views"), await names("/consumers", "consumers"), await tables()];
    const before = await all();
    expect((await preview(SUM)).rows).toEqual([{ id: "c1", sum: 1 }]);
    expect(await all()).toEqual(before);
  });

  it("shows what each event did, and why some change nothing", async () => {
    const { order, preview, read: measure } = await store("each");
    await measure("s", 1);
    await order("1", { who: "c1", n: 0 });
    await order("2", { who: "c1", n: 2 });
    const definition = { ...SUM, where: "data.n > 1", remove: "data.n == 9" };
    const events = [
      { stream: "orders/3", type: "OrdersRecorded", data: { who: "c1", n: 9 } },
      1,
      { stream: "orders/3", type: "$deleted", data: {} },
    ];
    const answer = await preview(definition, { last: 10, events });
    expect(answer.events.map(({ position, outcome, why, keys }: Record<string, unknown>) => [position, outcome, why ?? keys])).toEqual([
      [2, "passed", expect.stringContaining("`where`")],
      [3, "changed", ["c1"]],
      [4, "removed", ["c1"]],
      [1, "passed", "the view follows orders"],
      [5, "passed", expect.stringContaining("store itself")],
    ]);
    expect(answer.rows).toEqual([]);
  });

  it("folds the latest events that the view follows, and reports whether there are earlier ones", async () => {
    const { order, preview, read: measure } = await store("latest");
    for (const n of [1, 2, 3]) {
      await order(String(n), { who: "c1", n });
      await measure("s", n);
    }
    expect(await preview(SUM, { last: 2 })).toMatchObject({ rows: [{ id: "c1", sum: 5 }], from: 3, to: 6, exact: false });
    expect(await preview(SUM, { last: 3 })).toMatchObject({ rows: [{ id: "c1", sum: 6 }], from: 1, exact: true });
    expect(await preview(SUM)).toMatchObject({ rows: [{ id: "c1", sum: 6 }], exact: true });
  });

  it("folds given events as if they were written next, alone or after the latest", async () => {
    const { order, preview } = await store("given");
    await order("1", { who: "c1", n: 1 });
    const next = (n: number) => ({ stream: "orders/1", type: "OrdersRecorded", data: { who: "c1", n } });
    const definition = {
      ...SUM,
      columns: { ...SUM.columns, at: { type: "integer", value: "event.position" }, version: { type: "integer", value: "event.version" } },
    };
    const alone = await preview(definition, { events: [next(5), next(6)] });
    expect(alone).toMatchObject({ rows: [{ id: "c1", sum: 11, at: 3, version: 2 }] });
    expect([alone.from, alone.exact]).toEqual([undefined, undefined]);
    expect(await preview(definition, { last: 5, events: [next(5)] })).toMatchObject({ rows: [{ id: "c1", sum: 6 }], exact: false });
  });

  it("leaves out what was erased, and what an operator made the view of this name skip", async () => {
    const { order, preview, send, wake, post } = await store("left-out");
    await order("1", { who: "c1", n: 1 });
    await order("2", { who: "c1", n: 2 });
    await order("3", { who: "c1", n: 4 });
    await send("DELETE", "/streams/orders/1?erase=true");
    await send("PUT", "/views/mine", { ...SUM, where: "data.n / (data.n - 2) > 0" });
    await wake("mine");
    expect((await post("/consumers/mine/skip", { position: 2 })).status).toBe(200);
    const answer = await preview(SUM, { name: "mine", last: 10 });
    expect([answer.rows, answer.events.map(({ outcome }: { outcome: string }) => outcome)]).toEqual([
      [{ id: "c1", sum: 4 }],
      ["passed", "passed", "changed", "passed"],
    ]);
    expect((await preview(SUM, { last: 10 })).rows).toEqual([{ id: "c1", sum: 6 }]);
  });

  it.each([
    [
      "an expression that fails",
      { columns: { c: { type: "number", init: 0, fold: "acc + 1 / data.n" } } },
      "columns.c.fold",
      { start: 8, end: 9 },
      "division",
    ],
    ["a condition that fails", { where: "data.missing > 1" }, "where", { start: 5, end: 12 }, "missing"],
    [
      "a result that does not fit",
      { columns: { c: { type: "string", value: "dyn(data.n)" } } },
      "columns.c.value",
      undefined,
      "must give a string",
    ],
    ["an invalid key", { key: "dyn(null)" }, "key", undefined, "must give a string or a number"],
  ])("shows the event at which the view would stop, and where %s is", async (_what, definition, path, at, message) => {
    const { order, preview } = await store("failing");
    await order("1", { n: 0 });
    const event = { stream: "orders/2", type: "OrdersRecorded", data: { n: 0 } };
    const answer = await preview({ from: "orders", ...definition }, { last: 5, events: [event] });
    expect(answer).toMatchObject({ outcome: "failed", events: [{ position: 1, outcome: "failed" }], left: 1, exact: false });
    expect(answer.error).toMatchObject({ event: { position: 1, data: { n: 0 } }, path, message: expect.stringContaining(message) });
    expect(answer.error.at).toEqual(at);
  });

  it("fails at an event whose row would be too large to write", async () => {
    const { preview } = await store("large-row");
    const columns = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`c${index}`, { type: "string", value: "data.text" }]));
    const event = { stream: "orders/1", type: "OrdersRecorded", data: { text: "x".repeat(120_000) } };
    const answer = await preview({ from: "orders", columns }, { events: [event] });
    expect([answer.outcome, answer.error.message]).toEqual(["failed", expect.stringContaining("a row may have at most")]);
  });

  it("stops at the event that exceeds its budget, however costly the definition is", async () => {
    const { preview } = await store("costly");
    const fold = "data.list.map(x, data.list.size() + data.list.size() + data.list.size()).size() + acc";
    expect(compileExpression(fold, { data: true, acc: true })).not.toHaveProperty("problem");
    const columns = Object.fromEntries(Array.from({ length: 97 }, (_, index) => [`c${index}`, { type: "number", init: 0, fold }]));
    const list = Array.from({ length: 1_000 }, (_, index) => index % 10);
    const events = Array.from({ length: 100 }, () => ({ stream: "orders/1", type: "OrdersRecorded", data: { list } }));
    const answer = await preview({ from: "orders", columns }, { events });
    expect(answer.outcome).toBe("cut");
    expect(answer.left).toBeGreaterThan(0);
    expect(answer.left + answer.events.length).toBe(100);
    expect(answer.rows[0].c0).toBe(1_000 * answer.events.length);
  });

  it("ends at an event that the code cannot lift, with the reason", async () => {
    const { preview, post, stream } = await store("unlifted");
    for (const id of ["a", "b"]) {
      await post(`/aggregates/contract/${id}/Sign`, { cents: 1, currency: "EUR" });
      const old = { type: "Signed", data: '{"amount":666}', meta: "{}", schemaVersion: 1 };
      await stream("contract", id).append({ events: [old], expected: { kind: "any" } });
    }
    const definition = { from: "contract", columns: { cents: { type: "integer", value: "data.cents" } } };
    expect(await preview(definition)).toMatchObject({
      outcome: "failed",
      error: {
        message: "the event Signed, version 2 of its stream, cannot be lifted: the upcast to version 2 threw: nobody signs that",
        event: { position: 2, data: { amount: 666 } },
      },
      events: [{ outcome: "changed" }, { outcome: "failed" }],
      left: 2,
      rows: [{ id: "a", cents: 1 }],
    });
  });

  it("answers with as many rows as it is asked for, and with their number in all", async () => {
    const { preview } = await store("many-rows");
    const events = Array.from({ length: 5 }, (_, index) => ({ stream: `orders/${index}`, type: "OrdersRecorded", data: {} }));
    expect(await preview({ from: "orders" }, { events, limit: 2 })).toMatchObject({
      rows: [{ id: "0" }, { id: "1" }],
      rowCount: 5,
      hasMore: true,
    });
  });

  it("lists the mistakes of a definition as a declaration does, each with the part of the expression that it is in", async () => {
    const { ask, send } = await store("mistakes");
    const definition = {
      from: "orders",
      where: "data.n >",
      key: "1 == 1",
      columns: { c: { type: "number", init: 0, fold: "acc + datum.n" } },
    };
    const declared = await read(await send("PUT", "/views/mine", definition));
    const previewed = await read(await ask({ definition }));
    expect(previewed).toMatchObject({ status: 400, code: "invalid-request" });
    expect(previewed.issues).toEqual(declared.issues.map((one: { path: string }) => ({ ...one, path: `definition.${one.path}` })));
    expect(declared.issues.map(({ path, at }: { path: string; at: object }) => [path, at])).toEqual([
      ["where", { start: 8, end: 8 }],
      ["key", { start: 0, end: 6 }],
      ["columns.c.fold", { start: 6, end: 11 }],
    ]);
  });

  it.each([
    ["without a definition", {}, 400, "invalid-request"],
    ["of an unknown category", { definition: { from: "nobody" } }, 404, "unknown-category"],
    ["of a position beyond the head", { definition: { from: "orders" }, events: [9] }, 409, "position-beyond-head"],
    ["of no events", { definition: { from: "orders" }, events: [] }, 400, "invalid-request"],
    ["of more events than are allowed", { definition: { from: "orders" }, last: 1_001 }, 400, "invalid-request"],
    [
      "of more positions than are allowed",
      { definition: { from: "orders" }, events: Array.from({ length: 21 }, () => 1) },
      400,
      "invalid-request",
    ],
    [
      "of an impossible stream",
      { definition: { from: "orders" }, events: [{ stream: "orders", type: "A", data: {} }] },
      400,
      "invalid-request",
    ],
    ["under an impossible name", { definition: { from: "orders" }, name: "a/b" }, 400, "invalid-request"],
  ])("is refused %s", async (_what, body, status, code) => {
    const { ask } = await store("refused");
    const answer = await ask(body);
    expect([answer.status, (await read(answer)).code]).toEqual([status, code]);
  });
});
