/** What is known of an event's data after steps have changed it: so that the expressions of later steps are checked as well. Pure. */

import { type JsonSchema, type SchemaObject, isObject } from "../../schemas/json-schema.ts";
import type { Expression } from "../expressions/expression.ts";

const OF_RESULT: Readonly<Record<Expression["result"], JsonSchema>> = {
  string: { type: "string" },
  number: { type: "number" },
  boolean: { type: "boolean" },
  null: { type: "null" },
  list: { type: "array" },
  map: { type: "object" },
  any: true,
};

/** What is known of an expression's result. */
export function schemaOfResult({ result }: Pick<Expression, "result">): JsonSchema {
  return OF_RESULT[result];
}

/** An object that has no members. */
export const EMPTY: SchemaObject = { type: "object", properties: {}, additionalProperties: false };

/** The schema of an object once the member that these names lead to is set. What is not understood may be anything. */
export function withMember(schema: JsonSchema, names: readonly string[], member: JsonSchema): JsonSchema {
  const [name, ...rest] = names;
  if (name === undefined) return member;
  if (!isObject(schema)) return true;
  const { anyOf, properties } = schema;
  if (Array.isArray(anyOf) && properties === undefined) {
    const { anyOf: _alternatives, ...others } = schema;
    return { ...others, anyOf: anyOf.map((one: JsonSchema) => withMember(one, names, member)) };
  }
  if (!isObject(properties) || hasFurtherRules(schema)) return true;
  const before = Object.hasOwn(properties, name) ? (properties[name] as JsonSchema) : EMPTY;
  const changed = Object.entries(properties).filter(([one]) => one !== name);
  const required = Array.isArray(schema.required) ? schema.required : [];
  return {
    ...schema,
    properties: Object.fromEntries([...changed, [name, withMember(before, rest, member)]]),
    required: [...new Set([...required, name])],
  };
}

/** Rules about the whole object, which the changed one need not follow. */
const ABOUT_THE_WHOLE = ["allOf", "anyOf", "oneOf", "$ref", "enum", "const", "patternProperties", "not", "if", "unevaluatedProperties"];

function hasFurtherRules(schema: SchemaObject): boolean {
  return ABOUT_THE_WHOLE.some((keyword) => schema[keyword] !== undefined);
}
