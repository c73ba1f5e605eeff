/**
 * Checks a definition that a client sends: its form, its name, and what it names in the store. It reads the catalog and the log's head, and
 * changes nothing.
 */

import type { Issue } from "../core/issue.ts";
import { NAME } from "../core/names.ts";
import {
  type ProcessorDefinition,
  checkProcessor,
  namesIn as namesInProcessor,
  parseProcessor,
} from "../definitions/over-http/processor.ts";
import { type SourceDefinition, checkSource, namesIn as namesInSource, readSource } from "../definitions/over-http/source.ts";
import type { Surroundings } from "../definitions/over-http/surroundings.ts";
import { type ViewDefinition, checkView, namesIn as namesInView, parseView } from "../definitions/over-http/view.ts";
import type { DefinitionDeclared, DefinitionKind, DefinitionRemoved, NewDefinition } from "../store/catalog-protocol.ts";
import type { Definitions } from "../store/definitions.ts";
import type { FoundNames } from "../store/run-time-definitions.ts";
import { sourceBinding } from "../store/source-binding.ts";
import type { Store } from "../store/store.ts";
import type { QueueInUse } from "./source-queues.ts";

/** Why a definition is not declared or removed. */
export type Refusal =
  | Exclude<DefinitionDeclared, { readonly revision: number }>
  | Exclude<DefinitionRemoved, { readonly outcome: "removed" }>
  | { readonly outcome: "issues"; readonly issues: readonly Issue[] }
  /** The code has a consumer of this name, or of one that differs by case only. */
  | { readonly outcome: "in-code"; readonly kind: string; readonly name: string }
  | { readonly outcome: "unknown-category" | "category-retired"; readonly name: string }
  | { readonly outcome: "beyond-head"; readonly position: number; readonly head: number }
  | QueueInUse;

/** What to declare. */
export interface Asked {
  readonly kind: DefinitionKind;
  readonly name: string;
  /** The definition, as a client sent it. */
  readonly body: unknown;
  /** Where a processor goes on that another store had, whatever its definition says about its start. */
  readonly position?: number | undefined;
  /**
   * A line of an import declares it. A source then begins paused, and may need what the deployment does not have (yet): the store that the
   * line comes from may still follow the same.
   */
  readonly isImported?: boolean;
}

/** A definition whose form is right. */
interface Parsed {
  /** As it is kept. */
  readonly definition: object;
  readonly categories: readonly string[];
  readonly joined: readonly string[];
  readonly start?: "beginning" | "head" | number | undefined;
  /** The queue whose messages a source gets. */
  readonly queue?: string;
  readonly check: (around: Surroundings) => readonly Issue[];
}

/** Everything that is checked before the catalog is asked. */
export async function readyToDeclare(store: Store, { kind, name, body, position, isImported = false }: Asked): Promise<Ready | Refusal> {
  const { definitions, log } = store;
  const taken = inCode(store, name);
  if (taken) return { outcome: "in-code", ...taken };
  if (!NAME.test(name)) return { outcome: "issues", issues: [{ path: "", message: `the name must match ${NAME.source}` }] };
  const parsed = PARSED[kind](name, body, store, isImported);
  if ("issues" in parsed) return { outcome: "issues", issues: parsed.issues };
  const { definition, joined, start } = parsed;
  const around = await aroundOf(definitions, parsed);
  if ("outcome" in around) return around;
  const head = start === "head" || typeof start === "number" || position !== undefined ? await log.head() : 0;
  if (typeof start === "number" && start > head && position === undefined) return { outcome: "beyond-head", position: start, head };
  const request = {
    kind,
    name,
    definition: JSON.stringify(definition),
    ...(position === undefined ? (start === "head" ? { startsAfter: head } : {}) : { startsAfter: Math.min(position, head) }),
    joins: joined.filter((view) => around.overHttp.has(view)),
  };
  const { queue } = parsed;
  return { request, definition, around, isImported, ...(queue === undefined ? {} : { queue }) };
}

/** A definition that can be declared, and what the catalog is asked. */
export interface Ready extends Undeclared<object> {
  readonly request: NewDefinition;
  readonly isImported: boolean;
  readonly queue?: string;
}

/** A definition that fits, and what it names. */
export interface Undeclared<Definition> {
  readonly definition: Definition;
  readonly around: Surroundings;
}

