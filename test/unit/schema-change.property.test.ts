import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileChecker, newEffort } from "../../src/catalog/checker.ts";
import type { JsonSchema, SchemaObject } from "../../src/catalog/json-schema.ts";
import { incompatibility } from "../../src/catalog/schema-change.ts";
import { schemaIssues } from "../../src/catalog/schema-check.ts";

const NAMES = ["a", "b", "ab"];

/** Values from so small a world that schemas of the same world say something about them. */
const value = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthIdentifier: "value" },
    fc.constantFrom<unknown>(null, true, 0, 1, 2, 2.5, 3, "", "a", "bb", [], {}),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...NAMES), tie("value"), { maxKeys: 3 }),
  ),
})).value;

const small = fc.nat(3);
const simple: fc.Arbitrary<JsonSchema> = fc.oneof(
  { weight: 1, arbitrary: fc.boolean() },
  {
    weight: 9,
    arbitrary: fc.record(
      {
        type: fc.oneof(
          fc.constantFrom("null", "boolean", "object", "array", "number", "integer", "string"),
          fc.uniqueArray(fc.constantFrom("null", "object", "array", "number", "integer", "string"), { minLength: 1, maxLength: 3 }),
        ),
        enum: fc.array(value, { minLength: 1, maxLength: 3 }),
        const: value,
        minimum: small,
        exclusiveMaximum: small,
        maximum: small,
        multipleOf: fc.constantFrom(1, 2, 0.5),
        minLength: small,
        maxLength: small,
        pattern: fc.constantFrom("a", "^b+$"),
        minItems: small,
        maxItems: small,
        uniqueItems: fc.boolean(),
        required: fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: 2 }),
        dependentRequired: fc.dictionary(fc.constantFrom(...NAMES), fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: 2 })),
        minProperties: small,
        title: fc.constant("an annotation"),
      },
      { requiredKeys: [] },
    ),
  },
);

const schema = fc.letrec<{ schema: JsonSchema }>((tie) => {
  const one = tie("schema");
  const list = (maxLength: number) => fc.array(one, { minLength: 1, maxLength });
  const map = (...names: string[]) => fc.dictionary(fc.constantFrom(...names), one, { maxKeys: 2 });
  const structures: Record<string, fc.Arbitrary<unknown>>[] = [
    { properties: map(...NAMES), additionalProperties: one },
    { properties: map(...NAMES), patternProperties: map("^a", "b$"), additionalProperties: fc.boolean() },
    { properties: map(...NAMES), required: fc.constant(["a"]), unevaluatedProperties: fc.boolean() },
    { propertyNames: one, dependentSchemas: map(...NAMES) },
    { prefixItems: list(2), items: one },
    { contains: one, minContains: small, maxContains: small },
    { allOf: list(2), not: one },
    { anyOf: list(3) },
    { oneOf: list(3) },
    { if: one, then: one, else: one },
  ];
  return {
    schema: fc.oneof(
      { maxDepth: 3, depthIdentifier: "schema" },
      simple,
      fc
        .tuple(simple, fc.oneof(...structures.map((structure) => fc.record(structure, { requiredKeys: [] }))))
        .map(([plain, structure]) => (typeof plain === "boolean" ? structure : { ...plain, ...structure })),
    ),
  };
}).schema;

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
  it("leaves every value valid that was valid before", () => {
    let letThrough = 0;
    fc.assert(
      fc.property(edited, fc.array(value, { minLength: 20, maxLength: 40 }), ({ old, next }, values) => {
        if (schemaIssues(old).length > 0 || schemaIssues(next).length > 0 || incompatibility(old, next)) return;
        letThrough++;
        const [before, after] = [checkerOf(old), checkerOf(next)];
        for (const one of values) if (before(one)) expect(after(one), JSON.stringify(one)).toBe(true);
      }),
      { numRuns: Number(process.env.RUNS ?? 2_000) },
    );
    expect(letThrough).toBeGreaterThan(200);
  });

  it("is at least the one that changes nothing", () => {
    fc.assert(
      fc.property(schema, (one) => {
        expect(incompatibility(one, structuredClone(one))).toBeUndefined();
      }),
    );
  });
});
