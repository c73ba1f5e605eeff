/** The examples that `headspring dev` prints: whatever a schema asks for, they are accepted by it, and they are short. */

import { describe, expect, it } from "vitest";
import * as z from "zod";
import { examplesOf } from "../../../src/cli/dev/example.ts";
import type { JsonSchema } from "../../../src/schemas/json-schema.ts";

const NOW = new Date("2026-11-26T10:20:30Z");
const example = (schema: z.ZodType) => {
  const json = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema;
  return examplesOf(json, "data", NOW)[0];
};

interface Tree {
  name: string;
  children: Tree[];
}
const Tree: z.ZodType<Tree> = z.object({ name: z.string(), children: z.lazy(() => z.array(Tree)) });
interface Chain {
  next?: Chain | undefined;
  value: number;
}
const Chain: z.ZodType<Chain> = z.object({ value: z.int(), next: z.lazy(() => Chain).optional() });

describe("an example is accepted by the schema that it is made from", () => {
  it.each<[what: string, schema: z.ZodType]>([
    [
      "strings with bounds",
      z.object({ short: z.string().max(3), long: z.string().min(30), exact: z.string().length(7), one: z.string().min(1) }),
    ],
    [
      "strings by pattern",
      z.object({ id: z.string().regex(/^[a-z0-9-]{1,64}$/), code: z.string().regex(/^[A-Z]{2}\d{3,}(?:-X|\/[0-9a-f]{4})?$/) }),
    ],
    [
      "a pattern and a length",
      z
        .string()
        .regex(/^[a-z]+$/)
        .min(12)
        .max(12),
    ],
    ["a pattern with alternatives and a lookahead", z.string().regex(/^(?!foo)(?:foo|bar)\.\d+$/)],
    ["a pattern with lookbehind, which the store's own check does not know", z.string().regex(/^data(?<!b)$/)],
    ["a Unicode class", z.string().regex(/^\p{Lu}\p{Ll}+$/u)],
    ["a pattern that is not anchored", z.string().regex(/\d{4}/)],
    [
      "the formats of zod",
      z.object({ email: z.email(), url: z.url(), uuid: z.uuid(), v4: z.uuidv4(), v7: z.uuidv7(), ipv4: z.ipv4(), ipv6: z.ipv6() }),
    ],
    [
      "times",
      z.object({
        at: z.iso.datetime(),
        on: z.iso.date(),
        time: z.iso.time(),
        for: z.iso.duration(),
        offset: z.iso.datetime({ offset: true }),
        local: z.iso.datetime({ local: true }),
      }),
    ],
    [
      "ids",
      z.object({
        ulid: z.ulid(),
        cuid2: z.cuid2(),
        nanoid: z.nanoid(),
        e164: z.e164(),
        b64: z.base64(),
        b64url: z.base64url(),
        host: z.hostname(),
        cidr: z.cidrv4(),
      }),
    ],
    [
      "what begins, ends and contains",
      z.object({ begins: z.string().startsWith("a-"), ends: z.string().endsWith(".pdf"), has: z.string().includes("@@") }),
    ],
    [
      "numbers with bounds",
      z.object({
        positive: z.int().positive(),
        negative: z.number().negative(),
        low: z.int().min(18),
        high: z.int().max(-5),
        open: z.number().gt(0).lt(1),
        narrow: z.number().gt(0.1).lt(0.2),
      }),
    ],
    [
      "multiples",
      z.object({ seven: z.int().multipleOf(7), cents: z.number().multipleOf(0.05).min(2.31), even: z.int().multipleOf(2).min(-9).max(-3) }),
    ],
    [
      "enums, literals, booleans and null",
      z.object({ size: z.enum(["S", "M"]), kind: z.literal("a"), or: z.literal([3, 4]), yes: z.boolean(), none: z.null() }),
    ],
    ["nested objects", z.object({ at: z.object({ street: z.object({ name: z.string(), number: z.int() }) }) })],
    [
      "arrays",
      z.object({
        tags: z.array(z.string()),
        some: z.array(z.int()).min(3),
        none: z.array(z.string()).max(0),
        pair: z.tuple([z.string(), z.int()]),
      }),
    ],
    ["tuples with more", z.tuple([z.string()], z.number())],
    [
      "records",
      z.object({
        any: z.record(z.string(), z.int()),
        known: z.record(z.enum(["a", "b"]), z.boolean()),
        some: z.partialRecord(z.enum(["a", "b"]), z.int()),
      }),
    ],
    [
      "unions",
      z.object({
        one: z.union([z.int(), z.string()]),
        by: z.discriminatedUnion("type", [z.object({ type: z.literal("a"), a: z.int() }), z.object({ type: z.literal("b") })]),
      }),
    ],
    [
      "what may be null, absent or has a default",
      z.object({ a: z.string().nullable(), b: z.string().optional(), c: z.int().default(5), d: z.string().nullish() }),
    ],
    [
      "intersections",
      z.intersection(z.looseObject({ a: z.string(), n: z.number().min(3) }), z.looseObject({ b: z.int(), n: z.number().max(4) })),
    ],
    ["whatever", z.object({ any: z.any(), unknown: z.unknown(), data: z.looseObject({}) })],
    ["itself", Tree],
    ["itself, where that is optional", Chain],
    ["nothing", z.object({})],
    [
      "transformed values, as they are sent",
      z.object({ at: z.string().transform((text) => text.length), n: z.coerce.number<number>().default(3) }),
    ],
    ["a branded id", z.object({ id: z.string().min(1).brand("id") })],
    ["a name like any other", z.object({ ["__proto__"]: z.string(), constructor: z.int() })],
  ])("%s", (_what, schema) => {
    const value = example(schema);
    expect(schema.safeParse(value)).toMatchObject({ success: true });
  });

  it.each<[what: string, schema: JsonSchema, first: unknown]>([
    [
      "references and definitions",
      { $ref: "#/$defs/a~1b", $defs: { "a/b": { type: "object", required: ["x"], properties: { x: { type: "integer" } } } } },
      { x: 1 },
    ],
    [
      "references next to other keywords",
      { $ref: "#/$defs/a", required: ["y"], $defs: { a: { properties: { y: { type: "string" } } } } },
      { y: "y" },
    ],
    [
      "allOf",
      { allOf: [{ properties: { a: { minimum: 3 } }, required: ["a"] }, { properties: { a: { type: "integer", maximum: 9 } } }] },
      { a: 3 },
    ],
    [
      "oneOf of which the first does not fit",
      {
        type: "object",
        required: ["a"],
        properties: { a: { oneOf: [{ type: "integer" }, { minimum: 0, type: "number" }, { type: "string" }] } },
      },
      { a: "a" },
    ],
    ["not", { type: "string", not: { const: "data" }, examples: ["other"] }, "other"],
    [
      "a number of properties that is required",
      { type: "object", minProperties: 2, properties: { a: {}, b: {}, c: {} } },
      { a: "a", b: "b" },
    ],
    [
      "names that match a pattern",
      { type: "object", minProperties: 2, propertyNames: { pattern: "^k" }, additionalProperties: { type: "integer" } },
      { k: 1, "kname-2": 2 },
    ],
    [
      "items that differ",
      { type: "array", minItems: 3, uniqueItems: true, items: { type: "object", required: ["n"], properties: { n: { type: "string" } } } },
      [{ n: "n" }, { n: "n-2" }, { n: "n-3" }],
    ],
    ["type names in a list", { type: ["null", "integer"] }, 1],
    ["true", true, "data"],
  ])("JSON Schema: %s", (_what, schema, first) => {
    expect(examplesOf(schema, "data", NOW)[0]).toEqual(first);
  });
});

