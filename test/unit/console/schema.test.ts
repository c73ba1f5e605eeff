/** What the console's forms begin with, for schemas as they are and as somebody hostile declares them. */

import { describe, expect, it } from "vitest";
import { type Schema, beginning, choicesOf, isOf, membersOf, resolved } from "../../../console/parts/schema.ts";
import { compileChecker, newEffort } from "../../../src/schemas/checker.ts";

function begin(schema: Schema): unknown {
  return beginning(schema, schema);
}

describe("the value that a form begins with", () => {
  it.each<[string, Schema]>([
    ["required members", { type: "object", required: ["a"], properties: { a: { type: "string" }, b: { type: "string" } } }],
    [
      "numbers with bounds",
      {
        type: "object",
        required: ["n", "m"],
        properties: { n: { minimum: 7, type: "integer" }, m: { type: "number", exclusiveMinimum: 2 } },
      },
    ],
    ["lists that need an item", { type: "array", minItems: 1, items: { $ref: "#/$defs/line" }, $defs: { line: { enum: ["x", "y"] } } }],
    ["alternatives", { oneOf: [{ type: "object", required: ["kind"], properties: { kind: { const: "a" } } }, { type: "null" }] }],
    [
      "parts in allOf",
      {
        allOf: [
          { type: "object", required: ["a"], properties: { a: { type: "boolean" } } },
          { required: ["b"], properties: { b: { default: 3 } } },
        ],
      },
    ],
    [
      "a member called __proto__",
      JSON.parse('{"type":"object","required":["__proto__"],"properties":{"__proto__":{"type":"integer"}}}') as Schema,
    ],
    [
      "a member called __proto__ in allOf",
      JSON.parse(
        '{"allOf":[{"type":"object","required":["a","__proto__"],"properties":{"a":{},"__proto__":{"type":"integer"}}}]}',
      ) as Schema,
    ],
    ["types in a list", { type: ["string", "null"] }],
  ])("fits a schema with %s", (_what, schema) => {
    const value = begin(schema);
    expect(compileChecker(schema)(value, JSON.stringify(value), newEffort())).toEqual([]);
  });

  it.each<[string, Schema]>([
    ["that is itself", { $ref: "#" }],
    ["that must contain itself", { type: "object", required: ["child"], properties: { child: { $ref: "#" } } }],
    ["whose first alternative is itself", { anyOf: [{ $ref: "#" }, { type: "string" }] }],
    ["whose only alternative is itself", { oneOf: [{ $ref: "#" }] }],
    ["whose parts are itself", { allOf: Array.from({ length: 50 }, () => ({ $ref: "#" })) }],
    ["whose items are itself", { type: "array", minItems: 3, items: { $ref: "#" } }],
    ["with references to nothing", { $ref: "#/$defs/none", allOf: [{ $ref: "elsewhere" }] }],
    ["with references to values that are not schemas", { $ref: "#/enum/0", allOf: [{ $ref: "#/%" }], enum: [null] }],
    ["with keywords of other kinds", { type: "object", required: "a", properties: [], enum: {}, pattern: "(" }],
  ])("ends for a schema %s", (_what, schema) => {
    const value = begin(schema);
    expect(JSON.stringify(value ?? null).length).toBeLessThan(1_000);
    const whole = resolved(schema, schema);
    for (const one of choicesOf(whole, schema) ?? [whole]) expect(isOf(one, value, schema)).toBeTypeOf("boolean");
    expect(membersOf(whole, schema).length).toBeLessThan(10);
  });
});
