import { describe, expect, it } from "vitest";
import type { JsonSchema } from "../../src/schemas/json-schema.ts";
import { incompatibility } from "../../src/schemas/schema-change.ts";
import { schemaIssues } from "../../src/schemas/schema-check.ts";

/** The outcome of a change to a schema: compared once both have been found to be valid. */
function change(old: JsonSchema, next: JsonSchema) {
  expect([schemaIssues(old), schemaIssues(next)]).toEqual([[], []]);
  return incompatibility(old, next);
}

const closed = (properties: Record<string, JsonSchema>, more: object = {}): JsonSchema => ({
  type: "object",
  properties,
  additionalProperties: false,
  ...more,
});
const open = (properties: Record<string, JsonSchema>, more: object = {}): JsonSchema => ({ type: "object", properties, ...more });
const text = { type: "string" };
const number = { type: "number" };
const kind = (name: string, more: object = {}) => ({ type: "object", properties: { kind: { const: name }, ...more }, required: ["kind"] });
const tree = (leaf: JsonSchema): JsonSchema => ({
  $ref: "#/$defs/node",
  $defs: {
    node: {
      type: "object",
      properties: { leaf, children: { type: "array", items: { $ref: "#/$defs/node" } } },
      additionalProperties: false,
    },
  },
});

describe("a change that keeps old events valid is let through", () => {
  it.each<[what: string, old: JsonSchema, next: JsonSchema]>([
    [
      "annotations",
      open({ a: { ...text, title: "A" } }, { description: "x" }),
      open({ a: { ...text, examples: ["b"] } }, { "x-owner": "us" }),
    ],
    ["keywords in another order", { type: "object", required: ["a"] }, { required: ["a"], type: "object" }],
    ["a new optional property, where additional ones were not allowed", closed({ a: text }), closed({ a: text, b: number })],
    ["a new optional property that accepts anything", open({ a: text }), open({ a: text, b: true })],
    [
      "a new optional property, where additional ones were of its type",
      open({}, { additionalProperties: text }),
      open({ b: text }, { additionalProperties: text }),
    ],
    ["a property that is no longer required", closed({ a: text }, { required: ["a"] }), closed({ a: text })],
    ["additional properties allowed", closed({ a: text }), open({ a: text })],
    [
      "additional properties of a type allowed, that the old ones have",
      closed({ a: text, b: number }),
      closed({ a: text }, { additionalProperties: number }),
    ],
    ["a wider enumeration", { enum: ["a", "b"] }, { enum: ["c", "b", "a"] }],
    ["one value becoming several", { const: "a" }, { enum: ["a", "b"] }],
    ["values becoming a type", { enum: ["a", 1] }, { type: ["string", "integer"] }],
    ["values that match a pattern", { enum: ["a1", "b2"] }, { pattern: "^[a-z]\\d$" }],
    ["a wider type", { type: "integer" }, { type: "number" }],
    ["one type more", text, { type: ["string", "null"] }],
    ["lower and higher bounds", { minimum: 1, maximum: 9 }, { minimum: 0, maximum: 10 }],
    ["bounds that were excluded", { exclusiveMinimum: 0, exclusiveMaximum: 9 }, { minimum: 0, maximum: 9 }],
    ["a bound on another type of value", text, { type: "string", minimum: 5, minItems: 3 }],

    ["longer strings and lists", { maxLength: 5, minItems: 2 }, { maxLength: 6, minItems: 1 }],
    ["a pattern and a format that are gone", { pattern: "a", format: "email" }, {}],
    ["a format that means nothing", text, { type: "string", format: "colour" }],
    ["items of a wider type", { items: { type: "integer" } }, { items: number }],
    ["a longer tuple becoming a list", { prefixItems: [text, number], items: false }, { items: { type: ["string", "number"] } }],
    ["a schema becoming one of several", text, { anyOf: [number, text] }],
    ["one alternative more", { anyOf: [text, number] }, { anyOf: [{ type: "null" }, number, text] }],
    ["types becoming alternatives", { type: ["string", "null"] }, { anyOf: [text, { type: "null" }] }],
    ["one kind more, told apart by a property", { oneOf: [kind("a"), kind("b")] }, { oneOf: [kind("a"), kind("b"), kind("c")] }],
    ["a part moved to a definition", open({ a: text }), { ...(open({ a: { $ref: "#/$defs/t" } }) as object), $defs: { t: text } }],
    [
      "a part moved into allOf",
      open({ a: text }, { required: ["a"] }),
      { allOf: [{ type: "object" }, { required: ["a"] }, { properties: { a: text } }] },
    ],
    ["a schema that refers to itself, with wider leaves", tree({ type: "integer" }), tree(number)],

    ["something never accepted becoming anything", open({ a: false }), open({ a: number })],
    ["everything forgotten", closed({ a: text }), true],
    ["an excluded minimum below the one that was included", { minimum: 1 }, { exclusiveMinimum: 0 }],
    ["an excluded minimum that stays", { exclusiveMinimum: 1, maximum: 1 }, { exclusiveMinimum: 1 }],
    ["an excluded maximum that stays", { exclusiveMaximum: 1, minimum: 1 }, { exclusiveMaximum: 1 }],
    ["an excluded maximum above the one that was included", { maximum: 1 }, { exclusiveMaximum: 2 }],

    ["a format that stays", { format: "email", minLength: 1 }, { format: "email" }],
    ["something forbidden that stays forbidden", { not: text, minimum: 1 }, { not: { ...text, title: "no strings" } }],

    [
      "a reference to an anchor instead of a pointer",
      { $ref: "#/$defs/t", $defs: { t: text } },
      { $ref: "#t", $defs: { t: { ...text, $anchor: "t" } } },
    ],

    ["items that stay all different", { uniqueItems: true, maxItems: 2 }, { uniqueItems: true }],

    ["alternatives that overlap, and stay", { oneOf: [text, { minLength: 1 }], minLength: 1 }, { oneOf: [text, { minLength: 1 }] }],

    ["a choice of types that exclude each other", { type: ["string", "number"] }, { oneOf: [text, number] }],
    ["unevaluated properties allowed", {}, { unevaluatedProperties: true }],
  ])("%s", (_what, old, next) => {
    expect(change(old, next)).toBeUndefined();
  });
});

