/** What each keyword of JSON Schema takes and refuses, what is said of what does not fit, and what a check may cost. */

import { describe, expect, it } from "vitest";
import { compileChecker, newEffort } from "../../src/schemas/checker.ts";
import type { JsonSchema } from "../../src/schemas/json-schema.ts";
import { schemaIssues } from "../../src/schemas/schema-check.ts";

/** The issues of a value, which is given as a value or, where JavaScript would say it differently, as JSON text. */
function issues(schema: JsonSchema, data: unknown, effort = newEffort()) {
  expect(schemaIssues(schema)).toEqual([]);
  return compileChecker(schema)(data, JSON.stringify(data), effort);
}
const messages = (schema: JsonSchema, data: unknown) =>
  issues(schema, data).map(({ path, message }) => (path ? `${path}: ${message}` : message));

describe("a value that does not fit is reported with its place, what is expected there, and what was found", () => {
  it.each<[schema: JsonSchema, data: unknown, expected: string[]]>([
    [{ type: "string" }, 7, ["must be a string, got a number"]],
    [{ type: ["integer", "null"] }, 7.5, ["must be a whole number or null, got a fraction"]],
    [{ type: "object" }, [1], ["must be an object, got an array"]],
    [{ properties: { seat: { const: "12A" } } }, { seat: "12B" }, ['seat: must be "12A", got a string']],
    [{ items: { enum: ["out", "return"] } }, ["out", null], ['1: must be one of "out", "return", got null']],
    [{ multipleOf: 0.25 }, 0.3, ["must be a multiple of 0.25, got 0.3"]],
    [{ minimum: 3 }, 2, ["must be at least 3, got 2"]],
    [{ exclusiveMaximum: 3 }, 3, ["must be less than 3, got 3"]],
    [{ minLength: 1 }, "", ["must have at least 1 character, got 0"]],
    [{ maxItems: 2 }, [1, 2, 3], ["must have at most 2 items, got 3"]],
    [{ minProperties: 1 }, {}, ["must have at least 1 property, got 0"]],
    [{ pattern: "^[A-Z]{3}$" }, "Oslo", ["must match the pattern ^[A-Z]{3}$"]],
    [{ format: "date" }, "tomorrow", ['must be of the format "date"']],
    [{ uniqueItems: true }, ["a", { b: 1, c: 2 }, { c: 2, b: 1 }], ["must not repeat an item: items 1 and 2 are the same"]],
    [{ required: ["from", "to", "via"] }, { to: 1 }, ['must have the properties "from", "via"']],
    [{ dependentRequired: { fare: ["currency"] } }, { fare: 9 }, ['must have "currency" because it has "fare"']],
    [{ additionalProperties: false }, { seat: 1 }, ["seat: is not allowed here"]],
    [{ propertyNames: { maxLength: 3 } }, { gate: 1 }, ["gate: the property's name must have at most 3 characters, got 4"]],
    [{ not: { required: ["old"] } }, { old: 1 }, ["must not fit the schema under `not`"]],
    [
      { anyOf: [{ type: "string" }, { properties: { code: { type: "string" } } }] },
      { code: 1 },
      ["must fit one of the alternatives, fits none", "must be a string, got an object", "code: must be a string, got a number"],
    ],
    [{ oneOf: [{ minimum: 1 }, { maximum: 5 }] }, 3, ["must fit exactly one of the alternatives, fits several"]],
    [{ contains: { type: "null" }, minContains: 2 }, [null, 1], ["must have at least 2 of the items that `contains` describes, got 1"]],
    [{ contains: true, maxContains: 1 }, [1, 2], ["must have at most 1 of the items that `contains` describes, got 2"]],
    [{ if: { required: ["a"] }, then: { required: ["b"] } }, { a: 1 }, ['must have the property "b"']],
    [{ allOf: [{ type: "string" }, { type: "string" }] }, 1, ["must be a string, got a number"]],
  ])("%j reports about %j: %j", (schema, data, expected) => expect(messages(schema, data)).toEqual(expected));

  it("up to twenty places in one answer, and only the first one in long data", () => {
    const schema = { items: { type: "string" } };
    expect(issues(schema, Array(50).fill(1))).toHaveLength(20);
    expect(issues(schema, Array(5_000).fill(1))).toEqual([{ path: "0", message: "must be a string, got a number" }]);
  });

  it.each<[schema: JsonSchema, path: string]>([
    [{ allOf: [{ required: ["a"] }, { required: ["b"] }] }, ""],
    [{ propertyNames: { maxLength: 2 } }, "long0"],
    [{ dependentSchemas: { long0: { required: ["a"] }, long1: { required: ["b"] } } }, ""],
    [{ unevaluatedProperties: false }, "long0"],
    [{ additionalProperties: { type: "string" } }, "long0"],
    [{ patternProperties: { "^long": { type: "string" }, "0$": { type: "array" } } }, "long0"],
    [{ properties: { long1: { unevaluatedItems: false, minItems: 9 } } }, "long1"],
    [{ properties: { long2: { unevaluatedItems: false } } }, "long2.0"],
  ])("with its first place only in long data, by %j", (schema, path) => {
    const data = Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`long${n}`, [1, 2]]));
    expect(issues(schema, data).map((issue) => issue.path)).toEqual([path]);
  });
});

