/** An app: everything that a deployment declares, checked once at start-up. */

import { WEBHOOK_ID_PREFIX, type Webhook } from "./webhooks/webhook.ts";
import type { ConsumerHooks } from "./hooks.ts";
import type { AnyAggregate } from "./aggregate.ts";
import type { Category } from "./category.ts";
import type { View } from "./views/view.ts";
import { kindOf } from "../core/misfit.ts";
import { requireNoLoops } from "./processors/loops.ts";
import { type ProcessorInCode, isProcess } from "./processors/processor.ts";
import type { AnySourceKind } from "./sources/kind.ts";
import { queue } from "./sources/queue.ts";
import type { Source, SourceKindInCode } from "./sources/source.ts";

export interface AppDefinition<
  Aggregates extends readonly AnyAggregate[] = readonly AnyAggregate[],
  Categories extends readonly Category[] = readonly Category[],
  Views extends readonly View[] = readonly View[],
  Processors extends readonly ProcessorInCode[] = readonly ProcessorInCode[],
> {
  /** Categories with rules. */
  readonly aggregates?: Aggregates;
  /** Plain categories. */
  readonly categories?: Categories;
  readonly views?: Views;
  /** Reactors, process managers and sagas. */
  readonly processors?: Processors;
  readonly webhooks?: readonly Webhook[];
  /** What is followed outside. */
  readonly sources?: readonly Source[];
  /**
   * Kinds of sources that may also be declared over HTTP: `postgres` of `headspring/postgres`. Those of the app's own sources and `queue` are always
   * among them.
   */
  readonly sourceKinds?: readonly Pick<SourceKindInCode, "kind">[];
  /** Called when a view or a processor cannot process an event: to alert a person, or a monitoring service. */
  readonly hooks?: ConsumerHooks;
}

declare const parts: unique symbol;

/** An app, with its parts by name. Its type names them, too: `createClient<typeof app>` goes by that. */
export interface App<
  Aggregate extends AnyAggregate = AnyAggregate,
  Plain extends Category = Category,
  Shown extends View = View,
  Acting extends ProcessorInCode = ProcessorInCode,
> {
  /** Never there: only its type counts. */
  readonly [parts]?: { readonly aggregate: Aggregate; readonly category: Plain; readonly view: Shown; readonly processor: Acting };
  /** Including process managers and sagas. */
  readonly aggregates: ReadonlyMap<string, AnyAggregate>;
  readonly categories: ReadonlyMap<string, Category>;
  readonly views: ReadonlyMap<string, View>;
  readonly processors: ReadonlyMap<string, ProcessorInCode>;
  readonly webhooks: ReadonlyMap<string, Webhook>;
  readonly sources: ReadonlyMap<string, Source>;
  /** By the name that definitions have as their `kind`. */
  readonly sourceKinds: ReadonlyMap<string, AnySourceKind>;
  readonly hooks: ConsumerHooks;
}

/**
 * Puts the parts of an app together.
 *
 * @throws {TypeError} when two categories or two consumers have the same name, or names that differ only by case, a consumer follows or feeds a category that the
 * app does not have, or processors feed each other without end. All of it at once, a mistake a line
 *
 * @example
 * export const app = defineApp({ aggregates: [order, product], views: [readyOrders], processors: [fulfilment] });
 */
export function defineApp<
  const Aggregates extends readonly AnyAggregate[] = readonly [],
  const Categories extends readonly Category[] = readonly [],
  const Views extends readonly View[] = readonly [],
  const Processors extends readonly ProcessorInCode[] = readonly [],
