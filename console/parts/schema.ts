/** What a form has to know of a JSON Schema: its references resolved, its alternatives, and a value to begin with. */

export type Schema = boolean | SchemaObject;
// oxlint-disable-next-line typescript/no-explicit-any -- keywords have any value
export type SchemaObject = Readonly<Record<string, any>>;

/** Levels of a value to begin with, and alternatives within alternatives: some schemas contain themselves. */
export const MAX_DEPTH = 6;

/** The schema with what it refers to, and with all of `allOf`, in one. */
export function resolved(schema: Schema | undefined, root: Schema, seen = new Set<Schema>()): SchemaObject {
  if (!isObject(schema) || seen.has(schema)) return {};
  seen.add(schema);
  const { $ref: reference, allOf, ...rest } = schema;
  if (reference === undefined && allOf === undefined) return schema;
  const parts = [...(typeof reference === "string" ? [targetOf(reference, root)] : []), ...(Array.isArray(allOf) ? allOf : [])];
  const all = [rest, ...parts.map((part) => resolved(part as Schema, root, seen))].toReversed();
  const merged: SchemaObject = Object.assign({}, ...all);
  // Not by assignment: one may be called `__proto__`.
  const properties = Object.fromEntries(all.flatMap((one) => Object.entries((one.properties ?? {}) as SchemaObject)));
  return {
    ...merged,
    ...(Object.keys(properties).length === 0
      ? {}
      : { properties, required: all.flatMap(({ required }) => (Array.isArray(required) ? required : [])) }),
  };
}

function targetOf(reference: string, root: Schema): Schema | undefined {
  let target: unknown = reference.startsWith("#") ? root : undefined;
  for (const part of reference.split("/").slice(1)) target = memberOf(target, unescaped(part));
  return target as Schema | undefined;
}

function unescaped(part: string): string {
  try {
    return decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
  } catch {
    return part;
  }
}

function isObject(value: unknown): value is SchemaObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The schemas of which a value takes one; undefined: there is no choice. */
export function choicesOf(schema: SchemaObject, root: Schema): readonly SchemaObject[] | undefined {
  const { anyOf, oneOf, type, ...rest } = schema;
  const alternatives = anyOf ?? oneOf;
  if (Array.isArray(alternatives)) return alternatives.map((one) => ({ ...rest, type, ...resolved(one, root) }));
  return Array.isArray(type) ? type.map((one: unknown) => ({ ...schema, type: one })) : undefined;
}

export function typeOf(schema: SchemaObject): string {
  if (typeof schema.type === "string") return schema.type;
  if (schema.properties || typeof schema.additionalProperties === "object") return "object";
  return schema.items || schema.prefixItems ? "array" : "";
}

/** A name for one of several alternatives. */
export function nameOf(schema: SchemaObject): string {
  const { title, const: only, properties } = schema;
  if (typeof title === "string") return title;
  if (only !== undefined) return JSON.stringify(only);
  // The member that tells alternatives apart, if there is one.
  const fixed = Object.values((properties ?? {}) as Record<string, SchemaObject>).find((one) => one.const !== undefined);
  return fixed ? String(fixed.const) : typeOf(schema) || "anything";
}

/** Whether a value is of this alternative, as far as one sees at once. */
export function isOf(schema: SchemaObject, value: unknown, root: Schema): boolean {
  if ("const" in schema) return JSON.stringify(schema.const) === JSON.stringify(value);
  if (Array.isArray(schema.enum)) return schema.enum.includes(value);
  const type = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
  const wanted = typeOf(schema).replace("integer", "number");
  if (wanted !== "" && wanted !== type) return false;
  return membersOf(schema, root).every(({ name, schema: its, isRequired }) => {
    const own = memberOf(value, name);
    return own === undefined ? !isRequired : its.const === undefined || its.const === own;
  });
}

export interface Member {
  readonly name: string;
  readonly schema: SchemaObject;
  readonly isRequired: boolean;
}

export function membersOf(schema: SchemaObject, root: Schema): Member[] {
  const required = new Set<unknown>(Array.isArray(schema.required) ? schema.required : []);
  return Object.entries((schema.properties ?? {}) as Record<string, Schema>).map(([name, one]) => ({
    name,
    schema: resolved(one, root),
    isRequired: required.has(name),
  }));
}

/** An object's own member: one may be called `__proto__`. */
export function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

/** A value to begin with: what must be there, by the schema's own examples and defaults where it has some. */
export function beginning(given: Schema | undefined, root: Schema, name = "", depth = 0): unknown {
  if (depth > MAX_DEPTH) return null;
  const schema = resolved(given, root);
  const { examples, default: preset, const: only, enum: list, minItems = 0, minimum, exclusiveMinimum, pattern, format } = schema;
  if (only !== undefined) return only;
  if (preset !== undefined) return preset;
  if (Array.isArray(examples) && examples.length > 0) return examples[0];
  if (Array.isArray(list)) return list[0];
  const choices = choicesOf(schema, root);
  if (choices) return beginning(choices[0], root, name, depth + 1);
  switch (typeOf(schema)) {
    case "object":
      return Object.fromEntries(
        membersOf(schema, root).flatMap((one) => (one.isRequired ? [[one.name, beginning(one.schema, root, one.name, depth + 1)]] : [])),
      );
    case "array":
      return minItems > 0 ? [beginning(schema.items, root, name.replace(/s$/, ""), depth + 1)] : [];
    case "number":
    case "integer":
      // The least that it may be, or what people try first.
      return Math.max(1, minimum ?? 1, exclusiveMinimum === undefined ? 1 : exclusiveMinimum + 1);
    case "boolean":
      return false;
    case "null":
      return null;
    default:
      return format === "date-time" ? new Date().toISOString() : pattern === undefined || fits(pattern, name) ? name : "";
  }
}

function fits(pattern: string, text: string): boolean {
  try {
    return new RegExp(pattern, "u").test(text);
  } catch {
    return false;
  }
}

/** Text that is not JSON yet, in place of its value: no call can be sent with it. */
export class Unparsed {
  readonly text: string;
  readonly problem: string;
  constructor(text: string, problem: string) {
    this.text = text;
    this.problem = problem;
  }
}

export function hasUnparsed(value: unknown): boolean {
  if (value instanceof Unparsed) return true;
  return typeof value === "object" && value !== null && Object.values(value).some(hasUnparsed);
}

export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return new Unparsed(text, (error as Error).message);
  }
}
