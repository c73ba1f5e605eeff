/**
 * Examples of what a JSON Schema accepts, for a person to read and send: short, named after the properties, with what the schema itself
 * offers (`examples`, `default`) where it does. Pure.
 */

import { compileChecker, newEffort } from "../../schemas/checker.ts";
import { type JsonSchema, type SchemaObject, isObject, isSchema } from "../../schemas/json-schema.ts";
import { schemaIssues } from "../../schemas/schema-check.ts";
import { exampleNumber } from "./example-number.ts";
import { exampleText } from "./example-text.ts";

/** Levels of a value, after which what may be left out is left out: some schemas contain themselves. */
const MAX_DEPTH = 4;
/** References and alternatives that are followed for one value. */
const MAX_STEPS = 200;
/** Items or properties that an example has at most. */
const MAX_ITEMS = 20;
/** How many alternatives are tried as the first of each choice. */
const ALTERNATIVES = 3;

/** There is no value, or we find none. */
const NONE = Symbol("none");

interface Making {
  readonly root: JsonSchema;
  readonly now: Date;
  /** Takes what the schema offers. */
  readonly offered: boolean;
  /** With all properties, not only those that must be there. */
  readonly whole: boolean;
  /** Which alternative is the first one to try. */
  readonly alternative: number;
  steps: number;
}

/** Values that the schema accepts, the best one first; none when no value is found. */
export function examplesOf(schema: JsonSchema, name = "data", now = new Date()): unknown[] {
  const fits = checkOf(schema);
  const found = new Map<string, unknown>();
  for (const offered of [true, false]) {
    for (let alternative = 0; alternative < ALTERNATIVES; alternative++) {
      for (const whole of [false, true]) {
        const value = make(schema, name, 0, 0, { root: schema, now, offered, whole, alternative, steps: 0 });
        if (value !== NONE && fits(value)) found.set(JSON.stringify(value), value);
      }
    }
  }
  return [...found.values()];
}

/** The store's own check. A schema with what it does not know (lookbehind, for example) is left to the store. */
function checkOf(schema: JsonSchema): (value: unknown) => boolean {
  try {
    if (schemaIssues(schema).length > 0) return () => true;
    const check = compileChecker(schema);
    return (value) => check(value, JSON.stringify(value), newEffort()).length === 0;
  } catch {
    return () => true;
  }
}

function make(schema: JsonSchema, name: string, turn: number, depth: number, making: Making): unknown {
  if (schema === false || making.steps++ > MAX_STEPS) return NONE;
  if (schema === true) return name;
  const { examples, example, default: otherwise, const: only, enum: list } = schema;
  if ("const" in schema) return only;
  if (making.offered) {
    if (Array.isArray(examples) && examples.length > 0) return examples[turn % examples.length];
    if (example !== undefined) return example;
    if (otherwise !== undefined) return otherwise;
  }
  if (Array.isArray(list)) return list.length === 0 ? NONE : list[turn % list.length];
  const merged = withReferences(schema, making);
  if (merged !== schema) return make(merged, name, turn, depth, making);
  for (const keyword of ["anyOf", "oneOf"]) {
    const alternatives = schema[keyword];
    if (!Array.isArray(alternatives)) continue;
    const { [keyword]: _taken, ...rest } = schema;
    const { length } = alternatives;
    for (let index = 0; index < length; index++) {
      const one = alternatives[(index + making.alternative) % length] as unknown;
      // A property that may be null is shown with its value.
      if (!isSchema(one) || (isObject(one) && one.type === "null" && index < length - 1)) continue;
      const value = make(one === true ? rest : one === false ? false : both(rest, one), name, turn, depth, making);
      if (value !== NONE) return value;
    }
    return NONE;
  }
  return ofType(typeOf(schema), schema, name, turn, depth, making);
}

/** The schema with what it refers to, and with all of `allOf`, in one. */
function withReferences(schema: SchemaObject, { root }: Making): JsonSchema {
  const { $ref: reference, allOf, ...rest } = schema;
  if (typeof reference === "string") {
    const target = targetOf(reference, root);
    return isObject(target) ? both({ ...rest, ...(allOf === undefined ? {} : { allOf }) }, target) : (target ?? false);
  }
  if (!Array.isArray(allOf)) return schema;
  if (allOf.includes(false)) return false;
  return allOf.filter(isObject).reduce((one, other) => both(one, other), rest);
}

function targetOf(reference: string, root: JsonSchema): JsonSchema | undefined {
  if (!reference.startsWith("#")) return undefined;
  let target: unknown = root;
  for (const part of reference.split("/").slice(1)) {
    const name = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
    target = typeof target === "object" && target !== null ? (target as Record<string, unknown>)[name] : undefined;
  }
  return isSchema(target) ? target : undefined;
}

/** Both schemas at once, as far as their keywords can be put together. */
function both(one: SchemaObject, other: SchemaObject): SchemaObject {
  const merged: Record<string, unknown> = { ...one };
  for (const [keyword, value] of Object.entries(other)) {
    const before = merged[keyword];
    if (before === undefined) merged[keyword] = value;
    else if (keyword === "properties" && isObject(before) && isObject(value)) merged[keyword] = mergedProperties(before, value);
    else if ((keyword === "required" || keyword === "allOf") && Array.isArray(before) && Array.isArray(value))
      merged[keyword] = [...new Set<unknown>([...before, ...value])];
    else if (keyword === "type") merged[keyword] = commonType(before, value);
    else if (/^(?:exclusiveM|m)in/.test(keyword)) merged[keyword] = Math.max(before as number, value as number);
    else if (/^(?:exclusiveM|m)ax/.test(keyword)) merged[keyword] = Math.min(before as number, value as number);
    else if (keyword === "anyOf" || keyword === "oneOf") merged.allOf = [...((merged.allOf as unknown[]) ?? []), { [keyword]: value }];
    else if (keyword !== "additionalProperties" && keyword !== "description") merged[keyword] = value;
  }
  return merged;
}

