/**
 * The protocol of a store's catalog: the categories, views, processors and sources that were declared at run time, and the imports. Refusals are
 * returned as values.
 */

import * as z from "zod";
import { type Answer, Time, Version } from "../core/answer.ts";
import type { Placement } from "../core/placement.ts";
import type { DefinitionProblem } from "../definitions/over-http/category.ts";

/** A category of the catalog, as routes look it up. */
export type Entry =
  | { readonly status: "retired" }
  /** The code used to declare it. `definition` is JSON text of a `Definition`. */
  | { readonly status: "in-code"; readonly kind: string; readonly definition: string }
  | {
      readonly status: "declared";
      /** One higher after every change of the definition. */
      readonly revision: number;
      /** JSON text of a `Definition`; absent: the caller knows this revision. */
      readonly definition?: string;
      /** Present when the caller asked for them. */
      readonly earlier?: Earlier;
    };

/** Schemas (JSON text) that were replaced by a newer version of their event type. */
export type Earlier = readonly { readonly eventType: string; readonly version: number; readonly schema: string }[];

/** A category in a list: without its schemas. */
export interface CategorySummary {
  readonly name: string;
  readonly description?: string;
  /** The property of an event's data that names its stream. */
  readonly key?: string;
  readonly strict: boolean;
  readonly eventTypes: readonly string[];
  /** For each of these types, the version that new events get; present when the caller asked for it. */
  readonly schemaVersions?: readonly number[];
}

export type Declared =
  | { readonly outcome: "created" | "changed" | "unchanged"; readonly revision: number; readonly earlier?: Earlier }
  | { readonly outcome: "retired" }
  /** The code used to declare the category, with rules. */
  | { readonly outcome: "in-code" }
  /** The store has the most categories that it may have. */
  | { readonly outcome: "full" }
  /** The category has the most earlier versions of event types that are kept. */
  | { readonly outcome: "too-many-versions" }
  | ({ readonly outcome: "incompatible" } & DefinitionProblem);

/** The schema with which the code writes events of a type. */
export interface CodeSchema {
  readonly eventType: string;
  readonly version: number;
  /** JSON text. */
  readonly schema: string;
}

/** Why stored events of a type may not fit the schema that the code has for them. */
export const CodeProblem = z.object({
  eventType: z.string(),
  version: Version,
  /** JSON pointer into that schema. */
  path: z.string(),
  reason: z.string(),
  since: Time,
});
export type CodeProblem = Answer<typeof CodeProblem>;

/** The first lines of an import's body, and a hash over them. */
export interface ImportedLines {
  readonly lines: number;
  readonly hash: string;
}

/** What a store may have declared besides categories. They share one space of names, with all consumers. */
export type DefinitionKind = "view" | "processor" | "source";

/** A view, a processor or a source that was declared over HTTP. */
export interface DefinitionEntry {
  readonly kind: DefinitionKind;
  readonly name: string;
  /** One higher after every change, including its deletion. */
  readonly revision: number;
  /**
   * One higher each time that the name is declared again after its deletion. What is built for a definition is named by it as well, so that
   * nothing of a deleted definition comes back.
   */
  readonly incarnation: number;
  /** Milliseconds since 1970. */
  readonly declaredAt: number;
  /** When it was last changed, in milliseconds since 1970. Higher with every change of the name, deletions included. */
  readonly changedAt: number;
  /** Where a processor begins, if its definition does not say: the head when it was declared, or where it was in another store. */
  readonly startsAfter?: number;
  /** Another one when the definition changes, or a definition that it names. */
  readonly stamp: string;
  /** JSON text; absent: the caller knows this stamp. */
  readonly definition?: string;
}

/** A category that a definition names, retired ones included. `definition` is JSON text. */
export interface NamedCategory {
  readonly name: string;
  /** `code`: the code used to declare it. */
  readonly status: "declared" | "retired" | "code";
  /** For one that the code declared: `aggregate` or `plain`. */
  readonly kind?: string;
  readonly definition: string;
}

/** Definitions, with what they name themselves. */
export interface DefinitionsAnswer {
  /** A number that grows with every change of any view or processor. */
  readonly asOf: number;
  readonly definitions: readonly DefinitionEntry[];
  /** Views that they join. */
  readonly joined: readonly DefinitionEntry[];
  /** What all of these name. */
  readonly categories: readonly NamedCategory[];
}

/** A definition to declare. */
export interface NewDefinition {
  readonly kind: DefinitionKind;
  readonly name: string;
  /** JSON text. */
  readonly definition: string;
  /** See {@link DefinitionEntry}; only counts when it creates the definition. */
  readonly startsAfter?: number;
  /** Views of the catalog that it joins: it is only declared while they exist. */
  readonly joins?: readonly string[];
}

export type DefinitionDeclared =
  | { readonly outcome: "created" | "changed" | "unchanged"; readonly revision: number; readonly incarnation: number }
  /** A definition of another kind has this name, or one whose name differs by case only. */
  | { readonly outcome: "name-in-use"; readonly kind: DefinitionKind; readonly name: string }
  /** The store has the most definitions of this kind that it may have. */
  | { readonly outcome: "full" }
  /** A view that it joins does not exist. */
  | { readonly outcome: "unknown-view"; readonly name: string };