describe("a keyword", () => {
  it.each<[schema: JsonSchema, fits: unknown[], doesNot: unknown[]]>([
    [true, [null, {}, 0], []],
    [false, [], [null, {}, 0]],
    [{ type: "integer" }, [1, 1.0, -0, 1e300], [1.5, "1", null, true]],
    [{ type: "number" }, [1.5, 5e-324], ["1", [], null]],
    [{ type: "null" }, [null], [0, "", false, {}]],
    [{ const: { a: [1, { b: null }] } }, [{ a: [1, { b: null }] }], [{ a: [1, { b: 0 }] }, { a: [1] }, "a"]],
    [{ const: 0 }, [0, -0], [false, "0", null, []]],
    [{ enum: ["1", "null", "[1]"] }, ["1", "null", "[1]"], [1, null, [1]]],
    [{ enum: [[1, 2], { a: 1, b: 2 }] }, [[1, 2], { b: 2, a: 1 }], [[2, 1], { a: 1 }, "[1,2]"]],
    [{ multipleOf: 0.1 }, [0.3, 1.1, 4.35e1, 0, -0.7], [0.35, 1e-17]],
    [{ multipleOf: 1e-8 }, [1e-8, 0.00000003, 1e300], [1e-9, 3.5e-8]],
    [{ multipleOf: 1e200 }, [1e300, 0], [1, 1.5e200]],
    // Code may have computed what JSON does not have.
    [{ multipleOf: 2 }, [2], [Infinity, Number.NaN]],
    [{ minLength: 2, maxLength: 2 }, ["ab", "😀😀", "e\u0301"], ["😀", "é", "abc", "\ud83d\ude00"]],
    [{ maxLength: 2 }, ["\ud800\ud800", 12_345, ["abc"]], ["\udc00\ud800x"]],
    [{ pattern: "^😀.$" }, ["😀a", 1], ["😀", "a😀"]],
    [{ minItems: 1, uniqueItems: true }, [[1, "1", true, null, "true"], [[1], [2]], {}], [[], [1, 1.0], [{ a: 1 }, { a: 1 }]]],
    [{ uniqueItems: false }, [[1, 1]], []],
    [{ prefixItems: [{ type: "string" }], items: false }, [[], ["a"], "x"], [[1], ["a", "b"]]],
    [{ items: { type: "string" } }, [[], ["a"], { 0: 1 }], [["a", 1]]],
    [{ contains: { const: 1 }, minContains: 0 }, [[], [2]], []],
    [{ properties: { a: false, b: true } }, [{}, { b: 1 }, [1]], [{ a: 1 }]],
    [{ patternProperties: { "^(x+)+$": { type: "string" }, b$: false } }, [{ xx: "a", c: 1 }], [{ xx: 1 }, { ab: 1 }]],
    [
      { properties: { a: true }, patternProperties: { "^b": true }, additionalProperties: { type: "number" } },
      [{ a: "x", bc: "y", d: 1 }],
      [{ d: "1" }, { ab: "x" }],
    ],
    [{ dependentSchemas: { a: { required: ["b"] } } }, [{}, { b: 1 }, { a: 1, b: 1 }], [{ a: 1 }]],
    [{ if: { type: "number" }, else: { minLength: 1 } }, [0, "a"], [""]],
    [{ then: false, else: false }, [1], []],
    [{ $ref: "#/$defs/a~1b%25c", $defs: { "a/b%c": { type: "string" } } }, ["x"], [1]],
    [{ minimum: 1, minLength: 5, minItems: 5, minProperties: 5, required: ["a"] }, [1, true, null], [0, "a", [], {}]],
  ])("as in %j fits %j and does not fit %j", (schema, fits, doesNot) => {
    for (const data of fits) expect([data, issues(schema, data)]).toEqual([data, []]);
    for (const data of doesNot) expect([data, issues(schema, data).length > 0]).toEqual([data, true]);
  });

  it.each(["__proto__", "constructor", "toString", "hasOwnProperty"])("finds the name %s only if the data itself has it", (name) => {
    const { [name]: text, empty } = JSON.parse(`{"${name}":{"${name}":"x"},"empty":{}}`) as Record<string, unknown>;
    const schema = (keywords: string) => JSON.parse(keywords.replaceAll("NAME", name)) as JsonSchema;
    expect(issues(schema(`{"required":["NAME"]}`), empty)).toHaveLength(1);
    expect(issues(schema(`{"required":["NAME"],"properties":{"NAME":{"type":"string"}},"additionalProperties":false}`), text)).toEqual([]);
    expect(issues(schema(`{"properties":{"NAME":{"type":"number"}}}`), empty)).toEqual([]);
    expect(issues(schema(`{"properties":{"NAME":{"type":"number"}}}`), text)).toMatchObject([{ path: name }]);
    expect(issues(schema(`{"additionalProperties":false}`), text)).toMatchObject([{ path: name }]);
    expect(issues(schema(`{"dependentRequired":{"NAME":["NAME","other"]}}`), empty)).toEqual([]);
    expect(issues(schema(`{"NAME":false}`), text)).toEqual([]);
  });
});