/** A processor as a declaration would take it, or why it would not: for a preview. Nothing is declared. */
export function undeclaredProcessor(store: Store, name: string, body: unknown): Promise<Undeclared<ProcessorDefinition> | Refusal> {
  return undeclared(store, processorIn(name, body));
}

/** The same for a view. */
export function undeclaredView(store: Store, name: string, body: unknown): Promise<Undeclared<ViewDefinition> | Refusal> {
  return undeclared(store, viewIn(name, body));
}

/** The same for a source. */
export function undeclaredSource(store: Store, name: string, body: unknown): Promise<Undeclared<SourceDefinition> | Refusal> {
  // What the deployment lacks is no mistake of the definition.
  return undeclared(store, sourceIn(name, body, store, true));
}

async function undeclared<Definition>(
  { definitions }: Store,
  parsed: (Parsed & { readonly definition: Definition }) | { readonly issues: readonly Issue[] },
): Promise<Undeclared<Definition> | Refusal> {
  if ("issues" in parsed) return { outcome: "issues", issues: parsed.issues };
  const around = await aroundOf(definitions, parsed);
  return "outcome" in around ? around : { definition: parsed.definition, around };
}

/** What the definition names, once all of it fits together. */
async function aroundOf(definitions: Definitions, parsed: Parsed): Promise<FoundNames | Refusal> {
  const around = await definitions.names(parsed.categories, parsed.joined);
  const unknown = unknownIn(around, parsed);
  if (unknown) return unknown;
  const issues = parsed.check(around);
  return issues.length > 0 ? { outcome: "issues", issues } : around;
}

/** What the code has under this name, whatever its case: SQL, file systems and people do not tell such names apart. */
function inCode(store: Store, name: string): { readonly kind: string; readonly name: string } | undefined {
  const { inCode } = store.definitions;
  const kind = inCode.kindOf(name);
  if (kind !== undefined) return { kind, name };
  const others = [...inCode.sourcesOf(store.name), ...inCode.views, ...inCode.processors, ...inCode.webhooks];
  const twin = others.find((one) => one.name === name) ?? others.find((one) => one.name.toLowerCase() === name.toLowerCase());
  return twin && { kind: inCode.kindOf(twin.name) ?? (inCode.webhook(twin.name) ? "webhook" : "source"), name: twin.name };
}

type Parse = (name: string, body: unknown, store: Store, isImported: boolean) => Parsed | { readonly issues: readonly Issue[] };

const PARSED: Readonly<Record<DefinitionKind, Parse>> = { view: viewIn, processor: processorIn, source: sourceIn };

function sourceIn(
  _name: string,
  body: unknown,
  { definitions, variables }: Store,
  isImported = false,
): (Parsed & { readonly definition: SourceDefinition }) | { readonly issues: readonly Issue[] } {
  const form = readSource(body, definitions.inCode.sourceKinds);
  if ("issues" in form) return form;
  const { definition, kind, settings } = form;
  const queue = kind.isBrought ? { queue: kind.queueOf(settings) } : {};
  const isBound = (name: string) => isImported || sourceBinding(variables, name) !== undefined;
  return { definition, ...namesInSource(definition), ...queue, check: (around) => checkSource(form, around, isBound) };
}

function viewIn(name: string, body: unknown): (Parsed & { readonly definition: ViewDefinition }) | { readonly issues: readonly Issue[] } {
  const definition = parseView(name, body);
  if ("issues" in definition) return definition;
  return { definition, joined: [], ...namesInView(definition), check: (around) => checkView(name, definition, around) };
}

function processorIn(
  name: string,
  body: unknown,
): (Parsed & { readonly definition: ProcessorDefinition }) | { readonly issues: readonly Issue[] } {
  const definition = parseProcessor(name, body);
  if ("issues" in definition) return definition;
  const { start } = definition;
  return { definition, start, ...namesInProcessor(definition), check: (around) => checkProcessor(name, definition, around) };
}

function unknownIn({ categories, views, retired }: FoundNames, asked: Parsed): Refusal | undefined {
  const category = asked.categories.find((name) => !categories.has(name));
  if (category !== undefined) return { outcome: "unknown-category", name: category };
  const joined = asked.joined.find((name) => !views.has(name) && !categories.has(name));
  if (joined !== undefined) return { outcome: "unknown-view", name: joined };
  const ended = [...asked.categories, ...asked.joined].find((name) => retired.has(name) && !views.has(name));
  return ended === undefined ? undefined : { outcome: "category-retired", name: ended };
}