describe("an example looks like what a person would send, because it", () => {
  it("names strings after their properties, has 1 and tomorrow, shows one item, and leaves out what is optional", () => {
    const Booking = z.object({
      room: z.string(),
      seats: z.int(),
      from: z.iso.datetime(),
      on: z.iso.date(),
      guests: z.array(z.string()),
      note: z.string().optional(),
    });
    expect(example(Booking)).toEqual({ room: "room", seats: 1, from: "2026-11-28T00:00:00Z", on: "2026-11-28", guests: ["guest"] });
  });

  it("prefers the schema's own examples, as long as the schema accepts them", () => {
    expect(example(z.object({ sku: z.string().meta({ examples: ["apple", "pear"] }), n: z.int().default(10) }))).toEqual({ sku: "apple" });
    expect(example(z.object({ size: z.enum(["S", "M"]).meta({ examples: ["huge"] }) }))).toEqual({ size: "S" });
    expect(examplesOf({ type: "object", examples: [{ whole: true }], properties: { whole: { type: "boolean" } } })[0]).toEqual({
      whole: true,
    });
  });

  it("is short where a schema contains itself, and writes numbers as people do", () => {
    expect(example(Tree)).toEqual({ name: "name", children: [{ name: "name", children: [{ name: "name", children: [] }] }] });
    expect(example(z.number().multipleOf(0.1).min(0.25).max(0.35))).toBe(0.3);
  });

  it("has further forms: with what is optional, and by other alternatives", () => {
    const Change = z.object({ title: z.string().optional(), by: z.union([z.int(), z.object({ id: z.string() })]) });
    expect(examplesOf(z.toJSONSchema(Change) as JsonSchema)).toEqual([
      { by: 1 },
      { title: "title", by: 1 },
      { by: { id: "id" } },
      { title: "title", by: { id: "id" } },
    ]);
  });
});

it.each<[what: string, schema: JsonSchema]>([
  ["nothing is allowed", false],
  ["the bounds exclude each other", { type: "integer", minimum: 5, maximum: 4 }],
  ["it contains itself without an end", { type: "object", required: ["a"], properties: { a: { $ref: "#" } } }],
  ["the pattern is beyond us", { type: "string", pattern: "^\\p{Script=Thai}$" }],
  ["an enumeration is empty", { not: {}, enum: [] }],
  ["it refers to nothing", { $ref: "#/$defs/none" }],
  ["it refers to another document", { $ref: "https://example.com/schema" }],
])("there is no example where %s", (_what, schema) => {
  expect(examplesOf(schema)).toEqual([]);
});
