/**
 * Whether stored data fits the schema of its event type. What is stored is the schema's output, which zod checks by encoding; where a schema
 * transforms and cannot be encoded, the JSON Schema of its output says what it can say.
 */

import * as z from "zod";
import type { DataSchema } from "../../core/event.ts";
import { misfits } from "../../core/misfit.ts";
import { compileChecker, newEffort } from "../../schemas/checker.ts";
import { type JsonSchema, isObject } from "../../schemas/json-schema.ts";
import { openly } from "../../schemas/openly.ts";
import { schemaIssues } from "../../schemas/schema-check.ts";

interface Misfit {
  /** `data.lines.0.sku` without `data`; empty: the data as a whole. */
  readonly path: string;
  readonly what: string;
}

/** @param text the data as JSON text */
export type Fit = (data: object, text: string) => Misfit | undefined;

export function fitOf(schema: DataSchema): Fit {
  const byJsonSchema = jsonSchemaFit(schema);
  return (data, text) => byZod(schema, data) ?? byJsonSchema(data, text);
}

/** Undefined: it fits, or zod cannot say. */
function byZod(schema: DataSchema, data: object): Misfit | undefined {
  let encoded: { readonly success: boolean; readonly error?: z.ZodError };
  try {
    encoded = z.safeEncode(schema, data as never);
  } catch {
    return undefined; // a transform, which has no way back
  }
  const { error } = encoded;
  // Readers ignore members that the schema does not name. The JSON Schema decides whether anything else is wrong.
  if (!error || namesUnknown(error.issues)) return undefined;
  return { path: error.issues[0]!.path.map(String).join("."), what: misfits("data", data, error) };
}

function namesUnknown(issues: readonly z.core.$ZodIssue[]): boolean {
  return issues.some((issue) => issue.code === "unrecognized_keys" || (issue.code === "invalid_union" && issue.errors.some(namesUnknown)));
}

/** Without formats and patterns: zod's own differ from JSON Schema's, and have been checked by zod where that is possible. */
function jsonSchemaFit(schema: DataSchema): Fit {
  const asked = withoutTexts(openly(z.toJSONSchema(schema, { unrepresentable: "any" }) as JsonSchema));
  if (schemaIssues(asked).length > 0) return () => undefined;
  const check = compileChecker(asked);
  return (data, text) => {
    const [issue] = check(data, text, newEffort());
    return issue && { path: issue.path, what: `\`${["data", issue.path].filter(Boolean).join(".")}\` ${issue.message}` };
  };
}

/** Members of a schema that name other schemas: their own names are no keywords. */
const NAMED = new Set(["properties", "$defs"]);

function withoutTexts<Value>(schema: Value, isSchema = true): Value {
  if (Array.isArray(schema)) return schema.map((one: unknown) => withoutTexts(one)) as Value;
  if (!isObject(schema)) return schema;
  const kept = Object.entries(schema).filter(([keyword]) => !isSchema || (keyword !== "format" && keyword !== "pattern"));
  return Object.fromEntries(kept.map(([keyword, value]) => [keyword, withoutTexts(value, !NAMED.has(keyword))])) as Value;
}
