/** JSON values and JSON Schemas for property tests: of so small a world that the schemas say something about the values. */

import fc from "fast-check";
import type { JsonSchema } from "../../src/schemas/json-schema.ts";

const NAMES = ["a", "b", "ab"];

export const value = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthIdentifier: "value" },
    fc.constantFrom<unknown>(null, true, 0, 1, 2, 2.5, 3, "", "a", "bb", [], {}),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...NAMES), tie("value"), { maxKeys: 3 }),
  ),
})).value;

export const small = fc.nat(3);
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

export const schema = fc.letrec<{ schema: JsonSchema }>((tie) => {
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
