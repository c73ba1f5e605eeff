/**
 * The lines of an export that are no events: what the store has declared. Categories come before the events, whose streams need them; views,
 * processors and sources come after the events, so that a processor goes on where it was; and what was retired is retired last.
 */

import * as z from "zod";
import { NAME } from "../core/names.ts";
import { type Definition, declarationOf, historyOf, readDefinition } from "../definitions/over-http/category.ts";
import { reportConsumers } from "../operations/report.ts";
import type { JsonSchema } from "../schemas/json-schema.ts";
import type { CategoryExport } from "../store/catalog-protocol.ts";
import type { Store } from "../store/store.ts";
import { line } from "./ndjson.ts";

const Json = z.looseObject({});
const Named = z.strictObject({ eventType: z.string(), version: z.int().positive(), schema: z.union([z.boolean(), Json]) });

/** What such a line has under `definition`. */
export const DefinitionLine = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("category"),
    name: z.string().regex(NAME),
    /** As `PUT` takes it; absent: it is only retired. */
    definition: Json.optional(),
    /** Schemas that newer versions of their event types have replaced. */
    earlier: z.array(Named).optional(),
    retired: z.literal(true).optional(),
  }),
  z.strictObject({
    kind: z.enum(["view", "processor", "source"]),
    name: z.string().regex(NAME),
    definition: Json,
    /** How far a processor has read the log. */
    position: z.int().nonnegative().optional(),
  }),
]);
export type DefinitionLine = z.output<typeof DefinitionLine>;

const BEGINNING = /^\s*\{\s*"definition"\s*:/;

export function isDefinitionLine(text: string): boolean {
  return BEGINNING.test(text);
}

function lineOf(definition: z.input<typeof DefinitionLine>): string {
  return line(JSON.stringify({ definition }));
}

/** A line for each category. */
export async function* categoryLines({ catalog }: Store): AsyncGenerator<string, void> {
  for await (const { name, definition: text, earlier, retired } of exportedCategories(catalog)) {
    yield lineOf({
      kind: "category",
      name,
      definition: declarationOf(name, readDefinition(name, text)),
      ...(earlier.length > 0 ? { earlier: earlier.map((one) => ({ ...one, schema: JSON.parse(one.schema) as JsonSchema })) } : {}),
      ...(retired ? { retired } : {}),
    });
  }
}

/** A line for each view, each processor and each source, and one for each retired category. */
export async function* consumerLines(given: Store): AsyncGenerator<string, void> {
  const store = given.remembering();
  const { all } = await store.definitions.overHttp();
  const processors = new Set(all.filter(({ kind }) => kind === "processor").map(({ name }) => name));
  const reports = processors.size > 0 ? await reportConsumers(store, (name) => processors.has(name)) : [];
  for (const { kind, name, definition } of all) {
    const { position } = reports.find((report) => report.name === name && !store.definitions.isShadowed(name)) ?? {};
    yield lineOf({
      kind,
      name,
      definition: JSON.parse(definition) as Record<string, unknown>,
      ...(position === undefined ? {} : { position }),
    });
  }
  for await (const { name, retired } of exportedCategories(store.catalog)) if (retired) yield lineOf({ kind: "category", name, retired });
}

/** All of them, retired ones included, a page at a time. */
export async function* exportedCategories(catalog: Store["catalog"]): AsyncGenerator<CategoryExport, void> {
  for (let after = ""; ;) {
    const some = await catalog.exportCategories(after);
    yield* some;
    const last = some.at(-1);
    if (!last) return;
    after = last.name;
  }
}

/** What is to be declared one after the other, so that a category comes to its definition and keeps the earlier schemas. */
export function declarationsOf(name: string, present: Definition, earlier: readonly z.output<typeof Named>[]): unknown[] {
  return historyOf(present, earlier as readonly { eventType: string; version: number; schema: JsonSchema }[]).map((one) =>
    declarationOf(name, one),
  );
}
