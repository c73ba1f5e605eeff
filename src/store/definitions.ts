/**
 * What is declared in a store: finds the category, view, processor, webhook or source with a name, whether the code declares it or the store's
 * catalog. All code asks here; no other code looks for a definition in the app or in the catalog.
 *
 * What the code declares needs no call, and counts before what the catalog has: code that later brings a name which the store has
 * declared over HTTP shadows that definition.
 */

import type { App } from "../definitions/app.ts";
import { type CategoryInCode, DefinitionsInCode } from "../definitions/in-code.ts";
import type { KindName } from "../definitions/consumers.ts";
import { type Definition, readDefinition } from "../definitions/over-http/category.ts";
import type { Processor } from "../definitions/processors/processor.ts";
import type { Source } from "../definitions/sources/source.ts";
import type { View } from "../definitions/views/view.ts";
import { SYSTEM_CATEGORY, webhookEvents } from "../definitions/webhooks/events.ts";
import { NAME } from "../core/names.ts";
import type { CatalogRpc, CategorySummary, Earlier, Entry } from "./catalog-protocol.ts";
import { ReadyCategories } from "./ready-categories.ts";
import type { DeclaredDefinition } from "./ready-definitions.ts";
import { type Catalogued, type DeclaredDefinitions, type FoundNames, RunTimeDefinitions } from "./run-time-definitions.ts";
import { type PlainCategory, fromCode, fromDefinition } from "./plain-category.ts";

/** The category with a name. */
export type FoundCategory =
  | { readonly status: "in-code"; readonly declared: CategoryInCode; readonly category: PlainCategory }
  /** Declared over HTTP. */
  | { readonly status: "declared"; readonly category: PlainCategory }
  /** The code had it, and no longer has it: its events can be read, and more can be imported. */
  | { readonly status: "removed"; readonly kind: string; readonly category: PlainCategory }
  /** One of the store's own categories, which the app does not declare. */
  | { readonly status: "system"; readonly category: PlainCategory }
  | { readonly status: "retired" };

/** A category's definition, in full. */
export type DescribedCategory =
  | { readonly status: "in-code"; readonly declared: CategoryInCode }
  | { readonly status: "declared"; readonly revision: number; readonly definition: Definition; readonly earlier?: Earlier }
  | { readonly status: "removed"; readonly kind: string; readonly definition: Definition }
  | { readonly status: "retired" };

const ready = new ReadyCategories();

/** Answers of the catalog about definitions. */
interface Remembered {
  all?: Promise<DeclaredDefinitions>;
  readonly ones: Map<string, Promise<DeclaredDefinition | undefined>>;
}

export class Definitions {
  readonly inCode: DefinitionsInCode;
  readonly #store: string;
  readonly #find: () => Catalogued | Promise<Catalogued>;
  readonly #overHttp: RunTimeDefinitions;
  /** What was asked before, in an invocation that need not see changes while it lasts; undefined: in any other. */
  readonly #remembered: Remembered | undefined;

  /**
   * @param find finds the store that has the catalog; only called when the code does not have the answer
   * @param remembers the catalog is asked for a definition only once: for one short piece of work
   */
  constructor(app: App, store: string, find: () => Catalogued | Promise<Catalogued>, remembers = false) {
    this.inCode = new DefinitionsInCode(app);
    this.#store = store;
    this.#find = find;
    this.#overHttp = new RunTimeDefinitions(app, this.inCode, store, find);
    this.#remembered = remembers ? { ones: new Map() } : undefined;
  }