export type DefinitionRemoved =
  | { readonly outcome: "removed" }
  | { readonly outcome: "unknown" }
  /** Processors that join the view. */
  | { readonly outcome: "in-use"; readonly by: readonly string[] };

/** One that exists no more. */
export type RemovedDefinition = Pick<DefinitionEntry, "kind" | "name" | "incarnation">;

/** How far an import with an `Idempotency-Key` has got. */
export interface ImportProgress {
  /** All of these lines are stored. */
  readonly stored: ImportedLines;
  /** Some of these lines may be stored. */
  readonly claimed: ImportedLines;
  /** The body has no further lines. */
  readonly ended: boolean;
}

/** A store, as the directory knows it. */
export interface StoreEntry extends Placement {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly placedAt: number;
}

/** The deployment's directory of stores: the catalog object with the name `$stores`. */
export interface DirectoryRpc {
  /** Undefined: it was neither written to nor placed. */
  findStore(name: string): Promise<StoreEntry | undefined>;
  /** Fixes where a store lies, unless that is fixed already; returns where it lies. */
  placeStore(name: string, placement: Placement): Promise<{ readonly entry: StoreEntry; readonly isNew: boolean }>;
  /** In the order of their names, after this one. */
  listStores(after: string, limit: number): Promise<StoreEntry[]>;
  /** The source that a queue's messages go to; undefined: none that was declared over HTTP. */
  findQueue(queue: string): Promise<QueueClaim | undefined>;
  /** From now on a queue's messages go to this source, unless another has claimed them; returns whose they are. */
  claimQueue(queue: string, claim: QueueClaim): Promise<QueueClaim>;
  /** Ends the claims of a source. `except`: the queue that it keeps. */
  releaseQueues(claim: QueueClaim, except?: string): Promise<void>;
}

/** A source that gets the messages of a queue. */
export interface QueueClaim {
  readonly store: string;
  readonly source: string;
}

/** A category with all that an export has to say about it. */
export interface CategoryExport {
  readonly name: string;
  /** JSON text of a `Definition`. */
  readonly definition: string;
  readonly earlier: Earlier;
  readonly retired: boolean;
}

export interface CatalogRpc {
  /** Undefined: never declared. `withEarlier` also asks for the earlier versions of its event types. */
  lookUp(name: string, knownRevision?: number, withEarlier?: boolean): Promise<Entry | undefined>;
  /** Declares a category, or changes it compatibly. */
  declare(name: string, definition: string): Promise<Declared>;
  /** What {@link declare} would answer. It stores nothing. */
  tryDeclare(name: string, definition: string): Promise<Declared>;
  /** Ends a category for good; its name cannot be used again. False: it was never declared. */
  retire(name: string): Promise<boolean>;
  /** The definition with this name. `known`: the stamp that the caller has. `withSources`: the caller knows sources. */
  lookUpDefinition(name: string, known?: string, withSources?: boolean): Promise<DefinitionsAnswer>;
  /** All definitions. `known`: the stamps that the caller has, by name. `withSources`: the caller knows sources. */
  listDefinitions(known?: Readonly<Record<string, string>>, withSources?: boolean): Promise<DefinitionsAnswer>;
  /** Views and processors that were removed and not declared again: the last ones, up to a limit. */
  listRemoved(): Promise<RemovedDefinition[]>;
  /** What a definition names that is not declared yet. */
  lookUpNames(categories: readonly string[], joined: readonly string[]): Promise<Omit<DefinitionsAnswer, "definitions">>;
  /** Declares a definition, or changes it. */
  declareDefinition(definition: NewDefinition): Promise<DefinitionDeclared>;
  /** What {@link declareDefinition} would answer. It stores nothing. */
  tryDefinition(definition: NewDefinition): Promise<DefinitionDeclared>;
  /** Removes one, if nothing needs it. */
  removeDefinition(kind: DefinitionKind, name: string): Promise<DefinitionRemoved>;
  /** Keeps the schemas that the code has in this store, and compares them with the previous ones; what changed is a line in the logs. */
  useCode(category: string, kind: string, schemas: readonly CodeSchema[]): Promise<CodeProblem[]>;
  /** The same comparison, but keeps nothing. */
  compareCode(category: string, schemas: readonly CodeSchema[]): Promise<CodeProblem[]>;
  /** How far the import with this key has got; undefined: no such import is known. */
  importProgress(key: string): Promise<ImportProgress | undefined>;
  /** Notes how far it has got. False: another import with this key has moved on since `before`. */
  moveImport(key: string, before: ImportProgress | undefined, after: ImportProgress): Promise<boolean>;
  /** Categories in the order of their names, after this one, retired ones included: as many as fit into an answer. */
  exportCategories(after: string): Promise<CategoryExport[]>;
  /** All that are not retired, by name. */
  list(withVersions?: boolean): Promise<CategorySummary[]>;
}

/** The name of the object that keeps the directory: no store's name has a `$`. */
export const DIRECTORY = "$stores";
