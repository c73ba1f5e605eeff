/**
 * Schemas that refuse what they would drop. A zod object drops members that it does not declare, so a misspelt optional member of a command
 * or a fact would be acknowledged and never stored. What a schema itself declares stays: `z.looseObject`, `z.strictObject` and
 * `.catchall(…)` keep their meaning.
 */

import * as z from "zod";
import type { Issue } from "./issue.ts";
import { isSchema } from "./zod-form.ts";

const known = new WeakMap<z.ZodType, z.ZodType>();

/** Whether data fits a schema. A schema that throws accepts nothing. */
export function accepts(schema: z.ZodType, data: unknown, strict: boolean): boolean {
  try {
    const parsed = (strict ? strictly(schema) : schema).safeParse(data);
    return parsed.success && droppedMembers(data, parsed.data).length === 0;
  } catch {
    return false;
  }
}

/**
 * The data without the members that its schema would drop. Then the receiver can be strict about it, and code that does not know a member
 * does not silently drop what the sender's code means. Not exact: the data does not fit the schema, or fits it in a way that does not show
 * which members it would drop.
 */
export function withoutUnknown<Data>(schema: z.ZodType, data: Data): { readonly data: Data; readonly exact: boolean } {
  try {
    const strict = strictly(schema);
    const first = strict.safeParse(data);
    if (first.success) return { data, exact: true };
    const unknown = first.error.issues.flatMap((issue) => (issue.code === "unrecognized_keys" ? [issue] : []));
    if (unknown.length < first.error.issues.length) return { data, exact: false };
    const pruned = structuredClone(data);
    for (const { path, keys } of unknown) {
      const holder = path.reduce((value: unknown, step) => (value as Record<PropertyKey, unknown>)[step], pruned);
      for (const key of keys) delete (holder as Record<string, unknown>)[key];
    }
    return strict.safeParse(pruned).success ? { data: pruned, exact: true } : { data, exact: false };
  } catch {
    return { data, exact: false };
  }
}

/**
 * The same schema, in which every object that does not declare what to do with other members refuses them, to any depth. Made once for each
 * schema.
 */
export function strictly(schema: z.ZodType): z.ZodType {
  const ready = known.get(schema) ?? made(schema);
  known.set(schema, ready);
  return ready;
}

/** Definitions within zod's schemas, as far as they contain other schemas. */
interface Definition {
  readonly type: string;
  readonly shape?: Record<string, z.ZodType>;
  readonly catchall?: z.ZodType;
  readonly in?: z.ZodType;
  readonly getter?: () => z.ZodType;
}

/** Members of a definition that hold a schema, or a list of schemas. */
const HOLDERS = ["element", "innerType", "options", "items", "rest", "valueType", "left", "right"] as const;

function made(schema: z.ZodType): z.ZodType {
  const definition = schema.def as Definition & { readonly [member: string]: unknown };
  if (definition.type === "object") return copy(schema, strictObject(definition));
  if (definition.type === "lazy") return copy(schema, { ...definition, getter: () => strictly((definition.getter as () => z.ZodType)()) });
  if (definition.type === "pipe") {
    // The output of a function is not what was sent; but a function that comes first only prepares it.
    const place = (definition.in as z.ZodType).def.type === "transform" ? "out" : "in";
    return copy(schema, { ...definition, [place]: strictly(definition[place] as z.ZodType) });
  }
  const changed: Record<string, unknown> = {};
  for (const holder of HOLDERS) {
    const held = definition[holder];
    if (Array.isArray(held)) changed[holder] = held.map((one: z.ZodType) => strictly(one));
    else if (isSchema(held)) changed[holder] = strictly(held);
  }
  return Object.keys(changed).length === 0 ? schema : copy(schema, { ...definition, ...changed });
}

/** The shape is made only when it is needed: a schema may contain itself. */
function strictObject(definition: Definition): object {
  const { shape: _shape, ...others } = Object.getOwnPropertyDescriptors(definition);
  const copied: object = Object.defineProperties({}, others);
  return Object.defineProperties(copied, {
    catchall: { value: definition.catchall ?? z.never(), enumerable: true },
    shape: {
      configurable: true,
      enumerable: true,
      get() {
        const shape = Object.fromEntries(Object.entries(definition.shape ?? {}).map(([name, member]) => [name, strictly(member)]));
        Object.defineProperty(copied, "shape", { value: shape });
        return shape;
      },
    },
  });
}

/** Including its name and description, which zod keeps by instance. */
function copy(schema: z.ZodType, definition: object): z.ZodType {
  return schema.clone(definition as typeof schema.def, { parent: true });
}

/** The name that zod drops wherever names are free, because assigning it would change an object's prototype. */
const PROTO = "__proto__";

/**
 * Members named `__proto__` that a value has and that the schema's result lacks, at any depth. Only `JSON.parse` makes them members at all.
 */
export function droppedMembers(value: unknown, result: unknown): Issue[] {
  if (!hasPlace(value)) return []; // as nearly always
  const sent = placesOf(value);
  if (sent.length <= placesOf(result).length) return [];
  return sent.map((path) => ({ path, message: `a member cannot be called ${PROTO} here` }));
}

function hasPlace(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Object.hasOwn(value, PROTO) || Object.values(value).some(hasPlace);
}

function placesOf(value: unknown, path = ""): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, member]: [string, unknown]) => {
    const place = path === "" ? name : `${path}.${name}`;
    return name === PROTO ? [place, ...placesOf(member, place)] : placesOf(member, place);
  });
}
