/** JSON Schemas for people to read: in the notation of TypeScript, with further requirements as comments; and examples of their values. */

import type { JsonSchema } from "./schema.ts";

export type Components = Readonly<Record<string, JsonSchema>>;

const COMPONENT = "#/components/schemas/";
/** What a schema requires beyond its type. */
const DEMANDS = ["format", "minimum", "exclusiveMinimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "default"];

/** The schema as text. Names of components replace their schemas. */
export function notationOf(schema: JsonSchema, indent = ""): string {
  const { $ref, allOf, properties, items, additionalProperties } = schema;
  if (typeof $ref === "string") return componentOf($ref) ?? "unknown";
  if ("const" in schema) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum)) return schema.enum.map((one) => JSON.stringify(one)).join(" | ");
  const alternatives = (schema.anyOf ?? schema.oneOf) as JsonSchema[] | undefined;
  if (alternatives) return alternatives.map((one) => notationOf(one, indent)).join(" | ");
  if (Array.isArray(allOf)) {
    const { allOf: _all, ...rest } = schema;
    return [...allOf, ...(rest.properties ? [rest] : [])].map((one) => notationOf(one, indent)).join(" & ");
  }
  if (items !== undefined) return `${inBrackets(notationOf(items as JsonSchema, indent))}[]`;
  if (properties && Object.keys(properties).length > 0) return objectNotation(schema, indent);
  if (schema.type === "object") {
    const values = typeof additionalProperties === "object" && additionalProperties !== null ? (additionalProperties as JsonSchema) : {};
    return additionalProperties === false ? "{}" : `{ [name]: ${notationOf(values, indent)} }`;
  }
  return Array.isArray(schema.type) ? schema.type.join(" | ") : typeof schema.type === "string" ? schema.type : "any";
}

/** Brackets around alternatives, which a following `[]` would tear apart. */
function inBrackets(notation: string): string {
  return / [|&] /.test(notation) && !notation.startsWith("{") ? `(${notation})` : notation;
}

function objectNotation({ properties, required }: JsonSchema, indent: string): string {
  const names = new Set(required as string[] | undefined);
  const lines = Object.entries(properties as Record<string, JsonSchema>).map(([name, property]) => {
    const comment = demandsOf(property);
    return `${indent}  ${name}${names.has(name) ? "" : "?"}: ${notationOf(property, `${indent}  `)}${comment ? `  // ${comment}` : ""}\n`;
  });
  return `{\n${lines.join("")}${indent}}`;
}

/** What the schema requires besides its type, in a line. */
export function demandsOf(schema: JsonSchema): string {
  const demands = DEMANDS.flatMap((name) => {
    const value = schema[name];
    // The limits of JavaScript's whole numbers are no use to a reader.
    return value === undefined || value === Number.MAX_SAFE_INTEGER || value === Number.MIN_SAFE_INTEGER
      ? []
      : [`${name} ${typeof value === "string" ? value : JSON.stringify(value)}`];
  });
  // A format describes it better than its pattern.
  const pattern = typeof schema.pattern === "string" && schema.format === undefined ? [`matches ${schema.pattern}`] : [];
  return [...(typeof schema.description === "string" ? [schema.description] : []), ...demands, ...pattern].join("; ");
}

/** A value that shows the schema's form: its required parts. It ignores patterns. */
export function exampleOf(schema: JsonSchema, components: Components, depth = 0): unknown {
  const { $ref, properties, required, items } = schema;
  const within = (one: unknown) => exampleOf(one as JsonSchema, components, depth + 1);
  if (typeof $ref === "string") return depth > 8 ? {} : within(components[componentOf($ref) ?? ""] ?? {});
  if ("default" in schema) return schema.default;
  if ("const" in schema) return schema.const;
  const first = [schema.enum, schema.examples].find((values) => Array.isArray(values));
  if (first) return first[0];
  const alternatives = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (Array.isArray(alternatives)) return within(alternatives[0]);
  if (properties || schema.type === "object") {
    const names = (required as string[] | undefined) ?? [];
    return Object.fromEntries(names.map((name) => [name, within((properties as Record<string, unknown>)[name])]));
  }
  if (schema.type === "array") return depth > 8 ? [] : [within(items ?? {})];
  if (schema.type === "integer" || schema.type === "number")
    return Number(schema.minimum ?? (typeof schema.exclusiveMinimum === "number" ? schema.exclusiveMinimum + 1 : 1));
  if (schema.type === "boolean") return true;
  if (schema.type === "null") return null;
  return schema.format === "date-time" ? "2026-11-21T06:00:00Z" : "text";
}

export function componentOf(reference: string): string | undefined {
  return reference.startsWith(COMPONENT) ? reference.slice(COMPONENT.length).split("/")[0] : undefined;
}
