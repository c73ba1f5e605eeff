import { describe, expect, it } from "vitest";
import * as z from "zod";
import { CodeMistake } from "../../../src/core/mistake.ts";
import type { RecordedEvent } from "../../../src/core/event.ts";
import type { Issue } from "../../../src/core/issue.ts";
import { thrown } from "../../../src/core/platform-errors.ts";
import { DECLARED_VIEW_COLUMNS } from "../../../src/definitions/limits.ts";
import type { CategoryShape, Surroundings } from "../../../src/definitions/over-http/surroundings.ts";
import { type ViewDefinition, checkView, namesIn, parseView, viewFrom } from "../../../src/definitions/over-http/view.ts";
import type { View } from "../../../src/definitions/views/view.ts";
import type { StoredRow } from "../../../src/definitions/views/handler.ts";
import { category, upcast } from "../../../src/index.ts";
import { fold, touchesOf } from "../../../src/rows/fold.ts";
import { tableOf } from "../../../src/rows/table.ts";

const object = (properties: object, more: object = {}) => ({ type: "object", properties, additionalProperties: false, ...more });

const orders: CategoryShape = {
  name: "orders",
  kind: "plain",
  strict: true,
  events: {
    OrdersRecorded: object(
      {
        id: { type: "string" },
        customerId: { type: "string" },
        status: { enum: ["pending", "confirmed", "cancelled"] },
        qty: { type: "integer" },
        price: { type: ["number", "null"] },
        paid: { type: "boolean" },
        lines: { type: "array", items: { type: "object" } },
        limit: { type: "integer" },
        Note: { type: "string" },
        note: { type: "string" },
        "odd name": { type: "string" },
        constructor: { type: "string" },
      },
      { required: ["customerId", "status", "qty"] },
    ),
  },
  source: { name: "orders", events: {} },
};
/** Declared in code: the schemas of its events are those that zod writes. */
const reading = category("reading", { events: { Read: z.object({ value: z.number() }), Calibrated: z.object({}) } });
const readings: CategoryShape = {
  name: "reading",
  kind: "plain",
  strict: true,
  events: { Read: z.toJSONSchema(reading.events.Read) as never, Calibrated: z.toJSONSchema(reading.events.Calibrated) as never },
  source: reading,
};
/** Any event type, with any data. */
const notes: CategoryShape = { name: "notes", kind: "plain", strict: false, events: {}, source: { name: "notes", events: {} } };

const around: Surroundings = { categories: new Map([orders, readings, notes].map((one) => [one.name, one])), views: new Map() };

/** What is wrong with a definition, as the route reports it. */
function issuesOf(body: unknown): readonly Issue[] {
  const parsed = parseView("v", body);
  return "issues" in parsed ? parsed.issues : checkView("v", parsed, around);
}

function declared(definition: ViewDefinition, incarnation = 1, given = around): View {
  expect(issuesOf(definition)).toEqual([]);
  return viewFrom("v", definition, given, { incarnation, at: 1 });
}

let position = 0;
/** An event of a stream. */
function event(stream: string, data: unknown, type = "OrdersRecorded"): RecordedEvent {
  const time = "2026-11-21T06:00:00.000Z";
  position++;
  return { id: `e${position}`, stream, version: position, position, type, data, meta: {}, time, recordedAt: time, schemaVersion: 1 };
}

/** The rows that the events make, and the failure that ends them. */
function rowsOf(view: View, events: readonly RecordedEvent[]) {
  const rows = new Map<string, StoredRow>();
  const { touches, failure } = touchesOf(view, events);
  const folded = fold(view, rows, touches);
  const failed = folded.failure ?? failure;
  return { rows: [...rows.values()], ...(failed ? { failure: thrown(failed.error), at: failed.event.position } : {}) };
}

const SUM = { type: "number", init: 0, fold: "acc + data.qty" };
const wide = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`c${index}`, SUM]));

