import { describe, expect, it } from "vitest";
import * as z from "zod";
import { category, upcast, view } from "../../../src/index.ts";
import { quoted } from "../../../src/definitions/views/sql-words.ts";
import { tableOf } from "../../../src/rows/table.ts";
import type { RowSchema } from "../../../src/definitions/views/named-query.ts";

const reading = category("reading", { events: { Read: z.object({ value: z.number() }), Gone: z.object({}) } });
const sensor = category("sensor", { events: { Read: z.object({ value: z.number() }), Gone: z.object({}) } });

/** The column that a field of this schema gets. */
function columnOf(field: RowSchema["shape"][string]) {
  const { columns } = tableOf(view("any", { from: reading, row: z.object({ id: z.string(), field }), key: "id", on: {} }));
  return columns.find(({ name }) => name === "field");
}

describe("a column's kind", () => {
  it.each([
    ["text", "z.string()", z.string()],
    ["text", "z.string().min(1)", z.string().min(1)],
    ["text", "z.iso.datetime()", z.iso.datetime()],
    ["text", "z.uuid()", z.uuid()],
    ["text", "z.enum", z.enum(["a", "b"])],
    ["text", "z.literal of a string", z.literal("a")],
    ["text", "z.literal of strings", z.literal(["a", "b"])],
    ["text", "z.enum().nullable()", z.enum(["a", "b"]).nullable()],
    ["text", "a union of strings", z.union([z.literal("a"), z.literal("b")])],
    ["text", "z.string().optional()", z.string().optional()],
    ["text", "z.string().nullable()", z.string().nullable()],
    ["text", "z.string().nullish()", z.string().nullish()],
    ["text", "z.string().default()", z.string().default("x")],
    ["integer", "z.int()", z.int()],
    ["integer", "z.number().int()", z.number().int()],
    ["integer", "z.int().positive()", z.int().positive()],
    ["integer", "z.int().nullable()", z.int().nullable()],
    ["real", "z.number()", z.number()],
    ["real", "z.number().min(0)", z.number().min(0)],
    ["real", "z.number().nullish()", z.number().nullish()],
    ["boolean", "z.boolean()", z.boolean()],
    ["boolean", "z.boolean().optional()", z.boolean().optional()],
    ["boolean", "z.boolean().nullable()", z.boolean().nullable()],
    ["json", "z.array()", z.array(z.int())],
    ["json", "z.object()", z.object({ a: z.int() })],
    ["json", "z.record()", z.record(z.string(), z.int())],
    ["json", "z.tuple()", z.tuple([z.int(), z.string()])],
    ["json", "z.array().nullable()", z.array(z.int()).nullable()],
    ["json", "a union of two kinds", z.union([z.string(), z.int()])],
    ["json", "z.literal of two kinds", z.literal(["a", 1])],
    ["json", "z.json()", z.json()],
    ["json", "z.null()", z.null()],
  ])("is %s for %s", (kind, _spelling, schema) => expect(columnOf(schema)?.kind).toBe(kind));
});

describe("an empty column", () => {
  it("reads as null if the schema allows null, and as a missing field if it does not", () => {
    const row = z.object({ id: z.string(), nullable: z.string().nullable(), optional: z.string().optional(), nullish: z.int().nullish() });
    const table = tableOf(view("empty", { from: reading, row, key: "id", on: {} }));
    expect(table.fromSql({ id: "1", nullable: null, optional: null, nullish: null })).toEqual({ id: "1", nullable: null, nullish: null });
  });

  it("differs from zero, false and the empty string", () => {
    const row = z.object({ id: z.string(), text: z.string().optional(), number: z.number().optional(), flag: z.boolean().optional() });
    const table = tableOf(view("zero", { from: reading, row, key: "id", on: {} }));
    expect(table.fromSql({ id: "", text: "", number: 0, flag: 0 })).toEqual({ id: "", text: "", number: 0, flag: false });
  });
});

describe("a JSON column", () => {
  it("without valid JSON, in a table that did not check it, is read as it is: a page of such rows does not fail", () => {
    const row = z.object({ id: z.string(), list: z.array(z.string()) });
    const table = tableOf(view("unchecked", { from: reading, row, key: "id", on: {} }));
    expect(table.fromSql({ id: "1", list: "not json" })).toEqual({ id: "1", list: "not json" });
  });
});

