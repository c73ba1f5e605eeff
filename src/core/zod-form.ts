/**
 * What zod makes is recognised by its structure, never by its class: a project may have a second copy of zod, or use `zod/mini`, and
 * their classes are not those that this package imports. A lint rule (scripts/zod-imports.ts) keeps `instanceof` out.
 */

import type * as z from "zod";

export function isSchema(value: unknown): value is z.ZodType {
  return typeof value === "object" && value !== null && "_zod" in value;
}

/** `object`, `array`, `optional` …: the type in the schema's definition; undefined: not a schema. */
export function schemaType(value: unknown): string | undefined {
  return isSchema(value) ? value.def.type : undefined;
}

export function isObjectSchema(value: unknown): value is z.ZodObject {
  return schemaType(value) === "object";
}

export function isZodError(error: unknown): error is z.ZodError {
  return typeof error === "object" && error !== null && "_zod" in error && "issues" in error && Array.isArray(error.issues);
}