describe("a keyword for members and items that nothing has evaluated", () => {
  const first = { properties: { a: true } };
  it.each<[what: string, schema: JsonSchema, fits: unknown[], doesNot: unknown[]]>([
    [
      "leaves out what the schemas next to it name",
      { allOf: [first], properties: { b: true }, unevaluatedProperties: false },
      [{ a: 1, b: 1 }],
      [{ c: 1 }],
    ],
    ["ignores what a schema next to this one names", { allOf: [first, { unevaluatedProperties: false }] }, [{}], [{ a: 1 }]],
    ["is not what a condition names, for its consequence", { if: first, then: { unevaluatedProperties: false } }, [{}], [{ a: 1 }]],
    [
      "includes what an alternative names that does not fit",
      { anyOf: [{ ...first, required: ["b"] }, true], unevaluatedProperties: false },
      [{}],
      [{ a: 1 }],
    ],
    [
      "leaves out what a reference names",
      { $ref: "#/$defs/first", $defs: { first }, unevaluatedProperties: { type: "number" } },
      [{ a: "x", b: 1 }],
      [{ b: "x" }],
    ],
    [
      "leaves out what a condition names that holds",
      { if: { ...first, required: ["a"] }, unevaluatedProperties: false },
      [{ a: 1 }],
      [{ b: 1 }],
    ],
    ["includes what `not` names", { not: { not: first }, unevaluatedProperties: false }, [{}], [{ a: 1 }]],
    [
      "leaves out what is named deeper down and left over there",
      { allOf: [{ ...first, unevaluatedProperties: true }], unevaluatedProperties: false },
      [{ a: 1, z: 1 }],
      [],
    ],
    [
      "of items leaves out those that `contains` describes",
      { contains: { type: "string" }, unevaluatedItems: { type: "number" } },
      [["a", 1]],
      [["a", null]],
    ],
    [
      "of items leaves out a prefix",
      { anyOf: [{ prefixItems: [true] }, { prefixItems: [true, { const: 1 }] }], unevaluatedItems: false },
      [[0], [0, 1]],
      [[0, 2]],
    ],
  ])("%s", (_what, schema, fits, doesNot) => {
    for (const data of fits) expect([data, issues(schema, data)]).toEqual([data, []]);
    for (const data of doesNot) expect([data, issues(schema, data).length > 0]).toEqual([data, true]);
  });
});

