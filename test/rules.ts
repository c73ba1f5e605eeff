/** What tests of processors declared over HTTP share: categories and views around them, and steps that run without a store. */

import * as z from "zod";
import type { DataSchemas, JsonObject, JsonValue, RecordedEvent } from "../src/core/event.ts";
import type { Issue } from "../src/core/issue.ts";
import { factTypeOf, parseDefinition } from "../src/definitions/over-http/category.ts";
import { checkProcessor, parseProcessor, processorFrom } from "../src/definitions/over-http/processor.ts";
import type { CategoryShape, Surroundings } from "../src/definitions/over-http/surroundings.ts";
import type { CategoryInCode } from "../src/definitions/in-code.ts";
import type { Rules } from "../src/definitions/processors/rules.ts";
import type { Emission, Target } from "../src/definitions/processors/rules-emit.ts";
import { type Lookup, type Traced, run } from "../src/definitions/processors/rules-run.ts";
import type { View } from "../src/definitions/views/view.ts";
import { fromDefinition } from "../src/store/plain-category.ts";
import type { JsonSchema } from "../src/schemas/json-schema.ts";

/** A category that is declared over HTTP. */
export interface Declared {
  readonly shape: CategoryShape;
  readonly target: Target;
}

export function declared(name: string, body: unknown): Declared {
  const definition = parseDefinition(name, body);
  if ("issues" in definition) throw new Error(JSON.stringify(definition.issues));
  const { key, strict, events, facts } = definition;
  const shape: CategoryShape = {
    name,
    kind: "plain",
    strict,
    events,
    ...(key === undefined ? {} : { key }),
    ...(facts ? { factType: factTypeOf(name) } : {}),
    source: { name, events: {} },
  };
  return { shape, target: fromDefinition(name, definition) };
}

/** A category of the code, as definitions see it. */
export function shapeInCode(category: CategoryInCode): CategoryShape {
  const events = Object.entries(category.events as DataSchemas).map(([type, schema]) => [
    type,
    z.toJSONSchema(schema, { io: "output" }) as JsonSchema,
  ]);
  const key = category.kind === "plain" ? category.key : undefined;
  return {
    name: category.name,
    kind: category.kind,
    strict: true,
    events: Object.fromEntries(events) as Record<string, JsonSchema>,
    ...(key === undefined ? {} : { key }),
    source: category,
  };
}

export function around(shapes: readonly CategoryShape[], views: readonly View[] = []): Surroundings {
  return { categories: new Map(shapes.map((one) => [one.name, one])), views: new Map(views.map((one) => [one.name, one])) };
}

/** The processor that a body declares. @throws {Error} with what is wrong with it */
export function rulesFrom(name: string, body: unknown, surroundings: Surroundings, incarnation = 1): Rules {
  const issues = issuesOf(body, surroundings, name);
  if (issues.length > 0) throw new Error(JSON.stringify(issues));
  return processorFrom(name, parseProcessor(name, body) as never, surroundings, incarnation);
}

/** What is wrong with a body, as a declaration says it. */
export function issuesOf(body: unknown, surroundings: Surroundings, name = "p"): readonly Issue[] {
  const parsed = parseProcessor(name, body);
  return "issues" in parsed ? parsed.issues : checkProcessor(name, parsed, surroundings);
}

/** Runs the steps at an event. `find`: what joins find. */
export function runSteps(
  rules: Rules,
  event: RecordedEvent,
  targets: ReadonlyMap<string, Target>,
  find: (lookup: Lookup) => JsonValue = () => undefined,
): { readonly emissions: readonly Emission[]; readonly trace: readonly Traced[] } {
  const trace: Traced[] = [];
  const steps = run(
    rules,
    event,
    (name) => targets.get(name),
    (traced) => void trace.push(traced),
  );
  let result = steps.next();
  while (!result.done) result = steps.next(find(result.value));
  return { emissions: result.value, trace };
}

/** An event as processors get it. */
export function recorded(stream: string, type: string, data: JsonObject, more: Partial<RecordedEvent> = {}): RecordedEvent {
  const time = "2026-11-27T00:00:00.000Z";
  const id = "0198c0de-0000-7000-8000-000000000001";
  return { id, stream, version: 1, position: 1, type, data, meta: {}, time, recordedAt: time, schemaVersion: 1, ...more };
}