describe("a change that would keep old events valid is refused all the same where a keyword has to stay exactly the same or be removed", () => {
  it.each<[what: string, old: JsonSchema, next: JsonSchema, path: string]>([
    ["a coarser multiple becoming a finer one", { multipleOf: 6 }, { multipleOf: 3 }, "#/multipleOf"],
    [
      "names of properties that stay as they are",
      { propertyNames: { maxLength: 5 } },
      { propertyNames: { maxLength: 6 } },
      "#/propertyNames",
    ],
    ["fewer required items", { contains: text, minContains: 2 }, { contains: text }, "#/contains"],
    ["a condition with a wider consequence", { if: text, then: { maxLength: 3 } }, { if: text, then: { maxLength: 4 } }, "#/if"],
    ["whole numbers expressed in another way", { type: "integer" }, { type: "integer", multipleOf: 1 }, "#/multipleOf"],
    ["a condition without a consequence", {}, { if: text }, "#/if"],
    ["a condition with a wider alternative", { if: text, else: { minimum: 2 } }, { if: text, else: { minimum: 1 } }, "#/if"],
    [
      "a pattern of properties that matches more",
      { patternProperties: { "^x": { type: "integer" } } },
      { patternProperties: { "^x": number } },
      "#/patternProperties",
    ],
    [
      "a pattern of properties that matches those that had names",
      closed({ xa: text, b: number }),
      closed({ xa: text, b: number }, { patternProperties: { "^x": text } }),
      "#/additionalProperties",
    ],
    [
      "properties that had names becoming a pattern of them",
      closed({ xa: text }),
      { ...(closed({}, { patternProperties: { "^x": text } }) as object) },
      "#/additionalProperties",
    ],
    [
      "a pattern of properties becoming all additional ones",
      closed({}, { patternProperties: { "^x": text } }),
      open({}, { additionalProperties: text }),
      "#/additionalProperties/type",
    ],
    ["a list that was never longer", { prefixItems: [text], maxItems: 1 }, { prefixItems: [text], items: false }, "#/items"],
    [
      "what depends on a property accepting more",
      { dependentSchemas: { a: { maxLength: 1, required: ["b", "c"] } } },
      { dependentSchemas: { a: { required: ["b"] } } },
      "#/dependentSchemas",
    ],
    ["as many items of a kind, or more", { contains: text, maxContains: 2, minItems: 1 }, { contains: text, maxContains: 3 }, "#/contains"],
    ["items that are no longer required", {}, { contains: text, minContains: 0 }, "#/contains"],
    [
      "a property that matched a pattern gets a name",
      { patternProperties: { "^x": text } },
      { properties: { xa: text }, patternProperties: { "^x": text } },
      "#/properties/xa",
    ],
  ])("%s", (_what, old, next, path) => {
    expect(change(old, next)).toMatchObject({ path });
  });

  it.each<[what: string, schema: JsonSchema]>([
    ["multipleOf", { multipleOf: 6 }],
    ["pattern", { pattern: "^a" }],
    ["format", { format: "email" }],
    ["uniqueItems", { uniqueItems: true }],
    ["not", { not: { required: ["a"] } }],
    ["if", { if: { required: ["a"] }, then: { required: ["b"] } }],
    ["contains", { contains: text, maxContains: 3 }],
    ["patternProperties", { patternProperties: { "^x": { type: "integer" } }, additionalProperties: false }],
    ["propertyNames", { propertyNames: { maxLength: 5 } }],
    ["dependentRequired", { dependentRequired: { a: ["b"] } }],
    ["dependentSchemas", { dependentSchemas: { a: { required: ["b"] } } }],
    ["unevaluatedProperties", { properties: { a: text }, unevaluatedProperties: false }],
    ["oneOf", { oneOf: [text, { minLength: 1 }] }],
  ])("as %s does, which may stay along with another change, or be removed", (keyword, schema) => {
    const within = (one: JsonSchema, maxItems: number) => ({
      type: "array",
      items: { title: `${maxItems}`, ...(one as object) },
      maxItems,
    });
    expect(change(within(schema, 3), within(schema, 4))).toBeUndefined();
    expect(change(within({}, 3), within(schema, 4))).toMatchObject({ path: expect.stringMatching(`^#/items/(${keyword}|properties/a)`) });
    const { additionalProperties: _, [keyword]: __, ...gone } = schema as Record<string, unknown>;
    expect(change(schema, gone)).toBeUndefined();
  });
});

