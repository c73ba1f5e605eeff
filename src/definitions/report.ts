/**
 * The parts of an app as reports show them: `GET /app` and `GET /views` of a running store, and the command line's `check`, which compares
 * them with those of the code that is about to be deployed. Pure.
 */

import * as z from "zod";
import type { DataSchema } from "../core/event.ts";
import type { AnyAggregate } from "./aggregate.ts";
import type { CategoryInCode } from "./in-code.ts";
import { takesFacts } from "./processors/emissions.ts";
import { type Processor, type ProcessorInCode, isProcess } from "./processors/processor.ts";
import type { Rules } from "./processors/rules.ts";
import type { Followed } from "./followed.ts";
import type { AnySourceKind } from "./sources/kind.ts";
import type { Source } from "./sources/source.ts";
import { schemaVersionOf } from "./upcast.ts";
import type { View } from "./views/view.ts";

export function reportCategory(declared: CategoryInCode) {
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

/** The commands that clients may send. */
export function commandsOf({ commands, internal }: AnyAggregate): string[] {
  return Object.keys(commands).filter((command) => !internal?.has(command));
}

export function reportView({ name, description, key, row, followed, handlers, queries, processes }: View) {
  return {
    name,
    origin: "code",
    description,
    follows: follows(followed, handlers.keys()),
    key,
    columns: Object.keys(row.shape),
    queries: [...queries.keys()],
    ...(processes ? { processes } : {}),
  };
}

/** A view's rows, as its code declares them. */
export function reportRows({ name, description, key, row, queries }: View) {
  return {
    name,
    description,
    key,
    row: z.toJSONSchema(row, { unrepresentable: "any" }),
    queries: queries.size === 0 ? undefined : [...queries.keys()],
  };
}

export function reportProcessor(processor: Processor) {
  if (processor.kind === "rules") return reportRules(processor);
  return {
    name: processor.name,
    kind: kindOf(processor),
    origin: "code",
    description: processor.description,
    follows: follows(processor.followed, isProcess(processor) ? processor.process.correlate.keys() : processor.handlers.keys()),
    emits: emittedBy(processor),
  };
}

function reportRules({ name, description, followed, types, targets }: Rules) {
  const follows = followed.map((source) => ({ category: source.name, types: [...(types ?? Object.keys(source.events))] }));
  return { name, kind: "rules" as const, origin: "api", description, follows, emits: targets.map((category) => ({ category })) };
}

function kindOf(processor: ProcessorInCode): "reactor" | "effect" | "process-manager" | "saga" {
  if (isProcess(processor)) return "saga" in processor ? "saga" : "process-manager";
  return processor.kind === "effect" ? "effect" : "reactor";
}

/** Without its settings: code may have more in them than names. */
export function reportSource({ name, description, outside: { kind }, to, everyMs }: Source) {
  const every = everyMs ?? (kind.isBrought ? undefined : kind.everyMs);
  return { name, kind: kind.name, origin: "code", description, to, everyMs: every };
}

/** A kind of sources: what a definition of it has besides what all have, and what expressions see of its changes, as far as that is fixed. */
export function reportSourceKind({ name, settings, change, isBrought }: AnySourceKind) {
  const schema = z.toJSONSchema(settings, { io: "input", unrepresentable: "any" });
  return { name, settings: schema, change: typeof change === "function" ? true : change, ...(isBrought ? { isBrought } : {}) };
}

/** The event types that are followed, by category. */
function follows(followed: readonly Followed[], types: Iterable<string>) {
  const handled = new Set(types);
  return followed.map(({ name, events }) => ({ category: name, types: Object.keys(events).filter((type) => handled.has(type)) }));
}

/** Commands to aggregates and events to plain categories. Null: the steps of a saga may send to any aggregate. */
function emittedBy(processor: ProcessorInCode) {
  if (isProcess(processor)) {
    const { targets } = processor.process;
    return targets === undefined ? null : [...targets].map((aggregate) => ({ aggregate }));
  }
  return processor.emissions.map(({ to, names }) =>
    takesFacts(to) ? { category: to.name, events: [...names] } : { aggregate: to.name, commands: [...names] },
  );
}
