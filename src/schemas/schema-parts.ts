/**
 * The parts of JSON Schemas that a comparison needs: which types and values they accept, and what they require of one property or item.
 * Pure.
 */

import { FORMATS } from "../core/formats.ts";
import { canonical } from "../core/json.ts";
import { type JsonSchema, type SchemaObject, type TypeName, holderOf, isObject, pointerOf, words } from "./json-schema.ts";
import { ASSERTIONS } from "./keywords.ts";

/** Definitions, and keywords that are read together with another one. */
const ELSEWHERE = words("$defs definitions then else");
/** Keywords that require nothing if their schema accepts everything. */
const OPEN = words("additionalProperties items propertyNames unevaluatedProperties unevaluatedItems");

/** Whether a keyword with this value requires anything. Annotations do not. */
export function asks(keyword: string, value: unknown): boolean {
  if (keyword === "format") return FORMATS.has(value as string);
  if (keyword === "uniqueItems") return value === true;
  if (keyword === "$ref") return true;
  return (
    (Object.hasOwn(ASSERTIONS, keyword) || holderOf(keyword) !== undefined) &&
    !ELSEWHERE.has(keyword) &&
    !(value === true && OPEN.has(keyword))
  );
}

/** These schemas, the targets of their `$ref`, and their `allOf`, each once: everything that holds if they do. */
export function flat(schemas: readonly JsonSchema[], nodes: ReadonlyMap<string, JsonSchema>): JsonSchema[] {
  const found = new Set(schemas);
  // A set grows while it is iterated, so this reaches all of them.
  for (const schema of found) {
    if (typeof schema === "boolean") continue;
    if (typeof schema.$ref === "string") found.add(nodes.get(pointerOf(schema.$ref, nodes) ?? "") as JsonSchema);
    for (const one of (schema.allOf as JsonSchema[] | undefined) ?? []) found.add(one);
  }
  return [...found];
}

/** The only values that a schema accepts, if it lists them. */
export function valuesOf(schema: SchemaObject): readonly unknown[] | undefined {
  if (Object.hasOwn(schema, "const")) return [schema.const];
  return schema.enum as unknown[] | undefined;
}

/** The types that all of these schemas accept. */
export function typesOf(schemas: readonly SchemaObject[]): TypeName[] {
  let types: TypeName[] = ["null", "boolean", "object", "array", "number", "string"];
  for (const { type } of schemas) {
    if (type === undefined) continue;
    const taken = [type].flat() as TypeName[];
    types = types.flatMap((one) => taken.flatMap((other) => commonType(one, other) ?? []));
  }
  return [...new Set(types)];
}

/** The type of the values that are of both types: an integer is a number. */
export function commonType(one: TypeName, other: TypeName): TypeName | undefined {
  if (one === other) return one;
  return [one, other].every((type) => type === "number" || type === "integer") ? "integer" : undefined;
}

/** The names, or indexes, in the value of a keyword. */
export function namesIn(value: unknown): string[] {
  return Object.keys((value as object | undefined) ?? {});
}

/** What these schemas, which all hold, require of a property's value. Empty: nothing, or something by a pattern. */
export function propertyIn(schemas: readonly SchemaObject[], name: string): JsonSchema[] {
  return schemas.flatMap(({ properties, patternProperties, additionalProperties }): JsonSchema[] => {
    if (isObject(properties) && Object.hasOwn(properties, name)) return [properties[name] as JsonSchema];
    return additionalProperties === undefined || patternProperties !== undefined ? [] : [additionalProperties as JsonSchema];
  });
}

/** What a schema requires of the item at an index. */
export function itemIn({ prefixItems, items }: SchemaObject, index: number): JsonSchema[] {
  const said = (prefixItems as JsonSchema[] | undefined)?.[index] ?? (items as JsonSchema | undefined);
  return said === undefined ? [] : [said];
}

/** Whether no value fits two of these schemas: by their types, or by a property that all require and that has another value in each. */
export function areExclusive(schemas: readonly JsonSchema[], nodes: ReadonlyMap<string, JsonSchema>): boolean {
  const parts = schemas.map((schema) => flat([schema], nodes).filter(isObject));
  return parts.every((one, index) => parts.slice(0, index).every((other) => isExclusive(one, other, nodes)));
}

function requiredBy(schemas: SchemaObject[]): string[] {
  return schemas.flatMap((schema) => (schema.required as string[] | undefined) ?? []);
}

function isExclusive(one: SchemaObject[], other: SchemaObject[], nodes: ReadonlyMap<string, JsonSchema>): boolean {
  const types = typesOf(one).flatMap((type) => typesOf(other).flatMap((another) => commonType(type, another) ?? []));
  if (types.length === 0) return true;
  if (types.length > 1 || types[0] !== "object") return false;
  const valuesAt = (schemas: SchemaObject[], name: string) =>
    flat(propertyIn(schemas, name), nodes)
      .flatMap((schema) => (isObject(schema) ? [valuesOf(schema)] : []))
      .find((values) => values !== undefined)
      ?.map(canonical);
  return requiredBy(one).some((name) => {
    const values = requiredBy(other).includes(name) ? valuesAt(other, name) : undefined;
    return values !== undefined && valuesAt(one, name)?.some((value) => values.includes(value)) === false;
  });
}

/**
 * Whether two schemas, or these keywords of them, are the same except for annotations. Parts that refer elsewhere are not: the target may
 * have changed.
 */
export function isSame(one: JsonSchema, other: JsonSchema, keywords?: readonly string[]): boolean {
  const part = (schema: JsonSchema) => {
    const kept = bare(schema);
    return canonical(keywords && isObject(kept) ? keywords.map((keyword) => [kept[keyword]]) : kept);
  };
  const text = part(one);
  return text === part(other) && (keywords === undefined || !text.includes(`"$ref"`));
}

/** The schema without its annotations. */
function bare(schema: JsonSchema): JsonSchema {
  if (!isObject(schema)) return schema;
  const all = (value: unknown) => (Array.isArray(value) ? value.map((one) => bare(one as JsonSchema)) : bare(value as JsonSchema));
  const kept = Object.entries(schema).flatMap(([keyword, value]): [string, unknown][] => {
    const holder = holderOf(keyword);
    if (holder === "map") return [[keyword, Object.fromEntries(Object.entries(value as object).map(([name, one]) => [name, all(one)]))]];
    if (holder !== undefined) return [[keyword, all(value)]];
    return Object.hasOwn(ASSERTIONS, keyword) || ["$ref", "$anchor", "minContains", "maxContains"].includes(keyword)
      ? [[keyword, value]]
      : [];
  });
  return Object.fromEntries(kept);
}