describe("a definition that cannot be a view", () => {
  it.each<[what: string, body: unknown, path: string, message: RegExp]>([
    ["is not an object", "orders", "", /expected object/],
    ["is a list", [], "", /expected object/],
    ["has no source", {}, "from", /./],
    ["has an empty list of followed", { from: [] }, "from", /./],
    ["names a source twice", { from: ["orders", "orders"] }, "from", /`orders` is named twice/],
    ["has a source that is not a name", { from: "a/b" }, "from", /not the name of a category/],
    ["has a source in a list that is not a name", { from: ["orders", "$system"] }, "from.1", /not the name of a category/],
    ["has an unknown member", { from: "orders", groupBy: "x" }, "", /groupBy/],
    ["handles no types", { from: "orders", types: [] }, "types", /./],
    ["handles a type of the store's own", { from: "orders", types: ["$deleted"] }, "types.0", /does not begin with \$/],
    ["handles a type that none of its categories has", { from: "orders", types: ["Ordered"] }, "types.0", /OrdersRecorded/],
    ["has no columns in `columns`", { from: "orders", columns: {} }, "columns", /at least one column/],
    [
      "has more columns than a table",
      { from: "orders", columns: wide(DECLARED_VIEW_COLUMNS + 1) },
      "columns",
      /at most 97 columns, not 98/,
    ],
    ["has a column `id`", { from: "orders", columns: { id: SUM } }, "columns.id", /is the row's key/],
    ["has a column `ID`", { from: "orders", columns: { ID: SUM } }, "columns.ID", /is the row's key/],
    ["has a column named like a query's parameter", { from: "orders", columns: { limit: SUM } }, "columns.limit", /queries use the name/],
    ["has a column that begins with _", { from: "orders", columns: { _store: SUM } }, "columns._store", /must match/],
    ["has a column with a quote", { from: "orders", columns: { 'a"b': SUM } }, 'columns.a"b', /must match/],
    [
      "has a column __proto__",
      JSON.parse(`{"from":"orders","columns":{"__proto__":{"type":"json","value":"1"}}}`),
      "columns.__proto__",
      /match/,
    ],
    [
      "has columns that differ in case only",
      { from: "orders", columns: { Total: SUM, total: SUM } },
      "columns.Total",
      /differ only in case/,
    ],
    ["has a column of another type", { from: "orders", columns: { a: { type: "date", value: "event.time" } } }, "columns.a.type", /./],
    [
      "has a column without an expression",
      { from: "orders", columns: { a: { type: "string" } } },
      "columns.a",
      /`init` and `fold`, or `value`/,
    ],
    ["has a column with both", { from: "orders", columns: { a: { ...SUM, value: "1" } } }, "columns.a", /either/],
    [
      "has a fold without `init`",
      { from: "orders", columns: { a: { type: "number", fold: "acc + 1" } } },
      "columns.a.init",
      /`fold` needs `init`/,
    ],
    [
      "has `init` next to `value`",
      { from: "orders", columns: { a: { type: "number", init: 0, value: "1" } } },
      "columns.a.init",
      /needs no `init`/,
    ],
    ["begins with another type", { from: "orders", columns: { a: { ...SUM, init: "0" } } }, "columns.a.init", /a number or null/],
    [
      "begins with a fraction",
      { from: "orders", columns: { a: { ...SUM, type: "integer", init: 0.5 } } },
      "columns.a.init",
      /a whole number/,
    ],
    [
      "indexes something that is not a column",
      { from: "orders", columns: { a: SUM }, indexes: ["b"] },
      "indexes.0",
      /`b` is not a column \(a\)/,
    ],
    ["indexes its key", { from: "orders", columns: { a: SUM }, indexes: ["id"] }, "indexes.0", /always has an index/],
    ["indexes a column twice", { from: "orders", columns: { a: SUM }, indexes: ["a", "a"] }, "indexes", /named twice/],
    ["indexes JSON", { from: "orders", columns: { a: { type: "json", value: "data" } }, indexes: ["a"] }, "indexes.0", /no use/],
    ["indexes a member that no schema names", { from: "orders", indexes: ["colour"] }, "indexes.0", /`colour` is no member.*customerId/],
    ["indexes a member without a column", { from: "orders", indexes: ["limit"] }, "indexes.0", /`limit` is no member/],
    ["filters by a number", { from: "orders", where: "data.qty" }, "where", /must give true or false, and gives a number/],
    ["filters by a misspelt member", { from: "orders", where: "data.quantity > 1" }, "where", /quantity.*column \d+/],
    ["filters by something unreadable", { from: "orders", where: "data.qty >" }, "where", /column \d+/],
    ["is keyed by a boolean", { from: "orders", key: "data.paid" }, "key", /must give a string or a number/],
    ["is keyed by a list", { from: "orders", key: "data.lines" }, "key", /must give a string or a number, and gives a list/],
    ["removes by a string", { from: "orders", remove: "data.status" }, "remove", /must give true or false, and gives a string/],
    ["sums strings", { from: "orders", columns: { a: { ...SUM, fold: "acc + data.customerId" } } }, "columns.a.fold", /column \d+/],
    [
      "keeps a number as a string",
      { from: "orders", columns: { a: { type: "string", value: "data.qty" } } },
      "columns.a.value",
      /a string or null/,
    ],
    [
      "keeps null where its fold begins with a number",
      { from: "orders", columns: { a: { ...SUM, fold: "null" } } },
      "columns.a.fold",
      /null/,
    ],
    ["names `acc` in a value", { from: "orders", columns: { a: { type: "number", value: "acc + 1" } } }, "columns.a.value", /acc/],
    ["names `row` where there is none", { from: "orders", where: "row.a > 1" }, "where", /row/],
    ["names a column that its row lacks", { from: "orders", columns: { a: { ...SUM, fold: "row.b" } } }, "columns.a.fold", /b/],
    ["uses a member of every object", { from: "orders", key: "data.constructor.name" }, "key", /column \d+/],
  ])("because it %s", (_what, body, path, message) => {
    const issues = issuesOf(body);
    expect(issues.map((issue) => issue.path)).toContain(path);
    expect(issues.find((issue) => issue.path === path)?.message).toMatch(message);
  });

  it("lists at most 20 of its mistakes", () => {
    const bad = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`c${index}`, { type: "string" }]));
    expect(issuesOf({ from: "orders", columns: bad })).toHaveLength(20);
  });

  it("names the categories to look up, once each, before anything is checked", () => {
    expect(namesIn({ from: "orders" })).toEqual({ categories: ["orders"] });
    expect(namesIn({ from: ["a", "b"] })).toEqual({ categories: ["a", "b"] });
  });
});

