/** Turns zod schemas into the JSON Schemas of the document. */

import * as z from "zod";
import { DefinitionIn } from "../../definitions/over-http/category.ts";
import { JsonObject } from "../append.ts";
import { Envelope } from "../cloudevents.ts";
import { UUID } from "../../core/names.ts";
import { isSchema } from "../../core/zod-form.ts";
import { WholeNumber } from "../request.ts";
import { COMPONENTS } from "./components.ts";

/** A JSON Schema of draft 2020-12, which OpenAPI 3.1 has adopted. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/** Schemas that zod cannot express in JSON Schema, or expresses too narrowly. */
const SPECIAL = new Map<unknown, JsonSchema>([
  [JsonObject, { type: "object", additionalProperties: true }],
  [Envelope.shape.data, { type: "object", additionalProperties: true }],
  [
    DefinitionIn.shape.events.unwrap(),
    { type: "object", additionalProperties: { type: ["object", "boolean"], additionalProperties: true } },
  ],
  [DefinitionIn.shape.schema.unwrap(), { type: ["object", "boolean"], additionalProperties: true }],
]);

const WHOLE_NUMBER = z.toJSONSchema(WholeNumber, { io: "input" }).pattern;

/** The schemas of one document: its components, and what refers to them. */
export class Schemas {
  readonly components: Record<string, JsonSchema> = {};
  readonly #references = new Map<unknown, JsonSchema>();

  constructor() {
    for (const [name, schema] of Object.entries(COMPONENTS)) this.#references.set(schema, referenceTo(name));
    for (const [name, schema] of Object.entries(COMPONENTS)) this.define(name, (place) => this.#toJson(schema, "input", place));
  }

  /** Makes a component, and returns a reference to it. `make` gets its place: `#/components/schemas/order.OrderPlaced`. */
  define(name: string, make: (place: string) => JsonSchema): JsonSchema {
    // Names of components allow fewer characters than names of events: two may become the same.
    let unique = name.replaceAll(/[^A-Za-z0-9._-]/g, "_");
    while (Object.hasOwn(this.components, unique)) unique += "_";
    const reference = referenceTo(unique);
    this.components[unique] = make(reference.$ref);
    return reference;
  }

  /** A schema of the app: of values as clients send them, or as they are stored. Its references begin at this place, where it is put. */
  ofApp(schema: z.ZodType, io: "input" | "output", place: string): JsonSchema {
    return toJson(schema, io, place, new Map());
  }

  /** One of our own schemas: a reference if it is a component, else the schema itself. */
  ofOurs(schema: z.ZodType | JsonSchema): JsonSchema {
    if (!isSchema(schema)) return schema;
    return this.#references.get(schema) ?? this.#toJson(schema, "input", "#");
  }

  #toJson(schema: z.ZodType, io: "input" | "output", place: string): JsonSchema {
    return toJson(schema, io, place, this.#references);
  }
}

/** A schema of the app on its own: of values as clients send them. */
export function inputSchemaOf(schema: z.ZodType): JsonSchema {
  return toJson(schema, "input", "#", new Map());
}

function referenceTo(component: string) {
  return { $ref: `#/components/schemas/${component}` };
}

function toJson(schema: z.ZodType, io: "input" | "output", place: string, references: ReadonlyMap<unknown, JsonSchema>): JsonSchema {
  const { $schema: _draft, ...json } = z.toJSONSchema(schema, {
    io,
    unrepresentable: "any",
    override({ zodSchema, jsonSchema, path }) {
      const reference = path.length === 0 ? undefined : references.get(zodSchema);
      if (reference) replace(jsonSchema, Object.keys(jsonSchema), reference);
      const special = SPECIAL.get(zodSchema);
      if (special) replace(jsonSchema, [], special);
      // The same in JSON Schema, but generators of clients read `{}` as an object without members.
      if (isAnything(jsonSchema.additionalProperties)) jsonSchema.additionalProperties = true;
      // In a query a number is a string; readers of the document want to know that it is a number.
      if (jsonSchema.pattern === WHOLE_NUMBER) replace(jsonSchema, ["pattern"], { type: "integer", minimum: 0 });
      // Patterns in JSON Schema are case-sensitive; ours is not.
      if (jsonSchema.pattern === UUID.source) replace(jsonSchema, ["pattern"], { format: "uuid" });
    },
  });
  return rebased(json, place) as JsonSchema;
}

function isAnything(schema: unknown): boolean {
  return typeof schema === "object" && schema !== null && Object.keys(schema).length === 0;
}

function replace(schema: Record<string, unknown>, keywords: readonly string[], by: JsonSchema): void {
  for (const keyword of keywords) delete schema[keyword];
  Object.assign(schema, by);
}

/** The same JSON, with references to its root (`#`, `#/$defs/…`) changed to begin at the place. */
function rebased(json: unknown, place: string): unknown {
  if (Array.isArray(json)) return json.map((one) => rebased(one, place));
  if (typeof json !== "object" || json === null) return json;
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => [
      name,
      name === "$ref" && typeof value === "string" && /^#(?:$|\/\$defs\/)/.test(value) ? place + value.slice(1) : rebased(value, place),
    ]),
  );
}