  /** Undefined: never declared. */
  async category(name: string): Promise<FoundCategory | undefined> {
    const declared = this.inCode.category(name);
    if (declared) return { status: "in-code", declared, category: fromCode(declared) };
    if (name === SYSTEM_CATEGORY) return { status: "system", category: fromCode(webhookEvents) };
    if (!NAME.test(name)) return undefined;
    const known = ready.get(this.#store, name);
    const entry = await this.#lookUp(name, known?.revision);
    if (entry?.status === "in-code")
      return { status: "removed", kind: entry.kind, category: fromDefinition(name, JSON.parse(entry.definition) as Definition) };
    if (entry?.status !== "declared") return entry;
    if (known && entry.definition === undefined) return { status: "declared", category: known.category };
    const category = fromDefinition(name, readDefinition(name, entry.definition ?? "{}"));
    ready.keep(this.#store, name, { revision: entry.revision, characters: entry.definition?.length ?? 0, category });
    return { status: "declared", category };
  }

  /** The definition as answers show it, with the earlier versions of its event types. Undefined: never declared. */
  async describeCategory(name: string): Promise<DescribedCategory | undefined> {
    const declared = this.inCode.category(name);
    if (declared) return { status: "in-code", declared };
    const entry = NAME.test(name) ? await this.#lookUp(name, undefined, true) : undefined;
    if (entry?.status === "in-code") return { status: "removed", kind: entry.kind, definition: JSON.parse(entry.definition) as Definition };
    if (entry?.status !== "declared") return entry;
    return { ...entry, definition: readDefinition(name, entry.definition ?? "{}") };
  }

  /** All categories in use, those in code first. */
  async categories(
    withVersions = false,
  ): Promise<{ readonly inCode: readonly CategoryInCode[]; readonly overHttp: readonly CategorySummary[] }> {
    const listed = await (await this.#find()).catalog.list(withVersions);
    return { inCode: this.inCode.categories, overHttp: listed.filter(({ name }) => !this.inCode.category(name)) };
  }

  async view(name: string): Promise<View | undefined> {
    return this.inCode.view(name) ?? (await this.#declared(name))?.view;
  }

  /** Those in code first. */
  async views(): Promise<readonly View[]> {
    return [...this.inCode.views, ...(await this.#unshadowed()).flatMap(({ view }) => view ?? [])];
  }

  async processor(name: string): Promise<Processor | undefined> {
    return this.inCode.processor(name) ?? (await this.#declared(name))?.processor;
  }

  /** Those in code first. */
  async processors(): Promise<readonly Processor[]> {
    return [...this.inCode.processors, ...(await this.#unshadowed()).flatMap(({ processor }) => processor ?? [])];
  }

  /**
   * The source with this name; undefined: there is none. One of the catalog that this worker cannot follow is there, and stops as soon as it
   * connects.
   */
  async source(name: string): Promise<Source | undefined> {
    return this.inCode.source(name, this.#store) ?? (await this.#declared(name))?.source;
  }

  /** Those in code first. */
  async sources(): Promise<readonly Source[]> {
    return [...this.inCode.sourcesOf(this.#store), ...(await this.#unshadowed()).flatMap(({ source }) => source ?? [])];
  }

  /** The kind of the consumer with that name; undefined: there is none. */
  async kindOf(consumer: string): Promise<KindName | undefined> {
    const inCode = this.inCode.kindOf(consumer);
    if (inCode !== undefined) return inCode;
    const kind = (await this.#declared(consumer))?.kind;
    return kind === "source" ? undefined : kind;
  }

  /** The definitions that the catalog has, those that the code shadows included. Sources among them are no consumers. */
  async overHttp(): Promise<DeclaredDefinitions> {
    if (!this.#remembered) return this.#overHttp.all();
    return (this.#remembered.all ??= this.#overHttp.all());
  }

  /** What the names in a new definition are. */
  async names(...asked: Parameters<RunTimeDefinitions["names"]>): Promise<FoundNames> {
    return this.#overHttp.names(...asked);
  }

  /** Whether the code has a consumer or a source of this name, so that what the catalog has under it does not count. */
  isShadowed(name: string): boolean {
    return this.inCode.kindOf(name) !== undefined || this.inCode.source(name, this.#store) !== undefined;
  }

  /** Whether a webhook may have this id. A webhook added over HTTP is recognised by its id alone: its own object has the definition. */
  mayBeWebhook(id: string): boolean {
    return NAME.test(id) && this.inCode.kindOf(id) === "webhook";
  }

  async #unshadowed(): Promise<readonly DeclaredDefinition[]> {
    return (await this.overHttp()).all.filter(({ name }) => !this.isShadowed(name));
  }

  /** The definition of the catalog with this name, unless the code shadows it. */
  async #declared(name: string): Promise<DeclaredDefinition | undefined> {
    if (this.isShadowed(name) || !NAME.test(name)) return undefined;
    const { all, ones } = this.#remembered ?? {};
    if (all) return (await all).all.find((one) => one.name === name);
    const asked = ones?.get(name) ?? this.#overHttp.one(name);
    ones?.set(name, asked);
    return asked;
  }

  async #lookUp(...asked: Parameters<CatalogRpc["lookUp"]>): Promise<Entry | undefined> {
    return (await this.#find()).catalog.lookUp(...asked);
  }
}
