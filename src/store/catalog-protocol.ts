/** The protocol of a store's catalog, which routes call: its categories that were declared at run time, and its imports. Refusals cross as values. */

import * as z from "zod";
import { type Answer, Time, Version } from "../core/answer.ts";
import type { Placement } from "../core/placement.ts";

/** A category of the catalog, as routes look it up. */
export type Entry =
  | { readonly status: "retired" }
  /** Code had it. `definition` is JSON text of a `Definition`. */
  | { readonly status: "in-code"; readonly kind: string; readonly definition: string }
  | {
      readonly status: "declared";
      /** One higher with every change of the definition. */
      readonly revision: number;
      /** JSON text of a `Definition`; absent: it is the revision that the asker knows. */
      readonly definition?: string;
      /** When they were asked for. */
      readonly earlier?: Earlier;
    };

/** Schemas (JSON text) that a newer version of their event type took the place of. */
export type Earlier = readonly { readonly eventType: string; readonly version: number; readonly schema: string }[];

/** A category in a list: without its schemas. */
export interface CategorySummary {
  readonly name: string;
  readonly description?: string;
  /** The property of an event's data that names its stream. */
  readonly key?: string;
  readonly strict: boolean;
  readonly eventTypes: readonly string[];
  /** Of each of these types the version that new events get; when it was asked for. */
  readonly schemaVersions?: readonly number[];
}

export type Declared =
  | { readonly outcome: "created" | "changed" | "unchanged"; readonly revision: number; readonly earlier?: Earlier }
  | { readonly outcome: "retired" }
  /** Code had the category, with rules. */
  | { readonly outcome: "in-code" }
  /** The store has as many categories as it may have. */
  | { readonly outcome: "full" }
  /** The category has as many earlier versions of event types as are kept. */
  | { readonly outcome: "too-many-versions" }
  | ({ readonly outcome: "incompatible" } & DefinitionProblem);

/** Why a definition cannot take the place of the one before. */
export interface DefinitionProblem {
  /** The event type; absent: it is about the whole category. */
  readonly eventType?: string;
  /** JSON pointer into that type's new schema. */
  readonly path?: string;
  readonly reason: string;
}

/** The schema with which code writes events of a type. */
export interface CodeSchema {
  readonly eventType: string;
  readonly version: number;
  /** JSON text. */
  readonly schema: string;
}

/** Why stored events of a type may not fit the schema that code has for them. */
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

/** How far an import with an `Idempotency-Key` came. */
export interface ImportProgress {
  /** All of these are stored. */
  readonly stored: ImportedLines;
  /** Of these, some may be. */
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

/** What everybody asks the deployment's directory of stores: the catalog object of the name `$stores`. */
export interface DirectoryRpc {
  /** Undefined: it was never written to, nor placed. */
  findStore(name: string): Promise<StoreEntry | undefined>;
  /** Fixes where a store lies, unless that is fixed already; answers with where it lies. */
  placeStore(name: string, placement: Placement): Promise<{ readonly entry: StoreEntry; readonly isNew: boolean }>;
  /** In the order of their names, after this one. */
  listStores(after: string, limit: number): Promise<StoreEntry[]>;
}

export interface CatalogRpc {
  /** Undefined: never declared. `withEarlier` also asks for the earlier versions of its event types. */
  lookUp(name: string, knownRevision?: number, withEarlier?: boolean): Promise<Entry | undefined>;
  /** Declares a category, or changes it compatibly. */
  declare(name: string, definition: string): Promise<Declared>;
  /** Ends a category for good; its name is not given out again. False: it was never declared. */
  retire(name: string): Promise<boolean>;
  /** Keeps what code has in this store, and compares it with what it had before; news are a line in the logs. */
  useCode(category: string, kind: string, schemas: readonly CodeSchema[]): Promise<CodeProblem[]>;
  /** The same comparison, and nothing is kept. */
  compareCode(category: string, schemas: readonly CodeSchema[]): Promise<CodeProblem[]>;
  /** How far the import under this key came; undefined: nothing is known of one. */
  importProgress(key: string): Promise<ImportProgress | undefined>;
  /** Notes how far it came. False: another import under this key has moved since `before`. */
  moveImport(key: string, before: ImportProgress | undefined, after: ImportProgress): Promise<boolean>;
  /** All that are not retired, by name. */
  list(withVersions?: boolean): Promise<CategorySummary[]>;
}

/** The name of the object that keeps the directory: `$` is in no store's name. */
export const DIRECTORY = "$stores";
