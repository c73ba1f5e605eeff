/** JSON Schema, draft 2020-12: its keywords, where schemas are within schemas, and what `$ref` points to. Pure. */

/** A schema, as it was parsed. */
export type JsonSchema = boolean | SchemaObject;
export interface SchemaObject {
  readonly [keyword: string]: unknown;
}

/** The `$schema` of the only draft that is supported. */
export const DRAFT = "https://json-schema.org/draft/2020-12/schema";

/** Keywords whose value is a schema, a list of schemas, or schemas by name. `definitions` is the old name of `$defs`. */
const ONE = words("not if then else additionalProperties unevaluatedProperties propertyNames items unevaluatedItems contains");
const LIST = words("allOf anyOf oneOf prefixItems");
const MAP = words("$defs definitions dependentSchemas properties patternProperties");

/** Those keywords whose schemas apply to the same value, not to one within it. */
const IN_PLACE = words("allOf anyOf oneOf not if then else dependentSchemas");

export function words(text: string): ReadonlySet<string> {
  return new Set(text.split(" "));
}

export function holderOf(keyword: string): "one" | "list" | "map" | undefined {
  return ONE.has(keyword) ? "one" : LIST.has(keyword) ? "list" : MAP.has(keyword) ? "map" : undefined;
}

/** A schema within a schema. */
export interface Subschema {
  /** Its path within the outer schema: `/properties/lines`. */
  readonly pointer: string;
  readonly keyword: string;
  readonly schema: JsonSchema;
}

/** The schemas directly within one. A value that should be a schema but is not is left out. */
export function subschemasOf(schema: SchemaObject): Subschema[] {
  return Object.entries(schema).flatMap(([keyword, value]) => {
    const holder = holderOf(keyword);
    if (holder === undefined) return [];
    const entries: [string, unknown][] =
      holder === "one"
        ? [[`/${keyword}`, value]]
        : Object.entries(value ?? {}).map(([name, one]) => [`/${keyword}/${escapePointer(name)}`, one]);
    return entries.flatMap(([pointer, one]) => (isSchema(one) ? [{ pointer, keyword, schema: one }] : []));
  });
}

export function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "boolean" || isObject(value);
}

export function isObject(value: unknown): value is SchemaObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Every schema within a schema, including itself, by the JSON pointer that `$ref` finds it with. */
export function nodesOf(root: JsonSchema): Map<string, JsonSchema> {
  const nodes = new Map<string, JsonSchema>([["", root]]);
  // A map grows while it is walked, so this reaches all of them.
  for (const [at, node] of nodes) {
    if (typeof node === "boolean") continue;
    for (const { pointer, schema } of subschemasOf(node)) nodes.set(at + pointer, schema);
  }
  return nodes;
}

/** The pointer of the schema that a `$ref` within the schema means: `#`, `#/$defs/line` or `#anchor`; undefined: it does not exist. */
export function pointerOf(ref: string, nodes: ReadonlyMap<string, JsonSchema>): string | undefined {
  let fragment: string;
  try {
    fragment = decodeURIComponent(ref.slice(1));
  } catch {
    return undefined;
  }
  if (fragment === "" || fragment.startsWith("/")) return nodes.has(fragment) ? fragment : undefined;
  for (const [pointer, node] of nodes) if (typeof node !== "boolean" && node.$anchor === fragment) return pointer;
  return undefined;
}

/** Pointers of the schemas that apply to the same value as this one does. */
export function inPlace(pointer: string, node: SchemaObject, nodes: ReadonlyMap<string, JsonSchema>): string[] {
  const within = subschemasOf(node).filter(({ keyword }) => IN_PLACE.has(keyword));
  const target = typeof node.$ref === "string" ? pointerOf(node.$ref, nodes) : undefined;
  return [...within.map((one) => pointer + one.pointer), ...(target === undefined ? [] : [target])];
}

export function escapePointer(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

export type TypeName = "null" | "boolean" | "object" | "array" | "number" | "integer" | "string";

/** The only type of value that these keywords apply to. */
export const LOOKS_AT: Readonly<Record<string, TypeName>> = Object.fromEntries(
  Object.entries({
    number: "multipleOf maximum exclusiveMaximum minimum exclusiveMinimum",
    string: "maxLength minLength pattern format",
    array: "maxItems minItems uniqueItems prefixItems items contains unevaluatedItems",
    object:
      "maxProperties minProperties required dependentRequired dependentSchemas properties patternProperties additionalProperties " +
      "propertyNames unevaluatedProperties",
  }).flatMap(([type, keywords]) => Array.from(words(keywords), (keyword) => [keyword, type as TypeName])),
);

/** Whether a value of JSON is of the type. */
export function isOfType(type: TypeName, value: unknown): boolean {
  if (type === "integer") return Number.isInteger(value);
  return type === (value === null ? "null" : Array.isArray(value) ? "array" : typeof value);
}