describe("a change that could make an old event invalid is refused, with the place and the reason", () => {
  it.each<[what: string, old: JsonSchema, next: JsonSchema, path: string, reason: string]>([
    [
      "a new required property",
      closed({ a: text }),
      closed({ a: text, b: text }, { required: ["b"] }),
      "#/required",
      '"b" was not required',
    ],
    [
      "a new property, where additional ones were allowed",
      open({ a: text }),
      open({ a: text, b: text }),
      "#/properties/b",
      "additional properties were allowed",
    ],
    [
      "a property that is gone, where there are no additional ones",
      closed({ a: text, b: text }),
      closed({ a: text }),
      "#/additionalProperties",
      '"b" was allowed',
    ],
    [
      "additional properties forbidden",
      open({ a: text }),
      closed({ a: text }),
      "#/additionalProperties",
      "additional properties were allowed",
    ],
    ["a narrower enumeration", { enum: ["a", "b"] }, { enum: ["a"] }, "#", 'it accepted "b" before'],
    ["a type becoming values", text, { enum: ["a"] }, "#/enum", "it accepted other values"],
    ["another type", open({ a: text }), open({ a: number }), "#/properties/a/type", "it accepted string before"],
    ["a narrower type", number, { type: "integer" }, "#/type", "it accepted number before"],
    ["a type where there was none", {}, { type: "object" }, "#/type", "it accepted null, boolean"],
    ["a higher minimum", { minimum: 0 }, { minimum: 1 }, "#/minimum", "it allowed less"],
    ["a minimum that is excluded now", { minimum: 0 }, { exclusiveMinimum: 0 }, "#/exclusiveMinimum", "it allowed less"],
    ["a lower maximum", { exclusiveMaximum: 9 }, { maximum: 8 }, "#/maximum", "it allowed more"],
    ["a maximum that is excluded now", { maximum: 9 }, { exclusiveMaximum: 9 }, "#/exclusiveMaximum", "it allowed more"],
    ["a coarser multiple", { multipleOf: 3 }, { multipleOf: 6 }, "#/multipleOf", "must stay exactly the same, or be removed"],
    ["shorter strings", { maxLength: 5 }, { maxLength: 4 }, "#/maxLength", "it allowed more"],
    ["no items at all", { maxItems: 1 }, { maxItems: 0 }, "#/maxItems", "it allowed more"],
    ["a minimum of 0", { minimum: -1 }, { minimum: 0 }, "#/minimum", "it allowed less"],
    ["at least some items", { type: "array" }, { type: "array", minItems: 1 }, "#/minItems", "it allowed less"],
    [
      "items that are all different",
      { items: text },
      { items: text, uniqueItems: true },
      "#/uniqueItems",
      "must stay exactly the same, or be removed",
    ],
    ["another pattern", { pattern: "a" }, { pattern: "a|b" }, "#/pattern", "must stay exactly the same, or be removed"],
    ["a format", text, { type: "string", format: "email" }, "#/format", "must stay exactly the same, or be removed"],
    ["items of a narrower type", { items: number }, { items: { type: "integer" } }, "#/items/type", "it accepted number"],
    ["items of a type where there was none", { type: "array" }, { items: text }, "#/items/type", "items could have any value"],
    [
      "a tuple whose place changes its type",
      { prefixItems: [text] },
      { prefixItems: [number] },
      "#/prefixItems/0/type",
      "it accepted string",
    ],
    [
      "a tuple that is closed, with more before",
      { prefixItems: [text, text] },
      { prefixItems: [text], items: false },
      "#/items",
      "items could have any value",
    ],
    ["an alternative that is gone", { anyOf: [text, number] }, { anyOf: [text] }, "#/anyOf", "none of its alternatives"],
    ["alternatives that overlap", { oneOf: [text] }, { oneOf: [text, { minLength: 1 }] }, "#/oneOf", "may overlap"],
    ["a kind that is gone", { oneOf: [kind("a"), kind("b")] }, { oneOf: [kind("a")] }, "#/oneOf", "none of its alternatives"],
    ["something forbidden", {}, { not: text }, "#/not", "must stay exactly the same"],
    ["everything forbidden", { minItems: 1 }, { not: true }, "#/not", "must stay exactly the same, or be removed"],
    ["a consequence of no condition", { minItems: 1 }, { if: true, then: false }, "#/if", "must stay exactly the same, or be removed"],
    [
      "fewer items of any kind",
      { contains: true, maxContains: 1 },
      { contains: true, maxContains: 0 },
      "#/contains",
      "must stay exactly the same, or be removed",
    ],
    ["a condition", {}, { if: text, then: { maxLength: 3 } }, "#/if", "must stay exactly the same"],
    [
      "a definition that what stayed refers to",
      tree(number),
      tree({ type: "integer" }),
      "#/$defs/node/properties/leaf/type",
      "it accepted number",
    ],
    ["a part of allOf", { allOf: [text] }, { allOf: [text, { minLength: 2 }] }, "#/allOf/1/minLength", "it allowed less"],
    [
      "names of properties",
      open({}),
      open({}, { propertyNames: { maxLength: 3 } }),
      "#/propertyNames",
      "must stay exactly the same, or be removed",
    ],
    [
      "a pattern of properties, where there were others",
      open({}),
      open({}, { patternProperties: { "^x": text } }),
      "#/patternProperties",
      "must stay exactly the same, or be removed",
    ],
    [
      "more that is required",
      { contains: text },
      { contains: text, minContains: 2 },
      "#/contains",
      "must stay exactly the same, or be removed",
    ],
    [
      "dependent properties",
      { dependentRequired: { a: ["b"] } },
      { dependentRequired: { a: ["b", "c"] } },
      "#/dependentRequired",
      "must stay exactly the same, or be removed",
    ],
    [
      "what depends on a property accepting less",
      { type: "object", dependentSchemas: { a: { required: ["b"] } } },
      { type: "object", dependentSchemas: { a: { required: ["b", "c"] } } },
      "#/dependentSchemas",
      "must stay exactly the same, or be removed",
    ],
    [
      "properties that nothing evaluates",
      open({ a: true }),
      open({ a: true }, { unevaluatedProperties: false }),
      "#/unevaluatedProperties",
      "must stay exactly the same",
    ],
    [
      "a pattern of properties that matches less",
      { patternProperties: { "^x": number } },
      { patternProperties: { "^x": { type: "integer" } } },
      "#/patternProperties",
      "must stay exactly the same, or be removed",
    ],
    [
      "a pattern of properties that does not match one that had a name",
      closed({ xa: text }),
      closed({}, { patternProperties: { "^x": number } }),
      "#/additionalProperties",
      "additional properties were allowed before",
    ],
    [
      "a pattern of properties that is gone, where additional ones are narrower",
      closed({}, { patternProperties: { "^x": text } }),
      open({}, { additionalProperties: number }),
      "#/additionalProperties/type",
      "additional properties were allowed before",
    ],
    [
      "kinds told apart by a property that is not required",
      { anyOf: [kind("a"), kind("b")] },
      { oneOf: [kind("a"), { ...kind("b"), required: [] }] },
      "#/oneOf",
      "may overlap",
    ],
    ["nothing accepted any more", open({ a: text }), open({ a: false }), "#/properties/a", "`false` accepts none"],
  ])("%s", (_what, old, next, path, reason) => {
    expect(change(old, next)).toEqual({ path, reason: expect.stringContaining(reason) });
  });

  it("when the schemas are too complex to compare", () => {
    const complex = (last: JsonSchema) => ({
      $ref: "#/$defs/d0",
      $defs: Object.fromEntries(
        Array.from({ length: 20 }, (_, i) => [
          `d${i}`,
          i === 19 ? last : { anyOf: [1, 2, 3].map((n) => ({ $ref: `#/$defs/d${i + 1}`, title: `${n}` })) },
        ]),
      ),
    });
    expect(change(complex({ minimum: 1 }), complex({ minimum: 2 }))).toBeDefined();
  });
});
