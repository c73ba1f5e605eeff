/** JSON Schemas as the page of the HTTP API shows them: in words, and by an example. */

import { describe, expect, it } from "vitest";
import { componentOf, demandsOf, exampleOf, notationOf } from "../../src/http/openapi/notation.ts";
import type { JsonSchema } from "../../src/http/openapi/schema.ts";

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const components: Record<string, JsonSchema> = {
  Amount: { type: "integer", minimum: 5 },
  Tree: { type: "object", properties: { children: { type: "array", items: ref("Tree") } }, required: ["children"] },
};

describe("a schema in words", () => {
  it.each<[schema: JsonSchema, notation: string]>([
    [ref("Amount"), "Amount"],
    [{ $ref: "#/elsewhere" }, "unknown"],
    [{ const: "a" }, `"a"`],
    [{ enum: ["a", 1] }, `"a" | 1`],
    [{ anyOf: [{ type: "string" }, { type: "null" }] }, "string | null"],
    [{ allOf: [ref("Amount")], properties: { a: { type: "string" } }, required: ["a"] }, "Amount & {\n  a: string\n}"],
    [{ allOf: [ref("Amount"), ref("Tree")] }, "Amount & Tree"],
    [{ type: "array", items: { type: "string" } }, "string[]"],
    [{ type: "array", items: { enum: ["a", "b"] } }, `("a" | "b")[]`],
    [{ type: "object", properties: { a: { type: "integer", minimum: 1 } } }, "{\n  a?: integer  // minimum 1\n}"],
    [{ type: "object", additionalProperties: { type: "number" } }, "{ [name]: number }"],
    [{ type: "object", additionalProperties: false }, "{}"],
    [{ type: ["string", "null"] }, "string | null"],
    [{}, "any"],
  ])("%j is %s", (schema, notation) => expect(notationOf(schema)).toBe(notation));

  it("has what the schema demands, and leaves out what demands nothing", () => {
    const schema = { description: "how many", maximum: Number.MAX_SAFE_INTEGER, minimum: 1, pattern: "^a" };
    expect(demandsOf(schema)).toBe("how many; minimum 1; matches ^a");
    expect(demandsOf({ format: "date-time", pattern: "^2" })).toBe("format date-time");
  });
});

describe("an example of a schema", () => {
  it.each<[schema: JsonSchema, example: unknown]>([
    [ref("Amount"), 5],
    [ref("Nothing"), "text"],
    [{ type: "integer", default: 7 }, 7],
    [{ const: "a" }, "a"],
    [{ enum: ["b", "a"] }, "b"],
    [{ type: "string", examples: ["e"] }, "e"],
    [{ oneOf: [{ type: "boolean" }, { type: "string" }] }, true],
    [{ type: "null" }, null],
    [{ type: "number", exclusiveMinimum: 2 }, 3],
    [{ type: "string", format: "date-time" }, "2026-11-21T06:00:00Z"],
    [{ type: "array" }, ["text"]],
    [{ type: "object", properties: { a: { type: "boolean" }, b: {} }, required: ["a"] }, { a: true }],
  ])("%j: %j", (schema, example) => expect(exampleOf(schema, components)).toEqual(example));

  it("ends where a schema refers to itself", () => {
    expect(JSON.stringify(exampleOf(ref("Tree"), components)).length).toBeLessThan(200);
  });
});

it("a reference may lead into a component", () => {
  expect([componentOf("#/components/schemas/Tree/properties/children"), componentOf("#/paths")]).toEqual(["Tree", undefined]);
});
