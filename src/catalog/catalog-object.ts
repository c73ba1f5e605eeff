/**
 * One catalog per store: the categories, views, processors and sources that were declared at run time, and how far imports have got. The catalog
 * with the name `$stores` is the directory of all stores.
 */

import type { DeploymentEnv } from "../store/env.ts";
import { DurableObject } from "cloudflare:workers";
import { requireKnownFormat } from "../store/stored-format.ts";
import { markRetryable } from "../core/retryable.ts";
import { logger } from "../telemetry/logger.ts";
import { CategoryTable } from "./category-table.ts";
import { CodeTable } from "./code-table.ts";
import { DefinitionAnswers } from "./definition-answers.ts";
import { DefinitionTable } from "./definition-table.ts";
import { ImportTable } from "./import-table.ts";
import { Directory } from "./directory.ts";
import { QueueClaims } from "./queue-claims.ts";
import type {
  CatalogRpc,
  CategoryExport,
  CategorySummary,
  CodeProblem,
  CodeSchema,
  Declared,
  DefinitionDeclared,
  DefinitionKind,
  DefinitionRemoved,
  DefinitionsAnswer,
  DirectoryRpc,
  Entry,
  ImportProgress,
  NewDefinition,
  QueueClaim,
  RemovedDefinition,
  StoreEntry,
} from "../store/catalog-protocol.ts";
import type { Placement } from "../core/placement.ts";

export class CatalogObject extends DurableObject<DeploymentEnv> implements CatalogRpc, DirectoryRpc {
  static {
    const definitions = [
      "exportCategories",
      "lookUpDefinition",
      "listDefinitions",
      "listRemoved",
      "lookUpNames",
      "tryDeclare",
      "tryDefinition",
    ] as const;
    markRetryable(
      this.prototype,
      "lookUp",
      "list",
      "findStore",
      "placeStore",
      "listStores",
      "findQueue",
      "claimQueue",
      "releaseQueues",
      ...definitions,
    );
  }

  readonly #imports: ImportTable;
  readonly #directory: Directory;
  readonly #queues: QueueClaims;
  readonly #code: CodeTable;
  readonly #definitions: DefinitionTable;
  readonly #answers: DefinitionAnswers;
  readonly #categories: CategoryTable;

  constructor(ctx: DurableObjectState, env: DeploymentEnv) {
    super(ctx, env);
    requireKnownFormat(ctx, "CATALOGS");
    const { sql } = ctx.storage;
    this.#imports = new ImportTable(sql);
    this.#code = new CodeTable(ctx.storage);
    this.#categories = new CategoryTable(ctx.storage, this.#code);
    this.#directory = new Directory(sql);
    this.#queues = new QueueClaims(sql);
    this.#definitions = new DefinitionTable(sql);
    this.#answers = new DefinitionAnswers(this.#definitions, (name) => this.#categories.stateOf(name));
  }

  async useCode(category: string, kind: string, schemas: readonly CodeSchema[]): Promise<CodeProblem[]> {
    const { problems, news } = this.#code.use(category, kind, schemas);
    for (const { eventType: type, version, path, reason } of news) {
      const message = "the code has changed the schema of an event type, and stored events may not fit it";
      const why = `version ${version}, ${path}: ${reason}`;
      logger.warn({ message, store: this.ctx.id.name, category, type, reason: why });
    }
    return problems;
  }

  async compareCode(category: string, schemas: readonly CodeSchema[]): Promise<CodeProblem[]> {
    return this.#code.compare(category, schemas);
  }

  async importProgress(key: string): Promise<ImportProgress | undefined> {
    return this.#imports.find(key);
  }

  async moveImport(key: string, before: ImportProgress | undefined, after: ImportProgress): Promise<boolean> {
    return this.#imports.move(key, before, after);
  }

  async lookUp(name: string, knownRevision?: number, withEarlier?: boolean): Promise<Entry | undefined> {
    return this.#categories.lookUp(name, knownRevision, withEarlier);
  }

  async declare(name: string, definition: string): Promise<Declared> {
    return this.#categories.declare(name, definition);
  }

  async tryDeclare(name: string, definition: string): Promise<Declared> {
    const { replaced: _replaced, ...declared } = this.#categories.compare(name, definition);
    return declared;
  }

  async retire(name: string): Promise<boolean> {
    return this.#categories.retire(name);
  }

  async list(withVersions?: boolean): Promise<CategorySummary[]> {
    return this.#categories.list(withVersions);
  }

  async exportCategories(after: string): Promise<CategoryExport[]> {
    return this.#categories.exported(after);
  }

  async lookUpDefinition(name: string, known?: string, withSources = false): Promise<DefinitionsAnswer> {
    const found = this.#definitions.all().get(name);
    return this.#answers.answer(
      found && (withSources || found.kind !== "source") ? [found] : [],
      known === undefined ? {} : { [name]: known },
    );
  }

  async listDefinitions(known: Readonly<Record<string, string>> = {}, withSources = false): Promise<DefinitionsAnswer> {
    const all = [...this.#definitions.all().values()];
    return this.#answers.answer(withSources ? all : all.filter(({ kind }) => kind !== "source"), known);
  }

  async listRemoved(): Promise<RemovedDefinition[]> {
    return this.#definitions.removed();
  }

  async lookUpNames(categories: readonly string[], joined: readonly string[]): Promise<Omit<DefinitionsAnswer, "definitions">> {
    return this.#answers.named(categories, joined);
  }

  async declareDefinition(definition: NewDefinition): Promise<DefinitionDeclared> {
    return this.#definitions.declare(definition);
  }

  async tryDefinition(definition: NewDefinition): Promise<DefinitionDeclared> {
    return this.#definitions.compare(definition);
  }

  async removeDefinition(kind: DefinitionKind, name: string): Promise<DefinitionRemoved> {
    return this.#definitions.remove(kind, name);
  }

  async findStore(name: string): Promise<StoreEntry | undefined> {
    return this.#directory.find(name);
  }

  async placeStore(name: string, placement: Placement): Promise<{ entry: StoreEntry; isNew: boolean }> {
    return this.#directory.place(name, placement);
  }

  async findQueue(queue: string): Promise<QueueClaim | undefined> {
    return this.#queues.find(queue);
  }

  async claimQueue(queue: string, claim: QueueClaim): Promise<QueueClaim> {
    return this.#queues.claim(queue, claim);
  }

  async releaseQueues(claim: QueueClaim, except?: string): Promise<void> {
    this.#queues.release(claim, except);
  }

  async listStores(after: string, limit: number): Promise<StoreEntry[]> {
    return this.#directory.list(after, limit);
  }
}