function mergedProperties(before: SchemaObject, value: SchemaObject): SchemaObject {
  const names = [...new Set([...Object.keys(before), ...Object.keys(value)])];
  return Object.fromEntries(
    names.map((name) => {
      const [first, second] = [before[name], value[name]];
      return [name, isObject(first) && isObject(second) ? both(first, second) : (second ?? first)];
    }),
  );
}

function commonType(one: unknown, other: unknown): unknown {
  const [first, second] = [one, other].map((types) => (Array.isArray(types) ? types : [types]) as unknown[]);
  // An integer is a number, too.
  return first!.filter((type) => second!.includes(type) || (type === "integer" && second!.includes("number")));
}

/** The type of the value, also where only other keywords show it. */
function typeOf(schema: SchemaObject): string | undefined {
  const types = (Array.isArray(schema.type) ? schema.type : [schema.type]) as unknown[];
  const known = types.find((type) => type !== "null") ?? types[0];
  if (typeof known === "string") return known;
  const has = (...keywords: string[]) => keywords.some((keyword) => keyword in schema);
  if (has("properties", "required", "additionalProperties", "minProperties", "propertyNames")) return "object";
  if (has("items", "prefixItems", "minItems")) return "array";
  return has("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf") ? "number" : undefined;
}

function ofType(type: string | undefined, schema: SchemaObject, name: string, turn: number, depth: number, making: Making): unknown {
  switch (type) {
    case "object":
      return objectOf(schema, turn, depth, making);
    case "array":
      return listOf(schema, name, depth, making);
    case "number":
    case "integer":
      return exampleNumber(schema, type === "integer", turn) ?? NONE;
    case "boolean":
      return turn === 0;
    case "null":
      return null;
    default:
      return exampleText(schema, name, turn, making.now) ?? NONE;
  }
}

function objectOf(schema: SchemaObject, turn: number, depth: number, making: Making): unknown {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const required = new Set(Array.isArray(schema.required) ? (schema.required as string[]) : []);
  const least = typeof schema.minProperties === "number" ? Math.min(schema.minProperties, MAX_ITEMS) : 0;
  const value: Record<string, unknown> = {};
  const rest = isSchema(schema.additionalProperties) ? schema.additionalProperties : true;
  for (const name of new Set([...Object.keys(properties), ...required])) {
    const isNeeded = required.has(name);
    if (!isNeeded && !making.whole && Object.keys(value).length >= least - remaining(required, value)) continue;
    if (!isNeeded && depth >= MAX_DEPTH) continue;
    const own = Object.hasOwn(properties, name) ? properties[name] : rest;
    const made = make(isSchema(own) ? own : true, name, turn, depth + 1, making);
    // By definition: a property called `__proto__` is one like all others.
    if (made !== NONE) Object.defineProperty(value, name, { value: made, enumerable: true, configurable: true, writable: true });
    else if (isNeeded) return NONE;
  }
  // A record: names of its own.
  const names = isSchema(schema.propertyNames) ? schema.propertyNames : true;
  for (let count = 0; Object.keys(value).length < Math.max(least, isRecord(schema, making) ? 1 : 0) && count < MAX_ITEMS; count++) {
    const name = make(isObject(names) ? { type: "string", ...names } : names, "name", count, depth + 1, making);
    const made = typeof name === "string" ? make(rest, "value", turn + count, depth + 1, making) : NONE;
    if (made === NONE) return NONE;
    value[name as string] = made;
  }
  return value;
}

function remaining(required: ReadonlySet<string>, value: object): number {
  return [...required].filter((name) => !Object.hasOwn(value, name)).length;
}

/** Names of any kind with values of one kind: an example has one of them, unless it is to be the shortest. */
function isRecord({ properties, additionalProperties }: SchemaObject, { whole }: Making): boolean {
  return whole && properties === undefined && isObject(additionalProperties);
}

function listOf(schema: SchemaObject, name: string, depth: number, making: Making): unknown {
  const { items, prefixItems, minItems, maxItems } = schema;
  const prefix = Array.isArray(prefixItems) ? prefixItems.filter(isSchema) : [];
  const least = Math.max(typeof minItems === "number" ? minItems : 0, prefix.length);
  if (least > MAX_ITEMS) return NONE;
  // One item shows what a list is of, as long as it may have one.
  const most = typeof maxItems === "number" ? maxItems : Infinity;
  const count = depth >= MAX_DEPTH || items === false ? Math.min(least, most) : Math.min(Math.max(least, 1), most);
  const values: unknown[] = [];
  for (let index = 0; index < count; index++) {
    const schemaOfItem = prefix[index] ?? (isSchema(items) ? items : true);
    const made = make(schemaOfItem, singular(name), index - prefix.length > 0 ? index - prefix.length : 0, depth + 1, making);
    if (made === NONE) return index >= least ? values : NONE;
    values.push(made);
  }
  return values;
}

/** `tags` is a list of a `tag`. */
function singular(name: string): string {
  return /[^s]s$/.test(name) ? name.slice(0, -1) : name;
}
