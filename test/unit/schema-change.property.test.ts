import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileChecker, newEffort } from "../../src/schemas/checker.ts";
import type { JsonSchema, SchemaObject } from "../../src/schemas/json-schema.ts";
import { incompatibility } from "../../src/schemas/schema-change.ts";
import { schemaIssues } from "../../src/schemas/schema-check.ts";
import { schema, small, value } from "./json-schema-arbitrary.ts";

/** A schema, and another that differs from it in some places, as an edited one does. */
const edited = fc
  .tuple(schema, fc.array(fc.tuple(fc.nat(12), schema, small), { minLength: 1, maxLength: 30 }))
  .map(([old, edits]) => ({ old, next: edit(old, edits.values()) }));

function edit(node: JsonSchema, edits: Iterator<[number, JsonSchema, number]>): JsonSchema {
  const following = edits.next();
  if (following.done) return node;
  const [what, other, at] = following.value;
  if (what === 0) return other;
  if (typeof node === "boolean") return node;
  const keywords = Object.keys(node);
  if (what === 1) return Object.fromEntries(Object.entries(node).filter(([keyword]) => keyword !== keywords[at]));
  if (what === 2 && typeof other !== "boolean") return { ...node, ...other };
  if (what === 3) return { anyOf: [node, other] };
  if (what === 4)
    return Object.fromEntries(Object.entries(node).map(([keyword, inner]) => [keyword, typeof inner === "number" ? at : inner]));
  if (what === 5 && typeof other !== "boolean") return { ...other, ...node };
  return Object.fromEntries(Object.entries(node).map(([keyword, inner]) => [keyword, editIn(keyword, inner, edits)]));
}

function editIn(keyword: string, inner: unknown, edits: Iterator<[number, JsonSchema, number]>): unknown {
  if (["properties", "patternProperties", "dependentSchemas"].includes(keyword)) {
    return Object.fromEntries(Object.entries(inner as SchemaObject).map(([name, one]) => [name, edit(one as JsonSchema, edits)]));
  }
  if (["prefixItems", "allOf", "anyOf", "oneOf"].includes(keyword)) return (inner as JsonSchema[]).map((one) => edit(one, edits));
  if (["additionalProperties", "propertyNames", "items", "contains", "not", "if", "then", "else"].includes(keyword)) {
    return edit(inner as JsonSchema, edits);
  }
  return inner;
}

function checkerOf(one: JsonSchema): (data: unknown) => boolean {
  const check = compileChecker(one);
  return (data) => check(data, JSON.stringify(data), newEffort()).length === 0;
}

describe("a change that is let through", () => {
  it("keeps every value valid that was valid before", () => {
    let letThrough = 0;
    fc.assert(
      fc.property(edited, fc.array(value, { minLength: 20, maxLength: 40 }), ({ old, next }, values) => {
        if (schemaIssues(old).length > 0 || schemaIssues(next).length > 0 || incompatibility(old, next)) return;
        letThrough++;
        const [before, after] = [checkerOf(old), checkerOf(next)];
        for (const one of values) if (before(one)) expect(after(one), JSON.stringify(one)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
    expect(letThrough).toBeGreaterThan(200);
  }, 60_000);

  it("may always be one that changes nothing", () => {
    fc.assert(
      fc.property(schema, (one) => {
        expect(incompatibility(one, structuredClone(one))).toBeUndefined();
      }),
    );
  });
});
