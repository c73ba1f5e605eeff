/**
 * The views, processors and sources that a store has in its catalog, compiled. The catalog is asked every time, with what this isolate has ready: so
 * a change counts at once, wherever it was made, and what has not changed costs one small answer.
 */

import type { App } from "../definitions/app.ts";
import type { DefinitionsInCode } from "../definitions/in-code.ts";
import { namesIn } from "../definitions/over-http/names.ts";
import { type ProcessorDefinition, processorFrom } from "../definitions/over-http/processor.ts";
import { type SourceDefinition, sourceFrom } from "../definitions/over-http/source.ts";
import type { CategoryShape, Surroundings } from "../definitions/over-http/surroundings.ts";
import { type ViewDefinition, viewFrom } from "../definitions/over-http/view.ts";
import type { View } from "../definitions/views/view.ts";
import { logger } from "../telemetry/logger.ts";
import type { CatalogRpc, DefinitionEntry, DefinitionsAnswer, NamedCategory } from "./catalog-protocol.ts";
import { shapeInCode, shapeOf } from "./category-shape.ts";
import { type DeclaredDefinition, type ReadyDefinitions, readyDefinitionsOf } from "./ready-definitions.ts";

/** What definitions need of their store. */
export interface Catalogued {
  readonly catalog: CatalogRpc;
}

/** All that the catalog has. */
export interface DeclaredDefinitions {
  /** A number that grows with every change. */
  readonly asOf: number;
  readonly all: readonly DeclaredDefinition[];
}

/** A category as a definition finds it. */
export interface FoundNames extends Surroundings {
  /** Categories among them that were retired. */
  readonly retired: ReadonlySet<string>;
  /** Views among them that the catalog has. */
  readonly overHttp: ReadonlySet<string>;
}

export class RunTimeDefinitions {
  readonly #app: App;
  readonly #inCode: DefinitionsInCode;
  readonly #store: string;
  readonly #ready: ReadyDefinitions;
  readonly #find: () => Catalogued | Promise<Catalogued>;

  constructor(app: App, inCode: DefinitionsInCode, store: string, find: () => Catalogued | Promise<Catalogued>) {
    this.#app = app;
    this.#inCode = inCode;
    this.#store = store;
    this.#ready = readyDefinitionsOf(app);
    this.#find = find;
  }

  /** The definition with this name; undefined: there is none. */
  async one(name: string): Promise<DeclaredDefinition | undefined> {
    const known = this.#ready.get(this.#store, name);
    const answer = await (await this.#find()).catalog.lookUpDefinition(name, known?.stamp, true);
    return this.#compiled(answer, new Map(known ? [[name, known]] : []))[0];
  }

  async all(): Promise<DeclaredDefinitions> {
    const known = this.#ready.of(this.#store);
    const stamps = Object.fromEntries([...known].map(([name, { stamp }]) => [name, stamp]));
    const answer = await (await this.#find()).catalog.listDefinitions(stamps, true);
    return { asOf: answer.asOf, all: this.#compiled(answer, known) };
  }

  /** What a definition names that is not declared yet. */
  async names(categories: readonly string[], joined: readonly string[]): Promise<FoundNames> {
    const answer = await (await this.#find()).catalog.lookUpNames(categories, joined);
    const around = this.#surroundings(answer, categories, joined);
    return {
      ...around,
      retired: new Set(answer.categories.filter((one) => this.#isRetired(one)).map(({ name }) => name)),
      overHttp: new Set(answer.joined.map(({ name }) => name).filter((name) => !this.#inCode.view(name))),
    };
  }

  #compiled(answer: DefinitionsAnswer, known: ReadonlyMap<string, DeclaredDefinition>): DeclaredDefinition[] {
    return answer.definitions.flatMap((entry) => {
      const ready = known.get(entry.name);
      const one = entry.definition === undefined && ready ? ready : this.#compile(entry, answer);
      this.#ready.keep(this.#store, one);
      return one;
    });
  }

  #compile(entry: DefinitionEntry, answer: Omit<DefinitionsAnswer, "definitions">): DeclaredDefinition {
    const { kind, name, incarnation, changedAt, startsAfter, definition: text = "{}" } = entry;
    let one: DeclaredDefinition = { ...entry, definition: text };
    try {
      const definition = JSON.parse(text) as ViewDefinition | ProcessorDefinition | SourceDefinition;
      const { categories, joined } = namesIn(kind, definition);
      const retired = answer.categories.filter((named) => this.#isRetired(named)).map((named) => named.name);
      const followed = retired.filter((named) => categories.includes(named) || joined.includes(named));
      if (followed.length > 0) one = { ...one, retired: followed };
      if (kind === "source")
        return { ...one, source: sourceFrom(name, definition as SourceDefinition, this.#inCode.sourceKinds, this.#store) };
      const around = this.#surroundings(answer, categories, joined);
      if (kind === "view") {
        const view = viewFrom(name, definition as ViewDefinition, around, { incarnation, at: changedAt });
        return { ...one, view: { ...view, hooks: this.#app.hooks } };
      }
      const start = startsAfter === undefined ? {} : { start: startsAfter };
      return { ...one, processor: processorFrom(name, { ...(definition as ProcessorDefinition), ...start }, around, incarnation) };
    } catch (error) {
      // Another version of the code took it: as long as this one cannot, the rest of the store must not suffer.
      const message = `a ${kind} of the store's catalog cannot be compiled by this code`;
      logger.error({ message, store: this.#store, consumer: name }, error);
      return one;
    }
  }

  #isRetired({ name, status }: NamedCategory): boolean {
    return status === "retired" && !this.#inCode.category(name);
  }

  #surroundings(answer: Omit<DefinitionsAnswer, "definitions">, categories: readonly string[], joined: readonly string[]): Surroundings {
    const shapes = [...categories, ...joined].flatMap((name): CategoryShape[] => {
      const declared = this.#inCode.category(name);
      if (declared) return [shapeInCode(declared)];
      const named = answer.categories.find((one) => one.name === name);
      return named ? [shapeOf(named)] : [];
    });
    const views = joined.flatMap((name): View[] => {
      const inCode = this.#inCode.view(name);
      if (inCode) return [inCode];
      const entry = answer.joined.find((one) => one.name === name);
      const view = entry && !this.#inCode.kindOf(name) ? this.#joined(entry, answer) : undefined;
      return view ? [view] : [];
    });
    return { categories: new Map(shapes.map((shape) => [shape.name, shape])), views: new Map(views.map((view) => [view.name, view])) };
  }

  /** The same object for the same definition: its table is worked out once. */
  #joined(entry: DefinitionEntry, answer: Omit<DefinitionsAnswer, "definitions">): View | undefined {
    const ready = this.#ready.get(this.#store, entry.name);
    const one = ready?.stamp === entry.stamp ? ready : this.#compile(entry, answer);
    this.#ready.keep(this.#store, one);
    return one.view;
  }
}
