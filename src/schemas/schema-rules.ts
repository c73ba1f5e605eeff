/** What one keyword of a JSON Schema follows from, and other small questions that comparing two schemas comes down to. Pure. */

import { canonical } from "../core/json.ts";
import { FORMATS } from "../core/formats.ts";
import { type JsonSchema, type SchemaObject, type TypeName, holderOf, isObject, pointerOf } from "./json-schema.ts";
import { ASSERTIONS } from "./keywords.ts";
import { compilePattern } from "./pattern.ts";

/** Why a keyword of a new schema, one that holds no schemas, does not follow from the old ones, which all hold. */
export function valueRule(keyword: string, value: unknown, old: readonly SchemaObject[]): string | undefined {
  /** Whether an old schema has this keyword with such a value. */
  const some = (key: string, is: (one: never) => boolean) => old.some((one) => one[key] !== undefined && is(one[key] as never));
  const limit = value as number;
  switch (keyword) {
    case "type": {
      const taken = [value].flat() as TypeName[];
      const missing = typesOf(old).filter((type) => !taken.some((one) => commonType(type, one) === type));
      return missing.length === 0 ? undefined : `it took ${missing.join(", ")} before`;
    }
    case "enum":
    case "const":
      return "it took other values before";
    case "minimum":
      return some("minimum", (one) => one >= limit) || some("exclusiveMinimum", (one) => one >= limit) ? undefined : "it took less before";
    case "exclusiveMinimum":
      return some("minimum", (one) => one > limit) || some("exclusiveMinimum", (one) => one >= limit) ? undefined : "it took less before";
    case "maximum":
      return some("maximum", (one) => one <= limit) || some("exclusiveMaximum", (one) => one <= limit) ? undefined : "it took more before";
    case "exclusiveMaximum":
      return some("maximum", (one) => one < limit) || some("exclusiveMaximum", (one) => one <= limit) ? undefined : "it took more before";
    case "multipleOf":
      if (limit === 1 && !typesOf(old).includes("number")) return undefined;
      return some(keyword, (one) => one === limit || (Number.isInteger(one) && Number.isInteger(limit) && one % limit === 0))
        ? undefined
        : "it took other numbers before";
    case "minLength":
    case "minItems":
    case "minProperties":
      return limit === 0 || some(keyword, (one) => one >= limit) ? undefined : "it took less before";
    case "maxLength":
    case "maxItems":
    case "maxProperties":
      return some(keyword, (one) => one <= limit) ? undefined : "it took more before";
    case "uniqueItems":
      return value === false || some(keyword, (one) => one === true) ? undefined : "it took repeated items before";
    case "pattern":
      return some(keyword, (one) => one === value) ? undefined : "it took other texts before";
    case "format":
      return !FORMATS.has(value as string) || some(keyword, (one) => one === value) ? undefined : "it took other texts before";
    case "required": {
      const name = (value as string[]).find((one) => !requires(old, one));
      return name === undefined ? undefined : `"${name}" was not required before`;
    }
    case "dependentRequired": {
      const missing = Object.entries(value as Record<string, string[]>).find(
        ([name, needed]) =>
          !needed.every(
            (one) =>
              requires(old, one) ||
              some(keyword, (lists: Record<string, string[]>) => Object.hasOwn(lists, name) && lists[name]?.includes(one) === true),
          ),
      );
      return missing && `"${missing[0]}" did not ask for all of ${missing[1].join(", ")} before`;
    }
    default:
      return undefined; // an annotation, or read together with another keyword
  }
}

/** The values that are all a schema takes, if it lists them. */
export function valuesOf(schema: SchemaObject): readonly unknown[] | undefined {
  if (Object.hasOwn(schema, "const")) return [schema.const];
  return schema.enum as unknown[] | undefined;
}

/** The types that all of these schemas take. */
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

/** What these schemas, which all hold, say of a property's value. Empty: nothing. */
export function propertyIn(schemas: readonly SchemaObject[], name: string): JsonSchema[] {
  return schemas.flatMap((schema) => {
    const patterns = Object.entries((schema.patternProperties as Record<string, JsonSchema> | undefined) ?? {});
    const said = [...namedIn(schema, "properties", name), ...patterns.filter(([pattern]) => matches(pattern, name)).map(([, one]) => one)];
    return said.length > 0 ? said : schemasAt(schema, "additionalProperties");
  });
}