describe("a view with columns", () => {
  const totals: ViewDefinition = {
    from: "orders",
    where: "data.status == 'confirmed'",
    key: "data.customerId",
    columns: {
      total: { type: "number", init: 0, fold: "acc + data.qty * data.price" },
      orders: { type: "integer", init: 0, fold: "acc + 1" },
      last: { type: "string", value: "event.time" },
      average: { type: "number", init: null, fold: "(row.total + data.qty * data.price) / (row.orders + 1)" },
    },
    indexes: ["total"],
    remove: "data.status == 'cancelled'",
  };
  const order = (customerId: string, status: string, qty = 1, price = 2) => event("orders/o", { customerId, status, qty, price });

  it("folds each column from the row before the event, whatever the order of the columns", () => {
    const { rows } = rowsOf(declared(totals), [order("a", "confirmed", 2, 1.5), order("b", "pending"), order("a", "confirmed", 1, 4)]);
    expect(rows).toEqual([{ id: "a", total: 7, orders: 2, last: "2026-11-21T06:00:00.000Z", average: 3.5 }]);
  });

  it("loses a row by `remove`, even if `where` does not apply to the event, and begins it again from `init`", () => {
    const view = declared(totals);
    expect(rowsOf(view, [order("a", "confirmed", 5), order("b", "confirmed"), order("a", "cancelled")]).rows).toMatchObject([{ id: "b" }]);
    expect(rowsOf(view, [order("a", "confirmed", 5), order("a", "cancelled"), order("a", "confirmed", 1)]).rows).toMatchObject([
      { id: "a", total: 2, orders: 1 },
    ]);
  });

  it("has null in a column as long as the latest value is null", () => {
    const view = declared({ from: "orders", columns: { price: { type: "number", value: "data.price" } } });
    expect(rowsOf(view, [event("orders/1", { price: null }), event("orders/2", { price: 3 })]).rows).toEqual([
      { id: "1", price: null },
      { id: "2", price: 3 },
    ]);
  });

  it("turns a number that is its key into a string", () => {
    const view = declared({ from: "orders", key: "data.qty", columns: { count: { type: "integer", init: 0, fold: "acc + 1" } } });
    expect(rowsOf(view, [event("orders/1", { qty: 7 }), event("orders/2", { qty: 7.5 }), event("orders/3", { qty: 7 })]).rows).toEqual([
      { id: "7", count: 2 },
      { id: "7.5", count: 1 },
    ]);
  });

  it.each<[definition: Partial<ViewDefinition>, data: unknown, message: string]>([
    [{ key: "data.a" }, { a: null }, "view `v`, `key`: must give a string or a number, and gave null"],
    [{ key: "data.a" }, { a: { b: "secret" } }, "view `v`, `key`: must give a string or a number, and gave an object"],
    [{ where: "data.a" }, { a: "secret" }, "view `v`, `where`: must give true or false, and gave a string"],
    [{ remove: "data.a" }, { a: 1 }, "view `v`, `remove`: must give true or false, and gave a number"],
    [
      { columns: { a: { type: "integer", value: "data.a" } } },
      { a: 0.5 },
      "view `v`, `columns.a.value`: must give a whole number or null, and gave a number",
    ],
    [
      { columns: { a: { type: "integer", value: "data.a" } } },
      { a: 2 ** 53 },
      "view `v`, `columns.a.value`: must give a whole number or null, and gave a number",
    ],
    [
      { columns: { a: { type: "string", init: "", fold: "data.a" } } },
      { a: null },
      "view `v`, `columns.a.fold`: must give a string, and gave null",
    ],
    [
      { columns: { a: { type: "boolean", value: "data.a" } } },
      { a: "secret" },
      "view `v`, `columns.a.value`: must give true, false or null, and gave a string",
    ],
  ])("fails at once, without the value, where its result does not fit: %j at %j", (more, data, message) => {
    const columns = { n: { type: "integer", init: 0, fold: "acc + 1" } } as const;
    const view = declared({ from: "notes", columns, ...more });
    const { rows, failure } = rowsOf(view, [event("notes/1", data, "Noted")]);
    expect(rows).toEqual([]);
    expect(failure).toBeInstanceOf(CodeMistake);
    expect((failure as Error).message).toBe(message);
  });

  it("fails at a member that the data lacks, with the place in the definition and in the expression", () => {
    const view = declared({ from: "notes", columns: { a: { type: "json", value: "data.a.b" } } });
    const { failure } = rowsOf(view, [event("notes/1", { a: {} }, "Noted")]);
    expect(failure).toBeInstanceOf(CodeMistake);
    expect((failure as Error).message).toMatch(/^view `v`, `columns\.a\.value`: .*data\.a\.b.*column \d+/);
  });
});

