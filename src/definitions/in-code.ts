/**
 * What the code declares, by name and in lists. It is the same in every store. `store/definitions.ts` finds the definition for a name in a
 * store, including those that were declared over HTTP. Pure.
 */

import type { AnyAggregate } from "./aggregate.ts";
import type { App } from "./app.ts";
import type { Category } from "./category.ts";
import { type KindName, kindInCode } from "./consumers.ts";
import type { ProcessorInCode } from "./processors/processor.ts";
import type { Saga } from "./processors/saga.ts";
import type { View } from "./views/view.ts";
import type { AnySourceKind } from "./sources/kind.ts";
import type { Source } from "./sources/source.ts";
import type { Webhook } from "./webhooks/webhook.ts";

/** A category, with rules or without. */
export type CategoryInCode = Category | AnyAggregate;

/** The binding of the database of views that name no other, and of checkpoints. */
const VIEWS = "VIEWS";

export class DefinitionsInCode {
  readonly #app: App;

  constructor(app: App) {
    this.#app = app;
  }

  get aggregates(): AnyAggregate[] {
    return [...this.#app.aggregates.values()];
  }

  /** Those with rules first. */
  get categories(): CategoryInCode[] {
    return [...this.aggregates, ...this.plainCategories];
  }

  get plainCategories(): Category[] {
    return [...this.#app.categories.values()];
  }

  get views(): View[] {
    return [...this.#app.views.values()];
  }

  get processors(): ProcessorInCode[] {
    return [...this.#app.processors.values()];
  }

  get webhooks(): Webhook[] {
    return [...this.#app.webhooks.values()];
  }

  get sources(): Source[] {
    return [...this.#app.sources.values()];
  }

  /** The kinds of sources that this code has. */
  get sourceKinds(): ReadonlyMap<string, AnySourceKind> {
    return this.#app.sourceKinds;
  }

  get sagas(): Saga[] {
    return this.processors.filter((one): one is Saga => "saga" in one);
  }

  /** The views of each database, by its D1 binding: every binding that keeps views or checkpoints. */
  get databases(): ReadonlyMap<string, readonly View[]> {
    return new Map([[VIEWS, []], ...Map.groupBy(this.views, ({ database = VIEWS }) => database)]);
  }

  aggregate(name: string): AnyAggregate | undefined {
    return this.#app.aggregates.get(name);
  }

  category(name: string): CategoryInCode | undefined {
    return this.#app.aggregates.get(name) ?? this.#app.categories.get(name);
  }

  view(name: string): View | undefined {
    return this.#app.views.get(name);
  }

  processor(name: string): ProcessorInCode | undefined {
    return this.#app.processors.get(name);
  }

  webhook(id: string): Webhook | undefined {
    return this.#app.webhooks.get(id);
  }

  /** Those that feed this store. */
  sourcesOf(store: string): Source[] {
    return this.sources.filter((source) => source.store === store);
  }

  /** The source with that name, if it feeds this store. */
  source(name: string, store: string): Source | undefined {
    const found = this.#app.sources.get(name);
    return found?.store === store ? found : undefined;
  }

  /** The source that follows this queue. */
  sourceOfQueue(queue: string): Source | undefined {
    return this.sources.find(({ outside: { kind, settings } }) => kind.isBrought && kind.queueOf(settings) === queue);
  }

  /** Whether the code itself declares a consumer of that name. */
  hasConsumer(name: string): boolean {
    return this.#app.views.has(name) || this.#app.processors.has(name) || this.#app.webhooks.has(name);
  }

  /** The kind of the consumer with that name, on or off in this deployment. A webhook added over HTTP is recognised by its id alone. */
  kindOf(consumer: string): KindName | undefined {
    return kindInCode(this.#app, consumer)?.name;
  }
}
