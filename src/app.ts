/** An app: everything a deployment declares, checked once at start-up. */

import { WEBHOOK_ID_PREFIX } from "./delivery/consumers.ts";
import type { AnyAggregate } from "./streams/aggregate.ts";
import type { Category } from "./streams/category.ts";
import type { View } from "./views/view.ts";
import type { Process } from "./processors/process.ts";
import type { Reactor } from "./processors/reactor.ts";
import type { Webhook } from "./webhooks/webhook.ts";

/** What answers events with commands. Process managers and sagas are aggregates too: each instance is a stream. */
export type Processor = Reactor | Process;

export interface AppDefinition {
  /** Categories with rules. */
  readonly aggregates?: readonly AnyAggregate[];
  /** Plain categories. */
  readonly categories?: readonly Category[];
  readonly views?: readonly View[];
  /** Reactors, process managers and sagas. */
  readonly processors?: readonly Processor[];
  readonly webhooks?: readonly Webhook[];
}

/** An app, by name. */
export interface App {
  /** Process managers and sagas included. */
  readonly aggregates: ReadonlyMap<string, AnyAggregate>;
  readonly categories: ReadonlyMap<string, Category>;
  readonly views: ReadonlyMap<string, View>;
  readonly processors: ReadonlyMap<string, Processor>;
  readonly webhooks: ReadonlyMap<string, Webhook>;
}

/**
 * Puts the parts of an app together.
 *
 * @throws {TypeError} when two categories or two consumers have the same name, or a consumer follows a category the app does not have
 *
 * @example
 * export const app = defineApp({ aggregates: [order, product], views: [readyOrders], processors: [fulfilment] });
 */
export function defineApp(definition: AppDefinition): App {
  const { categories = [], views = [], processors = [], webhooks = [] } = definition;
  const aggregates = [...(definition.aggregates ?? []), ...processors.filter((processor) => processor.kind === "aggregate")];
  const declared = unique("category", [...aggregates, ...categories]);
  for (const name of unique("consumer", [...views, ...processors, ...webhooks]).keys()) {
    if (name.startsWith(WEBHOOK_ID_PREFIX)) throw new TypeError(`"${name}" begins like the ids of webhooks that are added at run time`);
  }
  for (const { kind, name, sources } of [...views, ...processors, ...webhooks]) {
    for (const source of sources) {
      if (declared.get(source.name) !== source) {
        throw new TypeError(
          `${kind === "aggregate" ? "process" : kind} "${name}" follows "${source.name}", which the app does not declare`,
        );
      }
    }
  }
  return {
    aggregates: unique("aggregate", aggregates),
    categories: unique("category", categories),
    views: unique("view", views),
    processors: unique("processor", processors),
    webhooks: unique("webhook", webhooks),
  };
}

function unique<Part extends { readonly name: string }>(what: string, parts: readonly Part[]): Map<string, Part> {
  const byName = new Map<string, Part>();
  for (const part of parts) {
    if (byName.has(part.name)) throw new TypeError(`two parts of the app are a ${what} named "${part.name}"`);
    byName.set(part.name, part);
  }
  return byName;
}