describe("a view without columns", () => {
  it("has the latest data as it is, whatever its members are named, and the key as `id`", () => {
    const view = declared({ from: ["orders", "notes"] });
    const data = JSON.parse(
      `{"id": 7, "limit": 1, "sort": "x", "Total": 1, "total": 2, "a b": [{"c": null}], "": "", "constructor": 5, "_row": "x", "_store": "y",
        "__proto__": {"polluted": true}, "text": "\\ud800", "qty": "many"}`,
    ) as object;
    const { rows } = rowsOf(view, [event("notes/1", { old: true }, "Noted"), event("notes/1", data, "Noted")]);
    const { id: _id, ...rest } = data as { id: number };
    expect(JSON.stringify(rows)).toBe(JSON.stringify([{ id: "1", ...rest }]));
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it("can be queried by the scalars in its schemas that can be columns, with their types", () => {
    const { columns, stored } = tableOf(declared({ from: "orders" }));
    expect(columns.map(({ name, kind }) => `${name}: ${kind}`)).toEqual([
      "id: text",
      "customerId: text",
      "status: text",
      "qty: integer",
      "price: real",
      "paid: boolean",
      "constructor: text",
    ]);
    expect(stored).toEqual([...columns.map(({ name }) => name), "_row"]);
    expect(tableOf(declared({ from: "reading" })).columns.map(({ name, kind }) => `${name}: ${kind}`)).toEqual(["id: text", "value: real"]);
    expect(tableOf(declared({ from: "notes" })).columns.map(({ name }) => name)).toEqual(["id"]);
    expect(tableOf(declared({ from: "reading", types: ["Calibrated"] })).columns.map(({ name }) => name)).toEqual(["id"]);
  });

  it.each<[what: string, schemas: readonly unknown[], kinds: readonly string[]]>([
    [
      "wherever they are named",
      [{ allOf: [{ properties: { a: { type: "string" } } }] }, { properties: { b: { const: true } } }],
      ["a: text", "b: boolean"],
    ],
    [
      "through references",
      [{ properties: { a: { $ref: "#/$defs/n" } }, $defs: { n: { anyOf: [{ type: "number" }, { type: "null" }] } } }],
      ["a: real"],
    ],
    [
      "where parts of a schema that all apply leave one type",
      [
        {
          properties: {
            a: { allOf: [{ minLength: 1 }, { type: ["string", "null"] }, { $ref: "#/$defs/s" }] },
            b: { enum: ["x", null] },
            c: { oneOf: [{ const: 1 }, { const: null }] },
            d: { allOf: [{ description: "anything" }] },
          },
          $defs: { s: { type: "string" } },
        },
      ],
      ["a: text", "b: text", "c: integer"],
    ],
    ["whole numbers next to others", [{ properties: { a: { type: "integer" } } }, { properties: { a: { type: "number" } } }], ["a: real"]],
    ["unless their types differ", [{ properties: { a: { type: "integer" } } }, { properties: { a: { type: "string" } } }], []],
    ["unless they may be anything somewhere", [{ properties: { a: { type: "string" } } }, { properties: { a: true } }], []],
    ["unless a reference goes round", [{ properties: { a: { $ref: "#/properties/a" } } }], []],
    ["unless they name nothing", [true, { properties: { a: { type: "null" }, b: {}, c: { type: "array" }, d: { enum: [1, "x"] } } }], []],
  ])("has members %s to query by", (_what, schemas, kinds) => {
    const events = Object.fromEntries(schemas.map((schema, index) => [`T${index}`, schema])) as CategoryShape["events"];
    const given = { ...around, categories: new Map([["orders", { ...orders, events }]]) };
    const { columns } = tableOf(viewFrom("v", { from: "orders" }, given, { incarnation: 1, at: 1 }));
    expect(columns.slice(1).map(({ name, kind }) => `${name}: ${kind}`)).toEqual(kinds);
  });

  it("has no more such members than a table can have columns", () => {
    const properties = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`m${index}`, { type: "string" }]));
    const given = { ...around, categories: new Map([["orders", { ...orders, events: { A: { properties } } }]]) };
    expect(tableOf(viewFrom("v", { from: "orders" }, given, { incarnation: 1, at: 1 })).stored).toHaveLength(DECLARED_VIEW_COLUMNS + 2);
  });
});

