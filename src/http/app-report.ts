/** `GET /app`: what the app consists of and how its parts are connected, in code and in the store's catalog. */

import { Hono } from "hono";
import type { CategorySummary } from "../store/catalog-protocol.ts";
import type { DataSchema } from "../core/event.ts";
import { takesFacts } from "../definitions/processors/emissions.ts";
import { type Processor, isProcess } from "../definitions/processors/processor.ts";
import type { Source } from "../definitions/source.ts";
import type { CategoryInCode } from "../definitions/in-code.ts";
import type { Definitions } from "../store/definitions.ts";
import { schemaVersionOf } from "../definitions/upcast.ts";
import { commandsOf } from "./aggregates.ts";
import { type HttpEnv, storeOf } from "./request.ts";

export function appRoutes() {
  const routes = new Hono<HttpEnv>();
  routes.get("/", async (context) => context.json(await appReport(storeOf(context).definitions)));
  return routes;
}

async function appReport(definitions: Definitions) {
  const [{ inCode, overHttp }, views, processors] = await Promise.all([
    definitions.categories(true),
    definitions.views(),
    definitions.processors(),
  ]);
  return {
    categories: [...inCode.map(categoryInCode), ...overHttp.map(categoryOfCatalog)],
    views: views.map(({ name, description, key, row, sources, handlers, queries }) => ({
      name,
      origin: "code",
      description,
      follows: followed(sources, handlers.keys()),
      key,
      columns: Object.keys(row.shape),
      queries: [...queries.keys()],
    })),
    processors: processors.map((processor) => ({
      name: processor.name,
      kind: kindOf(processor),
      origin: "code",
      description: processor.description,
      follows: followed(processor.sources, isProcess(processor) ? processor.process.correlate.keys() : processor.handlers.keys()),
      emits: emittedBy(processor),
    })),
    sources: [],
  };
}

function categoryInCode(declared: CategoryInCode) {
  const { name, kind, description } = declared;
  return {
    name,
    kind,
    origin: "code",
    description,
    events: Object.entries(declared.events as Record<string, DataSchema>).map(([type, schema]) => ({
      type,
      schemaVersion: schemaVersionOf(schema),
    })),
    ...(declared.kind === "aggregate" ? { commands: commandsOf(declared) } : { key: declared.key }),
  };
}

function categoryOfCatalog({ name, description, key, strict, eventTypes, schemaVersions }: CategorySummary) {
  const events = eventTypes.map((type, index) => ({ type, schemaVersion: schemaVersions?.[index] }));
  return { name, kind: "plain", origin: "api", description, events, key, strict };
}

function kindOf(processor: Processor): "reactor" | "effect" | "process-manager" | "saga" {
  if (isProcess(processor)) return "saga" in processor ? "saga" : "process-manager";
  return processor.kind === "effect" ? "effect" : "reactor";
}

/** The event types that are followed, by category. */
function followed(sources: readonly Source[], types: Iterable<string>) {
  const handled = new Set(types);
  return sources.map(({ name, events }) => ({ category: name, types: Object.keys(events).filter((type) => handled.has(type)) }));
}

/** Commands to aggregates and events to plain categories. Null: the steps of a saga may send to any aggregate. */
function emittedBy(processor: Processor) {
  if (isProcess(processor)) {
    const { targets } = processor.process;
    return targets === undefined ? null : [...targets].map((aggregate) => ({ aggregate }));
  }
  return processor.emissions.map(({ to, names }) =>
    takesFacts(to) ? { category: to.name, events: [...names] } : { aggregate: to.name, commands: [...names] },
  );
}
