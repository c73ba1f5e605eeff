/** The columns of views that are declared over HTTP: their types, and those that a category's schemas make. Pure. */

import * as z from "zod";
import type { JsonValue } from "../../core/event.ts";
import { type JsonSchema, type SchemaObject, isObject, isSchema, nodesOf, pointerOf } from "../../schemas/json-schema.ts";
import { DECLARED_VIEW_COLUMNS } from "../limits.ts";
import type { RowSchema } from "../views/named-query.ts";
import type { CategoryShape } from "./surroundings.ts";

/** `number` is a double, `integer` a whole number up to 2^53 in size, `json` any JSON. */
export const COLUMN_TYPES = ["string", "number", "integer", "boolean", "json"] as const;
export type ColumnType = (typeof COLUMN_TYPES)[number];

const SCHEMA: Record<ColumnType, () => z.ZodType<JsonValue>> = {
  string: () => z.string(),
  number: () => z.number(),
  integer: () => z.int(),
  boolean: () => z.boolean(),
  json: () => z.json(),
};

const KIND: Record<ColumnType, string> = {
  string: "a string",
  number: "a number",
  integer: "a whole number",
  boolean: "true or false",
  json: "JSON",
};

/** What errors call the content of a column. */
export function kindOfColumn(type: ColumnType, nullable: boolean): string {
  if (!nullable) return KIND[type];
  return type === "boolean" ? "true, false or null" : `${KIND[type]} or null`;
}

/** Whether a column may be empty: null is a value that the latest event may have, but not one that sums and counts have. */
export function isNullable({
  type,
  init,
  fold,
}: {
  readonly type: ColumnType;
  readonly init?: JsonValue;
  readonly fold?: string;
}): boolean {
  return type === "json" || fold === undefined || init === null;
}

/** Whether a column of this type can keep the value as it is. */
export function fitsColumn(type: ColumnType, value: unknown, nullable: boolean): boolean {
  if (value === null) return nullable;
  switch (type) {
    case "string":
      return typeof value === "string";
    case "number":
      return typeof value === "number" && Number.isFinite(value);
    case "integer":
      return Number.isSafeInteger(value);
    case "boolean":
      return typeof value === "boolean";
    case "json":
      return value !== undefined;
  }
}

/** The schema of a row. */
export function rowOf(columns: readonly (readonly [name: string, type: ColumnType, nullable: boolean])[]): RowSchema {
  return z.object({
    id: z.string(),
    ...Object.fromEntries(columns.map(([name, type, nullable]) => [name, nullable ? SCHEMA[type]().nullable() : SCHEMA[type]()])),
  });
}

/** The schema of a row that is the latest data as it is: other members may be there, too. */
export function wholeRowOf(members: readonly Member[]): RowSchema {
  return z.looseObject({ id: z.string(), ...Object.fromEntries(members.map(({ name, type }) => [name, SCHEMA[type]().nullish()])) });
}

/** The JSON Schema of a column's values, for the expressions that see it. */
export function valuesOf(type: ColumnType, nullable: boolean): JsonSchema {
  if (type === "json") return true;
  return { type: nullable ? [type, "null"] : type };
}

/** A member of data that can be queried. */
export interface Member {
  readonly name: string;
  readonly type: Exclude<ColumnType, "json">;
}

/**
 * The members of these categories' events that get columns: those that their schemas name, that hold one type of scalars wherever they are
 * named, and that can be columns.
 *
 * @param isColumn whether a column can have the name, among all of them
 */
export function membersOf(
  categories: readonly CategoryShape[],
  types: readonly string[] | undefined,
  isColumn: (name: string, names: readonly string[]) => boolean,
): Member[] {
  const found = new Map<string, Set<string>>();
  const schemas = categories.flatMap(({ events }) =>
    Object.entries(events).flatMap(([type, schema]) => (types === undefined || types.includes(type) ? [schema] : [])),
  );
  for (const schema of schemas) {
    const nodes = nodesOf(schema);
    for (const [name, property] of propertiesOf(schema, nodes)) {
      const known = found.get(name) ?? new Set();
      for (const one of typesOf(property, nodes) ?? ["anything"]) known.add(one);
      found.set(name, known);
    }
  }
  const names = [...found.keys()];
  const members = [...found].flatMap(([name, kinds]) => {
    const type = scalarOf(kinds);
    return type !== undefined && isColumn(name, names) ? [{ name, type }] : [];
  });
  return members.slice(0, DECLARED_VIEW_COLUMNS);
}

function scalarOf(kinds: ReadonlySet<string>): Member["type"] | undefined {
  const [type, ...others] = [...kinds].filter((one) => one !== "null" && !(one === "integer" && kinds.has("number")));
  if (others.length > 0) return undefined;
  return type === "string" || type === "number" || type === "integer" || type === "boolean" ? type : undefined;
}

/** The schema that this one refers to, or itself. */
function resolved(schema: JsonSchema, nodes: ReadonlyMap<string, JsonSchema>, depth = 0): JsonSchema {
  if (typeof schema === "boolean" || typeof schema.$ref !== "string" || depth >= REFERENCES) return schema;
  const pointer = pointerOf(schema.$ref, nodes);
  return pointer === undefined ? true : resolved(nodes.get(pointer) ?? true, nodes, depth + 1);
}

/** References in a row, and schemas within each other, that are followed. Ours: deeper ones describe anything. */
const REFERENCES = 8;

/** The members that a schema names, where it describes an object as a whole. */
function propertiesOf(schema: JsonSchema, nodes: ReadonlyMap<string, JsonSchema>, depth = 0): (readonly [string, JsonSchema])[] {
  const found = resolved(schema, nodes);
  if (typeof found === "boolean" || depth >= REFERENCES) return [];
  const own = isObject(found.properties) ? Object.entries(found.properties) : [];
  return [
    ...own.flatMap(([name, property]) => (isSchema(property) ? [[name, property] as const] : [])),
    ...["allOf", "anyOf", "oneOf"].flatMap((keyword) => listIn(found, keyword).flatMap((one) => propertiesOf(one, nodes, depth + 1))),
  ];
}

function listIn(schema: SchemaObject, keyword: string): JsonSchema[] {
  const list = schema[keyword];
  return Array.isArray(list) ? list.filter(isSchema) : [];
}

/** The JSON types that values of a schema have; undefined: any. */
function typesOf(schema: JsonSchema, nodes: ReadonlyMap<string, JsonSchema>, depth = 0): string[] | undefined {
  const found = resolved(schema, nodes);
  if (typeof found === "boolean" || depth >= REFERENCES) return undefined;
  if (found.type !== undefined) return [found.type].flat() as string[];
  if ("const" in found) return [typeOf(found.const)];
  if (Array.isArray(found.enum)) return found.enum.map(typeOf);
  const all = listIn(found, "allOf").map((one) => typesOf(one, nodes, depth + 1));
  const known = all.find((one) => one !== undefined);
  if (known) return known;
  const either = [...listIn(found, "anyOf"), ...listIn(found, "oneOf")].map((one) => typesOf(one, nodes, depth + 1));
  return either.length === 0 || either.includes(undefined) ? undefined : either.flatMap((one) => one ?? []);
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Number.isInteger(value)) return "integer";
  return Array.isArray(value) ? "array" : typeof value;
}