describe("the end of a stream", () => {
  const end = (stream: string, erased = false) => event(stream, { erased }, "$deleted");
  const count = { n: { type: "integer", init: 0, fold: "acc + 1" } } as const;

  it("removes the row where each row is of one stream, and no expression sees it", () => {
    const view = declared({ from: ["orders", "notes"], where: "data.qty > 0", columns: count });
    expect(rowsOf(view, [event("orders/1", { qty: 1 }), event("orders/2", { qty: 1 }), end("orders/1")]).rows).toEqual([{ id: "2", n: 1 }]);
    expect(view.ownRows).toBe(false);
    expect(declared({ from: "orders", columns: count }).ownRows).toBe(true);
    expect(rowsOf(declared({ from: "orders", types: ["OrdersRecorded"] }), [event("orders/1", {}), end("orders/1")]).rows).toEqual([]);
  });

  it("changes nothing in a view that names its rows itself", () => {
    const view = declared({ from: "orders", key: "event.streamId", columns: count });
    expect(rowsOf(view, [event("orders/1", { qty: 1 }), end("orders/1"), end("orders/1", true)]).rows).toEqual([{ id: "1", n: 1 }]);
    expect(view.ownRows).toBe(false);
  });
});

describe("the table of a view", () => {
  const generation = (definition: ViewDefinition, incarnation = 1, given = around) =>
    tableOf(declared(definition, incarnation, given)).generation;
  const one: ViewDefinition = { from: "reading", columns: { a: { type: "number", value: "data.value" } } };

  it("differs for another definition, another incarnation, and other members to query by", () => {
    const others: ViewDefinition[] = [
      { ...one, from: ["reading", "notes"] },
      { ...one, types: ["Read"] },
      { ...one, where: "true" },
      { ...one, key: "event.streamId" },
      { ...one, remove: "false" },
      { ...one, indexes: ["a"] },
      { from: "reading", columns: { a: { type: "number", value: "data.value + 0" } } },
      { from: "reading", columns: { a: { type: "json", value: "data.value" } } },
      { from: "reading" },
    ];
    const all = [generation(one), generation(one, 2), ...others.map((other) => generation(other))];
    expect(new Set(all).size).toBe(all.length);
    const more = { ...readings, events: { ...readings.events, More: { properties: { more: { type: "string" } } } } };
    expect(generation({ from: "reading" }, 1, { ...around, categories: new Map([["reading", more]]) })).not.toBe(
      generation({ from: "reading" }),
    );
  });

  it("stays when only its description or its routes change, or the order of its members", () => {
    expect(generation({ ...one, description: "x", exposed: false })).toBe(generation(one));
    expect(generation({ columns: one.columns!, from: ["reading"] })).toBe(generation(one));
  });

  it("stays when the code lists event types that it lifts in another order", () => {
    const Read = upcast(z.object({ celsius: z.number() }), z.object({ value: z.number() }), ({ celsius }) => ({ value: celsius }));
    const Calibrated = upcast(z.object({ by: z.string() }), z.object({}), () => ({}));
    const generationWith = (events: CategoryShape["source"]["events"]) =>
      generation(one, 1, { ...around, categories: new Map([["reading", { ...readings, source: { name: "reading", events } }]]) });
    expect(generationWith({ Read, Calibrated })).toBe(generationWith({ Calibrated, Read }));
    // Neither of them is left out.
    expect(new Set([generationWith({ Read, Calibrated }), generationWith({ Read }), generationWith({ Calibrated })]).size).toBe(3);
  });

  it("differs when the code lifts the events differently", () => {
    const Read = upcast(z.object({ celsius: z.number() }), z.object({ value: z.number() }), ({ celsius }) => ({ value: celsius }));
    const lifted = { ...readings, source: { name: "reading", events: { Read } } };
    expect(generation(one, 1, { ...around, categories: new Map([["reading", lifted]]) })).not.toBe(generation(one));
  });
});

describe("a definition in storage", () => {
  it("makes a view even if its categories are gone, or have changed so that it would be refused now", () => {
    const definition: ViewDefinition = { from: "orders", types: ["Gone"], where: "data.qty > 0", indexes: ["qty"], exposed: false };
    const view = viewFrom("v", definition, { categories: new Map(), views: new Map() }, { incarnation: 3, at: 9 });
    expect(view).toMatchObject({ kind: "view", name: "v", key: "id", indexes: [], exposed: false, declaration: { incarnation: 3, at: 9 } });
    expect(view.followed.map(({ name }) => name)).toEqual(["orders"]);
    expect(rowsOf(view, [event("orders/1", { qty: 1 }, "Gone"), event("orders/2", { qty: 0 }, "Gone")]).rows).toEqual([
      { id: "1", qty: 1 },
    ]);
  });

  it("fails at its first event if an expression in it can no longer be read", () => {
    const view = viewFrom("v", { from: "orders", where: "data.qty >" }, around, { incarnation: 1, at: 1 });
    expect(rowsOf(view, [event("orders/1", { qty: 1 })]).failure).toBeInstanceOf(CodeMistake);
  });
});