/** What a schema says of the item at an index. */
export function itemAt(schema: SchemaObject, index: number): JsonSchema[] {
  const prefix = (schema.prefixItems as JsonSchema[] | undefined) ?? [];
  return index < prefix.length ? [prefix[index] as JsonSchema] : schemasAt(schema, "items");
}

/** The schema under a keyword, if there is one. */
export function schemasAt(schema: SchemaObject, keyword: string): JsonSchema[] {
  return schema[keyword] === undefined ? [] : [schema[keyword] as JsonSchema];
}

/** The schema of that name under a keyword that holds schemas by name, if there is one. */
export function namedIn(schema: SchemaObject, keyword: string, name: string): JsonSchema[] {
  const byName = schema[keyword] as Record<string, JsonSchema> | undefined;
  return byName !== undefined && Object.hasOwn(byName, name) ? [byName[name] as JsonSchema] : [];
}

/** These schemas, what their `$ref` points to, and their `allOf`, each once: all that holds where they hold. */
export function flat(schemas: readonly JsonSchema[], nodes: ReadonlyMap<string, JsonSchema>): JsonSchema[] {
  const found = new Set(schemas);
  // A set grows while it is walked, so this reaches all of them.
  for (const schema of found) {
    if (typeof schema === "boolean") continue;
    if (typeof schema.$ref === "string") found.add(nodes.get(pointerOf(schema.$ref, nodes) ?? "") as JsonSchema);
    for (const one of (schema.allOf as JsonSchema[] | undefined) ?? []) found.add(one);
  }
  return [...found];
}

/** Whether no value can meet both: by their types, or by a property that both require and that tells them apart. */
export function areDisjoint(one: JsonSchema, other: JsonSchema, nodes: ReadonlyMap<string, JsonSchema>): boolean {
  const a = flat([one], nodes).filter(isObject);
  const b = flat([other], nodes).filter(isObject);
  const types = typesOf(a).flatMap((type) => typesOf(b).flatMap((another) => commonType(type, another) ?? []));
  if (types.length === 0) return true;
  if (types.length > 1 || types[0] !== "object") return false;
  const valuesAt = (schemas: SchemaObject[], name: string) =>
    flat(propertyIn(schemas, name), nodes)
      .flatMap((schema) => (isObject(schema) ? [valuesOf(schema)] : []))
      .find((values) => values !== undefined)
      ?.map(canonical);
  return a
    .flatMap((schema) => Object.keys((schema.properties as object | undefined) ?? {}))
    .some((name) => {
      const [values, others] = [valuesAt(a, name), valuesAt(b, name)];
      if (!values || !others || !requires(a, name) || !requires(b, name)) return false;
      return !values.some((value) => others.includes(value));
    });
}

/** Whether a property's name matches a pattern of `patternProperties`. */
export function matches(pattern: string, name: string): boolean {
  return compilePattern(pattern)(name, () => {});
}

/** Whether two schemas, or lists of them, say the same in the same words. Not if they refer elsewhere: that may have changed. */
export function sameText(one: unknown, other: unknown): boolean {
  const text = canonical(bareAll(one));
  return one !== undefined && text === canonical(bareAll(other)) && !text.includes(`"$ref"`);
}

/** The schema without its annotations. */
export function bare(schema: JsonSchema): JsonSchema {
  if (!isObject(schema)) return schema;
  const kept = Object.entries(schema).flatMap(([keyword, value]): [string, unknown][] => {
    const holder = holderOf(keyword);
    if (holder === "map")
      return [[keyword, Object.fromEntries(Object.entries(value as object).map(([name, one]) => [name, bareAll(one)]))]];
    if (holder !== undefined) return [[keyword, bareAll(value)]];
    return Object.hasOwn(ASSERTIONS, keyword) || ["$ref", "$anchor", "minContains", "maxContains"].includes(keyword)
      ? [[keyword, value]]
      : [];
  });
  return Object.fromEntries(kept);
}

function bareAll(value: unknown): unknown {
  return Array.isArray(value) ? value.map((one) => bare(one as JsonSchema)) : bare(value as JsonSchema);
}

function requires(schemas: readonly SchemaObject[], name: string): boolean {
  return schemas.some(({ required }) => (required as string[] | undefined)?.includes(name));
}