describe("a view's table", () => {
  const row = z.object({ id: z.string(), value: z.number(), tags: z.array(z.string()) });
  const base = {
    from: [reading, sensor],
    row,
    key: "id",
    indexes: ["value"],
    on: { Read: () => ({ id: "1", value: 1, tags: [] }), Gone: () => null },
  } as const;
  const generation = (change: object = {}) => tableOf(view("v", { ...base, ...change })).generation;

  it("is the same for the same definition, in every isolate", () => {
    expect(generation()).toMatch(/^[0-9a-f]{12}$/);
    expect(generation()).toBe(generation());
  });

  it.each([
    ["a column", { row: row.extend({ note: z.string().optional() }) }],
    ["a column's type", { row: row.extend({ value: z.int() }) }],
    ["a column's need", { row: row.extend({ value: z.number().optional() }) }],
    ["a column's null", { row: row.extend({ value: z.number().nullable() }) }],
    ["the indexes", { indexes: [] }],
    ["a handler's code", { on: { ...base.on, Read: () => ({ id: "1", value: 2, tags: [] }) } }],
    ["which rows an event touches", { on: { ...base.on, Read: { at: () => "1", fold: base.on.Read } } }],
    ["the events it handles", { on: { Read: base.on.Read } }],
    ["whose events it folds", { from: reading }],
    ["its revision", { revision: 2 }],
  ])("differs when %s changes", (_what, change) => expect(generation(change)).not.toBe(generation()));

  it("differs when the key changes", () => {
    const twoKeys = { from: reading, row: z.object({ a: z.string(), b: z.string() }), on: {} };
    expect(tableOf(view("v", { ...twoKeys, key: "a" })).generation).not.toBe(tableOf(view("v", { ...twoKeys, key: "b" })).generation);
  });

  it.each([
    ["its description", { description: "other words" }],
    ["the order of its followed", { from: [sensor, reading] }],
  ])("stays the same when %s changes", (_what, change) => expect(generation(change)).toBe(generation()));

  it("has the view's exact name in its own: to SQLite, names that differ only by case are the same", () => {
    const [one, other] = ["Totals", "totals"].map((name) => tableOf(view(name, base)).name);
    expect(one?.toLowerCase()).not.toBe(other?.toLowerCase());
  });

  it("differs when the meaning of its events' earlier versions changes, and only then", () => {
    const [v1, v2] = [z.object({ value: z.number() }), z.object({ value: z.number(), unit: z.string() })];
    const of = (read: z.ZodType<{ value: number }>, gone: z.ZodType<object> = z.object({})) =>
      tableOf(view("v", { ...base, from: category("reading", { events: { Read: read, Gone: z.object({}), Other: gone as never } }) }))
        .generation;
    const once = upcast(v1, v2, (old) => ({ ...old, unit: "°C" }));
    const lifted = of(once);
    expect(lifted).not.toBe(of(v1));
    expect(of(upcast(v1, v2, (old) => ({ ...old, unit: "K" })))).not.toBe(lifted);
    expect(of(upcast(once, v2, (old) => ({ ...old, value: old.value * 100 })))).not.toBe(lifted);
    expect(of(upcast(v1, v2, (old) => ({ ...old, unit: "°C" })))).toBe(lifted);
    // Its type is one that the view does not handle.
    expect(
      of(
        v1,
        upcast(v1, v2, (old) => ({ ...old, unit: "K" })),
      ),
    ).toBe(of(v1));
  });

  it("differs when a key function changes", () => {
    const at = (key: () => string) => generation({ on: { Read: { at: key, fold: () => ({ id: "1", value: 1, tags: [] }) } } });
    expect(at(() => "one")).not.toBe(at(() => "other"));
    expect(at(() => "one")).toBe(at(() => "one"));
  });

  it("depends on the revision instead of the handlers' code when there is one", () => {
    const changed = { Read: () => ({ id: "1", value: 2, tags: [] }), Gone: () => null };
    expect(generation({ revision: 1, on: changed })).toBe(generation({ revision: 1 }));
    expect(generation({ revision: 2, on: changed })).not.toBe(generation({ revision: 1 }));
  });

  it("is strict, keyed by store and key, with one index for each declared one", () => {
    const { name, schema, generation } = tableOf(view("v", base));
    expect(name).toBe(`"view_v_${generation}"`);
    expect(schema).toEqual([
      `CREATE TABLE IF NOT EXISTS ${name} (_store TEXT NOT NULL, "id" TEXT NOT NULL, ` +
        `"value" REAL NOT NULL CONSTRAINT "value is a number" CHECK (abs("value") <= 1.7976931348623157e+308), ` +
        `"tags" TEXT NOT NULL CONSTRAINT "tags is JSON" CHECK (json_valid("tags")), PRIMARY KEY (_store, "id")) STRICT, WITHOUT ROWID`,
      `CREATE INDEX IF NOT EXISTS "view_v_${generation}_value" ON ${name} (_store, "value")`,
      expect.stringContaining(`INSERT OR IGNORE INTO headspring_generations`),
    ]);
  });
});

describe("a quoted name", () => {
  it.each([
    ["ready-orders", '"ready-orders"'],
    ["select", '"select"'],
    ['a"b', '"a""b"'],
    ['"; DROP TABLE x; --', '"""; DROP TABLE x; --"'],
    ["", '""'],
  ])("of %s is %s", (name, text) => expect(quoted(name)).toBe(text));
});
