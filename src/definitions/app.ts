/** An app: everything that a deployment declares, checked once at start-up. */

import { WEBHOOK_ID_PREFIX, type Webhook } from "./webhooks/webhook.ts";
import type { ConsumerHooks } from "./hooks.ts";
import type { AnyAggregate } from "./aggregate.ts";
import type { Category } from "./category.ts";
import type { View } from "./views/view.ts";
import { kindOf } from "../core/misfit.ts";
import { requireNoLoops } from "./processors/loops.ts";
import { type Processor, isProcess } from "./processors/processor.ts";

export interface AppDefinition<
  Aggregates extends readonly AnyAggregate[] = readonly AnyAggregate[],
  Categories extends readonly Category[] = readonly Category[],
  Views extends readonly View[] = readonly View[],
  Processors extends readonly Processor[] = readonly Processor[],
> {
  /** Categories with rules. */
  readonly aggregates?: Aggregates;
  /** Plain categories. */
  readonly categories?: Categories;
  readonly views?: Views;
  /** Reactors, process managers and sagas. */
  readonly processors?: Processors;
  readonly webhooks?: readonly Webhook[];
  /** Called when a view or a processor cannot process an event: to alert a person, or a monitoring service. */
  readonly hooks?: ConsumerHooks;
}

declare const parts: unique symbol;

/** An app, with its parts by name. Its type names them, too: `createClient<typeof app>` goes by that. */
export interface App<
  Aggregate extends AnyAggregate = AnyAggregate,
  Plain extends Category = Category,
  Shown extends View = View,
  Acting extends Processor = Processor,
> {
  /** Never there: only its type counts. */
  readonly [parts]?: { readonly aggregate: Aggregate; readonly category: Plain; readonly view: Shown; readonly processor: Acting };
  /** Including process managers and sagas. */
  readonly aggregates: ReadonlyMap<string, AnyAggregate>;
  readonly categories: ReadonlyMap<string, Category>;
  readonly views: ReadonlyMap<string, View>;
  readonly processors: ReadonlyMap<string, Processor>;
  readonly webhooks: ReadonlyMap<string, Webhook>;
  readonly hooks: ConsumerHooks;
}

/**
 * Puts the parts of an app together.
 *
 * @throws {TypeError} when two categories or two consumers have the same name, or names that differ only by case, a consumer follows or feeds a category that the
 * app does not have, or processors feed each other without end
 *
 * @example
 * export const app = defineApp({ aggregates: [order, product], views: [readyOrders], processors: [fulfilment] });
 */
export function defineApp<
  const Aggregates extends readonly AnyAggregate[] = readonly [],
  const Categories extends readonly Category[] = readonly [],
  const Views extends readonly View[] = readonly [],
  const Processors extends readonly Processor[] = readonly [],
>(
  definition: AppDefinition<Aggregates, Categories, Views, Processors>,
): App<Aggregates[number], Categories[number], Views[number], Processors[number]> {
  requireParts(definition);
  const { webhooks = [], hooks = {} } = definition;
  const processors: readonly Processor[] = definition.processors ?? [];
  const categories: readonly Category[] = definition.categories ?? [];
  const views: readonly View[] = definition.views ?? [];
  const aggregates: AnyAggregate[] = [...(definition.aggregates ?? []), ...processors.filter(isProcess)];
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
  const feeders = processors.filter((processor) => !isProcess(processor));
  for (const { kind, name, emissions } of feeders) {
    for (const { to } of emissions) {
      if (declared.get(to.name) !== to) throw new TypeError(`${kind} "${name}" emits to "${to.name}", which the app does not declare`);
    }
  }
  requireNoLoops(feeders);
  return {
    aggregates: unique("aggregate", aggregates),
    categories: unique("category", categories),
    // A view works wherever it is queried, far from the app: so it carries the hooks along.
    views: unique("view", definition.hooks ? views.map((view) => ({ ...view, hooks })) : views),
    processors: unique("processor", processors),
    webhooks: unique("webhook", webhooks),
    hooks,
  };
}

/** Of two files that import each other one does not have yet what the other exports. */
function requireParts(definition: object): void {
  for (const [list, parts] of Object.entries(definition)) {
    if (!Array.isArray(parts)) continue;
    const at = parts.findIndex((part: unknown) => typeof part !== "object" || part === null);
    if (at >= 0)
      throw new TypeError(`the app's \`${list}.${at}\` must be a definition, got ${kindOf(parts[at])}: do two files import each other?`);
  }
}

function unique<Part extends { readonly name: string }>(what: string, parts: readonly Part[]): Map<string, Part> {
  const byName = new Map<string, Part>();
  for (const part of parts) {
    if (byName.has(part.name)) throw new TypeError(`the app has two parts that are a ${what} named "${part.name}"`);
    byName.set(part.name, part);
  }
  const spellings = new Map<string, string>();
  for (const name of byName.keys()) {
    // Code tells such names apart; SQL, file systems and people do not.
    const twin = spellings.get(name.toLowerCase());
    if (twin !== undefined)
      throw new TypeError(`the app has two parts that are a ${what} whose names differ only by case: "${twin}" and "${name}"`);
    spellings.set(name.toLowerCase(), name);
  }
  return byName;
}
