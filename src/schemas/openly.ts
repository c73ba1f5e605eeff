/** A schema as readers of stored events apply it. Pure. */

import { type SchemaObject, isObject } from "./json-schema.ts";

/** Readers of stored events ignore members that they do not know, whatever the writer's schema says. */
export function openly<Value>(schema: Value): Value {
  if (Array.isArray(schema)) return schema.map(openly) as Value;
  if (!isObject(schema)) return schema;
  const { additionalProperties, ...rest } = schema as SchemaObject;
  const kept =
    additionalProperties === false || additionalProperties === undefined ? {} : { additionalProperties: openly(additionalProperties) };
  return { ...Object.fromEntries(Object.entries(rest).map(([keyword, value]) => [keyword, openly(value)])), ...kept } as Value;
}