describe("a check costs steps, so that", () => {
  const costly = expect.stringContaining("takes too many steps");
  const chain = (length: number, link: (next: JsonSchema) => JsonSchema): JsonSchema => ({
    $ref: "#/$defs/s0",
    $defs: Object.fromEntries(Array.from({ length }, (_, n) => [`s${n}`, n === length - 1 ? true : link({ $ref: `#/$defs/s${n + 1}` })])),
  });

  it.each<[what: string, link: (next: JsonSchema) => JsonSchema]>([
    ["$ref", (next) => next],
    ["allOf", (next) => ({ allOf: [next] })],
    ["oneOf", (next) => ({ oneOf: [next] })],
    ["not", (next) => ({ not: { not: next } })],
    ["if", (next) => ({ if: next })],
    ["dependentSchemas", (next) => ({ dependentSchemas: { a: next } })],
  ])("schemas that apply each other by %s end before the stack overflows", (_what, link) => {
    expect(issues(chain(100, link), { a: 1 })).toEqual([]);
    expect(issues(chain(600, link), { a: 1 })).toEqual([{ path: "", message: costly }]);
  });

  it("alternatives of alternatives do not fill the memory", () => {
    const schema = chain(18, (next) => ({ anyOf: [next, next] })) as { $defs: Record<string, JsonSchema> };
    expect(issues({ ...schema, $defs: { ...schema.$defs, s17: { const: 1 } } }, 2, { left: Infinity })).toHaveLength(2);
  });

  it.each<[what: string, schema: JsonSchema, data: unknown]>([
    ["a long list without repetitions", { uniqueItems: true }, Array.from({ length: 20_000 }, (_, n) => [n])],
    ["a large enumeration", { items: { enum: Array.from({ length: 2_000 }, (_, n) => `v${n}`) } }, Array(20_000).fill("v1999")],
    ["names that a pattern could match in countless ways", { patternProperties: { "^(a+)+$": true } }, { [`${"a".repeat(1_000)}!`]: 1 }],
    [
      "many alternatives told apart by a constant",
      { items: { oneOf: Array.from({ length: 20 }, (_, n) => ({ const: n })) } },
      Array(2_000).fill(19),
    ],
  ])("an honest check stays within them: %s", (_what, schema, data) => expect(issues(schema, data)).toEqual([]));

  it.each<[what: string, schema: JsonSchema, data: unknown]>([
    [
      "lists the names of a wide object again and again",
      { allOf: Array.from({ length: 500 }, () => ({ minProperties: 1 })) },
      Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [n, 0])),
    ],
    ["reads a long string again and again", { allOf: Array.from({ length: 1_500 }, () => ({ minLength: 1 })) }, "x".repeat(200_000)],
    [
      "writes a value again and again, to compare it",
      { not: { allOf: Array.from({ length: 500 }, () => ({ not: { const: [] } })) } },
      Array.from({ length: 10_000 }, (_, n) => [n]),
    ],
    [
      "collects what was evaluated again and again",
      { anyOf: Array.from({ length: 500 }, () => ({ additionalProperties: true })), unevaluatedProperties: false },
      Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [n, 0])),
    ],
  ])("a hostile one is refused: one that %s", (_what, schema, data) => {
    expect(issues(schema, data)).toEqual([{ path: "", message: costly }]);
  });

  it.each([
    ["longer than 1,024 characters", "n".repeat(1_025), "has more than 1024 characters"],
    ["not well-formed Unicode", "\udfff", "is not well-formed Unicode"],
  ])("a property's name is refused that is %s", (_what, name, message) => {
    expect(issues(true, { within: [{ [name]: 1 }] })).toEqual([{ path: "", message: `a property's name ${message}` }]);
  });
});