>(
  definition: AppDefinition<Aggregates, Categories, Views, Processors>,
): App<Aggregates[number], Categories[number], Views[number], Processors[number]> {
  requireParts(definition);
  const { webhooks = [], hooks = {}, sources = [], sourceKinds = [] } = definition;
  const processors: readonly ProcessorInCode[] = definition.processors ?? [];
  const categories: readonly Category[] = definition.categories ?? [];
  const views: readonly View[] = definition.views ?? [];
  const aggregates: AnyAggregate[] = [...(definition.aggregates ?? []), ...processors.filter(isProcess)];
  const consumers = [...views, ...processors, ...webhooks];
  const mistakes = [
    ...twins("category", [...aggregates, ...categories]),
    ...twins("consumer", consumers),
    ...twins("source", sources),
    ...sources.flatMap(({ name, to }) => {
      const twin = consumers.find((one) => one.name.toLowerCase() === name.toLowerCase());
      return [
        ...(twin ? [`the source "${name}" has the name of a consumer, or one that differs only by case: "${twin.name}"`] : []),
        ...(categories.some((one) => one.name === to) ? [] : [`source "${name}" feeds "${to}", which is no plain category of the app`]),
      ];
    }),
    ...[...consumers, ...sources].flatMap(({ name }) =>
      name.startsWith(WEBHOOK_ID_PREFIX) ? `"${name}" begins like the ids of webhooks that are added at run time` : [],
    ),
  ];
  // Of two with one name the first counts, so that they are one mistake.
  const declared = new Map([...aggregates, ...categories].toReversed().map((one) => [one.name, one]));
  for (const { kind, name, followed } of consumers) {
    for (const source of followed) {
      if (declared.get(source.name) !== source)
        mistakes.push(`${kind === "aggregate" ? "process" : kind} "${name}" follows "${source.name}", which the app does not declare`);
    }
  }
  const feeders = processors.filter((processor) => !isProcess(processor));
  for (const { kind, name, emissions } of feeders) {
    for (const { to } of emissions) {
      if (declared.get(to.name) !== to) mistakes.push(`${kind} "${name}" emits to "${to.name}", which the app does not declare`);
    }
  }
  if (mistakes.length > 0) throw new TypeError(mistakes.join("\n"));
  requireNoLoops(feeders);
  return {
    aggregates: byName(aggregates),
    categories: byName(categories),
    // A view works wherever it is queried, far from the app: so it carries the hooks along.
    views: byName(definition.hooks ? views.map((view) => ({ ...view, hooks })) : views),
    processors: byName(processors),
    webhooks: byName(webhooks),
    sources: byName(sources),
    sourceKinds: kindsOf([queue.kind, ...sourceKinds.map(({ kind }) => kind), ...sources.map(({ outside }) => outside.kind)]),
    hooks,
  };
}

/** Of two files that import each other one does not have yet what the other exports. */
function requireParts(definition: object): void {
  for (const [list, parts] of Object.entries(definition)) {
    if (!Array.isArray(parts)) continue;
    // A kind of sources is a function with the kind.
    const at = parts.findIndex(
      (part: unknown) => (typeof part !== "object" && !(typeof part === "function" && "kind" in part)) || part === null,
    );
    if (at >= 0)
      throw new TypeError(`the app's \`${list}.${at}\` must be a definition, got ${kindOf(parts[at])}: do two files import each other?`);
  }
}

/** @throws {TypeError} when two kinds have one name */
function kindsOf(kinds: readonly AnySourceKind[]): Map<string, AnySourceKind> {
  const found = new Map<string, AnySourceKind>();
  for (const kind of kinds) {
    if ((found.get(kind.name) ?? kind) !== kind) throw new TypeError(`the app has two kinds of sources with the name "${kind.name}"`);
    found.set(kind.name, kind);
  }
  return found;
}

function byName<Part extends { readonly name: string }>(parts: readonly Part[]): Map<string, Part> {
  return new Map(parts.map((part) => [part.name, part]));
}

/** The parts that share a name. Code tells names apart that differ by case; SQL, file systems and people do not. */
function twins(what: string, parts: readonly { readonly name: string }[]): string[] {
  const spellings = new Map<string, string>();
  return parts.flatMap(({ name }) => {
    const twin = spellings.get(name.toLowerCase());
    if (twin === undefined) spellings.set(name.toLowerCase(), name);
    if (twin === undefined) return [];
    if (twin === name) return `the app has two parts that are a ${what} named "${name}"`;
    return `the app has two parts that are a ${what} whose names differ only by case: "${twin}" and "${name}"`;
  });
}
