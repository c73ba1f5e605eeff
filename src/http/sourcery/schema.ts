/** Sourcery's schemas, `{field: "string"}`, as JSON Schemas and back. Every field is required, and others may come. Pure. */

import { type Definition, factTypeOf } from "../../definitions/over-http/category.ts";
import { type JsonSchema, isObject } from "../../schemas/json-schema.ts";
import { objectIn, refuse } from "./refuse.ts";

/** What names the stream of a record. */
export const RECORD_ID = "id";

const SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  string: { type: "string" },
  number: { type: "number" },
  uuid: { type: "string", format: "uuid" },
  boolean: { type: "boolean" },
  integer: { type: "integer" },
};

/** How a category is declared whose facts are these records. */
export function categoryOf(given: unknown): { readonly schema: JsonSchema; readonly key?: string } {
  const fields = Object.entries(objectIn(given, "schema", `an object of types by field: ${Object.keys(SCHEMAS).join(", ")}`));
  const properties = fields.map(([field, type]) => {
    const at = `schema.${field}`;
    if (field === "" || field === "__proto__") refuse(at, "no field has this name");
    if (typeof type !== "string" || !Object.hasOwn(SCHEMAS, type)) refuse(at, `must be one of ${Object.keys(SCHEMAS).join(", ")}`);
    if (field === RECORD_ID && type === "boolean") refuse(at, "an id is a string, a uuid, a number or an integer");
    return [field, SCHEMAS[type]] as const;
  });
  const names = properties.map(([field]) => field);
  return {
    schema: { type: "object", properties: Object.fromEntries(properties), required: names },
    ...(names.includes(RECORD_ID) ? { key: RECORD_ID } : {}),
  };
}

/** The fields of a category's facts; `any`: a type that Sourcery has no word for. Without a schema there are none. */
export function fieldsOf(name: string, { events }: Pick<Definition, "events">): Record<string, string> {
  const type = factTypeOf(name);
  const schema = Object.hasOwn(events, type) ? events[type] : undefined;
  const properties = isObject(schema) && isObject(schema.properties) ? schema.properties : {};
  return Object.fromEntries(Object.entries(properties).map(([field, one]) => [field, wordOf(one)]));
}

function wordOf(schema: unknown): string {
  if (!isObject(schema)) return "any";
  if (schema.type === "string" && schema.format === "uuid") return "uuid";
  return typeof schema.type === "string" && Object.hasOwn(SCHEMAS, schema.type) ? schema.type : "any";
}
