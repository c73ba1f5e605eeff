/** A JSON Schema that would fail or mislead later is refused when it is declared, with the place. */

import { describe, expect, it } from "vitest";
import { compileChecker } from "../../src/schemas/checker.ts";
import { parseDefinition, readDefinition } from "../../src/definitions/over-http/category.ts";
import type { JsonSchema } from "../../src/schemas/json-schema.ts";
import { schemaIssues } from "../../src/schemas/schema-check.ts";
import { CATEGORY_EVENT_TYPES } from "../../src/definitions/limits.ts";

const within = (schema: unknown) => ({ properties: { a: schema } });

describe("a schema is refused, with the place and the reason", () => {
  it.each<[what: string, schema: unknown, path: string, message: string]>([
    ["that is invalid", ["string"], "#", "an object, true or false"],
    ["with a reference that is dynamic", { $dynamicRef: "#node" }, "#/$dynamicRef", "use $ref"],
    ["with a keyword of an older draft", { dependencies: { a: ["b"] } }, "#/dependencies", "dependentRequired"],
    ["of an older draft", { $schema: "http://json-schema.org/draft-07/schema#" }, "#/$schema", "only draft 2020-12"],
    ["with a list where 2020-12 has prefixItems", { items: [true] }, "#/items", "prefixItems"],
    ["with a part that is not a schema", { not: "string" }, "#/not", "a schema: an object"],
    ["with no alternatives", { anyOf: [] }, "#/anyOf", "at least one"],
    ["with alternatives by name", { oneOf: { a: true } }, "#/oneOf", "at least one"],
    ["with properties that are a list", { properties: [true] }, "#/properties", "an object whose values are schemas"],
    ["with no properties at all", { properties: null }, "#/properties", "an object whose values are schemas"],
    ["with a property that is not a schema", within("string"), "#/properties/a", "a schema: an object"],
    ["with an alternative that is not a schema", { allOf: [true, 1] }, "#/allOf/1", "a schema: an object"],
    ["with a value of the wrong type", within({ minLength: "1" }), "#/properties/a/minLength", "a whole number"],
    ["with a wrong value in a list", { required: ["a", 1] }, "#/required/1", "expected string"],
    ["with an id in a part", within({ $id: "urn:a" }), "#/properties/a/$id", "only the whole schema has an $id"],
    ["with a version in a part", within({ "x-version": 2 }), "#/properties/a/x-version", "only the whole schema has a version"],
    ["with a reference to another document", { $ref: "https://example.com/a.json" }, "#/$ref", "begin with #"],
    ["with a reference to nothing", { $ref: "#/$defs/a" }, "#/$ref", "no schema at #/$defs/a"],
    ["with a reference to a missing anchor", { $ref: "#b", $defs: { a: { $anchor: "a" }, b: true } }, "#/$ref", "no schema at #b"],
    ["with a reference that is not a URI", { $ref: "#%" }, "#/$ref", "no schema at #%"],
    ["with a reference that leads back to itself", { $ref: "#" }, "#", "refers back to itself"],
    ["with an invalid pattern", { pattern: "(" }, "#/pattern", ""],
    ["with an invalid pattern of properties", { patternProperties: { "(": true } }, "#/patternProperties/(", ""],
  ])("%s", (_what, schema, path, message) => {
    expect(schemaIssues(schema)[0]).toEqual({ path, message: expect.stringContaining(message) });
  });
});

describe("a definition", () => {
  it("has no more event types than a category may have", () => {
    const events = (count: number) => ({ events: Object.fromEntries(Array.from({ length: count }, (_, n) => [`E${n}`, true])) });
    expect(parseDefinition("note", events(CATEGORY_EVENT_TYPES))).toMatchObject({ strict: true });
    expect(parseDefinition("note", events(CATEGORY_EVENT_TYPES + 1))).toEqual({
      issues: [{ path: "events", message: `at most ${CATEGORY_EVENT_TYPES} event types` }],
    });
  });
});

describe("a definition that version 0.1 has stored without its form", () => {
  it.each([
    ["with the one type that `schema` declares", { strict: true, events: { NoteRecorded: true } }, true],
    ["without event types", { strict: false, events: {} }, true],
    ["with one type of another name", { strict: true, events: { Noted: true } }, false],
    ["with several types", { strict: true, events: { NoteRecorded: true, Noted: true } }, false],
  ])("%s is read in the form that it was most likely declared in", (_what, stored, facts) => {
    expect(readDefinition("note", JSON.stringify(stored))).toEqual({ ...stored, facts });
    expect(readDefinition("note", JSON.stringify({ ...stored, facts: !facts }))).toEqual({ ...stored, facts: !facts });
  });
});

describe("a schema is accepted", () => {
  it("with an id and a version at its top, and annotations anywhere", () => {
    expect(schemaIssues({ $id: "urn:a", "x-version": 2, properties: { a: { "x-unit": "km", title: 1 } } })).toEqual([]);
  });

  it("and its messages about data that does not fit are bounded", () => {
    const check = compileChecker({ enum: ["x".repeat(5_000), "y"] });
    const [issue] = check("z", '"z"', { left: 10_000 });
    expect(issue?.message.length).toBeLessThan(1_000);
    expect(issue?.message).toMatch(/…$/);
  });

  it("with references to anchors, which are followed", () => {
    const schema: JsonSchema = {
      properties: { n: { $ref: "#count" } },
      $defs: { no: false, count: { $anchor: "count", type: "integer" } },
    };
    expect(schemaIssues(schema)).toEqual([]);
    const check = compileChecker(schema);
    const issues = (data: unknown) => check(data, JSON.stringify(data), { left: 10_000 });
    expect(issues({ n: 1 })).toEqual([]);
    expect(issues({ n: "one" })).toEqual([expect.objectContaining({ path: "n" })]);
  });
});
