/** What a definition over HTTP has to know about a category, wherever it was declared. */

import * as z from "zod";
import type { DataSchema } from "../core/event.ts";
import type { CategoryInCode } from "../definitions/in-code.ts";
import { type Definition, factTypeOf, readDefinition } from "../definitions/over-http/category.ts";
import type { CategoryShape } from "../definitions/over-http/surroundings.ts";
import type { JsonSchema } from "../schemas/json-schema.ts";
import type { NamedCategory } from "./catalog-protocol.ts";

/** Worked out once per isolate. */
const inCode = new WeakMap<CategoryInCode, CategoryShape>();

export function shapeInCode(declared: CategoryInCode): CategoryShape {
  const known = inCode.get(declared);
  if (known) return known;
  const { name, kind } = declared;
  const events = Object.entries(declared.events as Readonly<Record<string, DataSchema>>).map(
    ([type, schema]) => [type, z.toJSONSchema(schema, { io: "output", unrepresentable: "any" }) as JsonSchema] as const,
  );
  const key = declared.kind === "plain" && declared.key !== undefined ? { key: declared.key } : {};
  const shape = { name, kind, strict: true, events: Object.fromEntries(events), ...key, source: declared };
  inCode.set(declared, shape);
  return shape;
}

/** One of the catalog. Its events are stored as readers get them: nothing lifts them. */
export function shapeOf({ name, status, kind, definition: text }: NamedCategory): CategoryShape {
  const definition = status === "code" ? (JSON.parse(text) as Definition) : readDefinition(name, text);
  const { key, strict, events, facts } = definition;
  return {
    name,
    kind: kind === undefined || kind === "plain" ? "plain" : "aggregate",
    strict,
    events,
    ...(key === undefined ? {} : { key }),
    ...(facts ? { factType: factTypeOf(name) } : {}),
    source: { name, events: {} },
  };
}
