/** Views as definitions over HTTP make them: for suites that views in code pass, too. */

import * as z from "zod";
import type { CategoryShape } from "../../../src/definitions/over-http/surroundings.ts";
import { type ViewDefinition, checkView, parseView, viewFrom } from "../../../src/definitions/over-http/view.ts";
import type { View } from "../../../src/definitions/views/view.ts";
import type { Category } from "../../../src/index.ts";
import { reading } from "../app.ts";
import { quietStore } from "../delivery/support.ts";

const shapeOf = (source: Category): CategoryShape => ({
  name: source.name,
  kind: "plain",
  strict: true,
  events: Object.fromEntries(Object.entries(source.events).map(([type, schema]) => [type, z.toJSONSchema(schema) as never])),
  source,
});
const around = { categories: new Map([reading].map((one) => [one.name, shapeOf(one)])), views: new Map() };

/** @param at when it was declared: a later one takes the name over */
export function declared(name: string, definition: ViewDefinition, at = 1, incarnation = 1): View {
  const parsed = parseView(name, definition);
  const issues = "issues" in parsed ? parsed.issues : checkView(name, parsed, around);
  if (issues.length > 0) throw new TypeError(JSON.stringify(issues));
  return viewFrom(name, definition, around, { incarnation, at });
}

/** A store whose catalog declares these views. They are the same as those that {@link declared} makes without a catalog. */
export async function storeWith(name: string, definitions: Readonly<Record<string, ViewDefinition>>) {
  const store = quietStore(name);
  for (const [view, definition] of Object.entries(definitions)) {
    const response = await store.send("PUT", `/views/${view}`, definition);
    if (response.status !== 201) throw new Error(`${view}: ${response.status} ${await response.text()}`);
  }
  return store;
}
