/**
 * What is known of a value before it is there, by a JSON Schema. A type may promise less than its schema, never more: where the schema is
 * open or says something that is not understood here, the value can be anything. Lazy, because schemas may refer to themselves.
 */

import { type JsonSchema, type SchemaObject, isObject, nodesOf, pointerOf } from "../../schemas/json-schema.ts";
import { itemIn, typesOf, valuesOf } from "../../schemas/schema-parts.ts";
import { ANY, BOOLEAN, LIST, MAP, NULL, NUMBER, STRING, kindOf } from "./kinds.ts";

export interface Type {
  /** The kinds that a value may be of. */
  readonly kinds: number;
  /** The type of a map's member; undefined: the map is closed and has no such member. */
  member(name: string): Type | undefined;
  /** The members that are known by name. */
  names(): readonly string[];
  /** The type of a list's elements. */
  element(): Type;
  /** If it is a string, it is one of these. */
  readonly strings?: readonly string[];
}

/** Anything of these kinds. */
export function typeOfKind(kinds: number, element: () => Type = () => anything): Type {
  return { kinds, member: () => anything, names: () => [], element };
}

export const anything: Type = typeOfKind(ANY);

/** A value of one of these types. */
export function eitherOf(types: readonly Type[]): Type {
  if (types.length === 1) return types[0]!;
  if (types.includes(anything)) return anything;
  const maps = types.filter(({ kinds }) => (kinds & MAP) !== 0);
  const lists = types.filter(({ kinds }) => (kinds & LIST) !== 0);
  return {
    kinds: types.reduce((all, { kinds }) => all | kinds, 0),
    member: (name) => {
      const found = maps.flatMap((type) => type.member(name) ?? []);
      return found.length === 0 && maps.length > 0 ? undefined : eitherOrAnything(found);
    },
    names: () => [...new Set(maps.flatMap((type) => type.names()))],
    element: () => eitherOrAnything(lists.map((type) => type.element())),
    ...stringsOf(types.filter(({ kinds }) => (kinds & STRING) !== 0)),
  };
}

/** The strings that values of these types may be, if all of them are known. */
function stringsOf(types: readonly Type[]): Pick<Type, "strings"> {
  const known = types.flatMap(({ strings }) => (strings ? [strings] : []));
  return types.length > 0 && known.length === types.length ? { strings: [...new Set(known.flat())] } : {};
}

function eitherOrAnything(types: readonly Type[]): Type {
  return types.length === 0 ? anything : eitherOf(types);
}

/** A value of all these types. */
function allOf(types: readonly Type[]): Type {
  const known = types.filter((type) => type !== anything);
  if (known.length <= 1) return known[0] ?? anything;
  const kinds = known.reduce((all, type) => all & type.kinds, ANY);
  // No value fits. The declaration is odd, and not for an expression to judge.
  if (kinds === 0) return anything;
  return {
    kinds,
    member: (name) => {
      const members = known.map((type) => type.member(name));
      return members.includes(undefined) ? undefined : allOf(members as Type[]);
    },
    names: () => [...new Set(known.flatMap((type) => type.names()))].filter((name) => known.every((type) => type.member(name))),
    element: () => allOf(known.map((type) => type.element())),
    ...known.flatMap(({ strings }) => (strings ? [{ strings }] : []))[0],
  };
}

const KINDS = { null: NULL, boolean: BOOLEAN, number: NUMBER, integer: NUMBER, string: STRING, array: LIST, object: MAP } as const;

/** How many schemas may still be looked at. After that, everything can be anything: schemas may combine each other without end. */
export interface Effort {
  left: number;
}

/** Schemas that are looked at for one expression. Ours: some for each member of each event type that it may name, and some tenths of a second. */
const SCHEMAS = 100_000;

export function newEffort(): Effort {
  return { left: SCHEMAS };
}

/** The type of the values that fit a schema. */
export function typeOf(schema: JsonSchema, effort: Effort): Type {
  return within(schema, schema, effort);
}

/**
 * @param outer the schema that `$ref` begins at
 * @param seen schemas that were applied to the same value already: they may refer to each other in a circle
 */
function within(schema: JsonSchema, outer: JsonSchema, effort: Effort, seen = new Set<SchemaObject>()): Type {
  if (!isObject(schema) || seen.has(schema) || effort.left-- <= 0) return anything;
  seen.add(schema);
  // A schema with an `$id` is a document of its own, whatever it is part of.
  const root = typeof schema.$id === "string" ? schema : outer;
  const parts: Type[] = [own(schema, root, effort)];
  for (const keyword of ["anyOf", "oneOf"]) {
    const branches = schema[keyword];
    if (Array.isArray(branches) && branches.length > 0)
      parts.push(eitherOf(branches.filter((one) => one !== false).map((one: JsonSchema) => within(one, root, effort, seen))));
  }
  if (Array.isArray(schema.allOf)) parts.push(...schema.allOf.map((one: JsonSchema) => within(one, root, effort, seen)));
  if (typeof schema.$ref === "string") {
    const target = targetOf(schema.$ref, root);
    if (target !== undefined) parts.push(within(target, root, effort, seen));
  }
  return allOf(parts);
}

const nodes = new WeakMap<SchemaObject, ReadonlyMap<string, JsonSchema>>();

function targetOf(ref: string, root: JsonSchema): JsonSchema | undefined {
  if (!ref.startsWith("#") || !isObject(root)) return undefined;
  const known = nodes.get(root) ?? nodesOf(root);
  nodes.set(root, known);
  const pointer = pointerOf(ref, known);
  return pointer === undefined ? undefined : known.get(pointer);
}

/** What a schema's own keywords say, without the schemas that it combines. */
function own(schema: SchemaObject, root: JsonSchema, effort: Effort): Type {
  const values = valuesIn(schema);
  const kinds = kindsOf(schema, values);
  const { properties, patternProperties, additionalProperties = true } = schema;
  const declared = isObject(properties) ? properties : {};
  if (kinds === ANY && properties === undefined && additionalProperties === true && schema.items === undefined) return anything;
  return {
    kinds,
    member: (name) => {
      const isDeclared = Object.hasOwn(declared, name);
      if (!isDeclared && patternProperties !== undefined) return anything;
      const member = (isDeclared ? declared[name] : additionalProperties) as JsonSchema;
      return member === false ? undefined : within(member, root, effort);
    },
    names: () => Object.keys(declared).filter((name) => declared[name] !== false),
    element: () => (schema.prefixItems === undefined ? allOf(itemIn(schema, 0).map((item) => within(item, root, effort))) : anything),
    ...(values?.every((value) => typeof value === "string") ? { strings: values } : {}),
  };
}

function kindsOf(schema: SchemaObject, values: readonly unknown[] | undefined): number {
  const byType = typesOf([schema]).reduce((all, type) => all | KINDS[type], 0);
  const byValue = values?.reduce((all: number, value) => all | kindOf(value), 0) ?? ANY;
  // Nothing fits: as above.
  return byType & byValue || ANY;
}

/** The values that a schema lists. */
function valuesIn(schema: SchemaObject): readonly unknown[] | undefined {
  const values = valuesOf(schema);
  return Array.isArray(values) ? values : undefined;
}
