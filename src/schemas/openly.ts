/** A schema as readers of stored events apply it. Pure. */

import { type SchemaObject, isObject } from "./json-schema.ts";

/** Keywords whose members have names of the data, which are no keywords. */
const NAMED = new Set(["properties", "patternProperties", "$defs", "dependentSchemas"]);

/** Readers of stored events ignore members that they do not know, whatever the writer's schema says. */
export function openly<Value>(schema: Value): Value {
  if (Array.isArray(schema)) return schema.map(openly) as Value;
  if (!isObject(schema)) return schema;
  const { additionalProperties, ...rest } = schema as SchemaObject;
  const kept =
    additionalProperties === false || additionalProperties === undefined ? {} : { additionalProperties: openly(additionalProperties) };
  const opened = Object.entries(rest).map(([keyword, value]) => [keyword, NAMED.has(keyword) ? eachOpenly(value) : openly(value)]);
  return { ...Object.fromEntries(opened), ...kept } as Value;
}

function eachOpenly(schemas: unknown): unknown {
  if (!isObject(schemas)) return schemas;
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, openly(schema)]));
}
