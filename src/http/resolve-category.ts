/** Finds the category that a route is about, whether it was declared in code or at run time. */

import type { Store } from "../store/store.ts";
import { SYSTEM_CATEGORY, webhookEvents } from "../definitions/webhooks/events.ts";
import type { App } from "../definitions/app.ts";
import type { Effort } from "../schemas/check-run.ts";
import { type Checker, compileChecker } from "../schemas/checker.ts";
import { type Definition, factTypeOf, readDefinition, versionOf } from "../definitions/over-http/category.ts";
import type { JsonSchema } from "../schemas/json-schema.ts";
import { READY_CATEGORIES, READY_CHARACTERS } from "./limits.ts";
import { NAME } from "../core/names.ts";
import type { Issue } from "../core/issue.ts";
import type { Category } from "../definitions/category.ts";
import { parseData } from "../core/parse-data.ts";
import { schemaVersionOf } from "../definitions/upcast.ts";
import { Problem } from "./problem.ts";
import { type HttpContext, storeOf } from "./request.ts";

/** A category that takes facts. */
export interface PlainCategory {
  readonly name: string;
  /** The property of an event's data that names its stream. */
  readonly key?: string;
  /** The type of a fact that is sent as its data alone; absent: facts are sent as events, which say their type. */
  readonly factType?: string;
  /** Those that are declared. */
  readonly eventTypes: readonly string[];
  /** Whether it is one of the event types that may be written today. */
  takes(eventType: string): boolean;
  /** What is stored of an event with this data, or what is wrong with it. Undefined: the category does not take this event type. */
  check(eventType: string, data: object, effort: Effort): Checked | undefined;
  /** The version that a new event of this type gets. */
  schemaVersionOf(eventType: string): number;
}

type Checked = { readonly data: string; readonly schemaVersion: number } | { readonly issues: readonly Issue[] };

/**
 * The category that the path names, if it takes facts.
 *
 * @throws {Problem} when it is an aggregate, not declared, or retired
 */
export async function plainCategoryOf(app: App, context: HttpContext): Promise<PlainCategory> {
  const name = context.req.param("category") ?? "";
  if (app.aggregates.has(name)) {
    throw new Problem("category-has-rules", `${name} is an aggregate: send commands to /aggregates/${name}/{id}/{Command}`);
  }
  const inCode = app.categories.get(name);
  return inCode ? fromCode(inCode) : declaredCategory(storeOf(context), name);
}

/**
 * The name of the category in the path, once it is sure that its streams may be read.
 *
 * @throws {Problem} when it is not declared, or retired
 */
export async function readableCategoryOf(app: App, context: HttpContext): Promise<string> {
  const name = context.req.param("category") ?? "";
  if (!app.aggregates.has(name) && !app.categories.has(name)) await declaredCategory(storeOf(context), name, true);
  return name;
}

/**
 * The category of that name, aggregates included: for an import, which is past all rules.
 *
 * @throws {Problem} when it is not declared, or retired
 */
export async function anyCategoryOf(app: App, context: HttpContext, name: string): Promise<PlainCategory> {
  const inCode = app.aggregates.get(name) ?? app.categories.get(name) ?? (name === SYSTEM_CATEGORY ? webhookEvents : undefined);
  return inCode ? fromCode(inCode) : declaredCategory(storeOf(context), name, true);
}

export function unknownCategory(name: string): Problem {
  return new Problem("unknown-category", `unknown category ${name}; GET /streams lists the categories, PUT /streams/${name} declares it`);
}

export function retiredCategory(name: string): Problem {
  return new Problem(
    "category-retired",
    `${name} was retired: its streams can no longer be read or written, and its name cannot be reused`,
  );
}

/** Without the rules that code had for it, nothing new is written. `kind` undefined: it is not known what it was. */
export function categoryWasInCode(name: string, kind?: string): Problem {
  const detail =
    kind === "plain"
      ? `the code no longer declares the category ${name}: declare it with PUT /streams/${name}, or deploy code that has it`
      : `the code no longer declares ${kind === undefined ? "" : `the ${kind} `}${name}: its events can still be read and imported, ` +
        "but nothing new is written without its rules; deploy code that has it, or take another name";
  return new Problem("category-was-in-code", detail, kind === undefined ? {} : { kind });
}

function fromCode({ name, key, events }: Pick<Category, "name" | "key" | "events">): PlainCategory {
  return {
    name,
    ...(key === undefined ? {} : { key }),
    eventTypes: Object.keys(events),
    takes: (eventType) => Object.hasOwn(events, eventType),
    schemaVersionOf: (eventType) => (Object.hasOwn(events, eventType) && events[eventType] ? schemaVersionOf(events[eventType]) : 1),
    check(eventType, data) {
      const schema = Object.hasOwn(events, eventType) ? events[eventType] : undefined;
      if (!schema) return undefined;
      const parsed = parseData(schema, data, true);
      if ("issues" in parsed) return parsed;
      return { data: JSON.stringify(parsed.data), schemaVersion: schemaVersionOf(schema) };
    },
  };
}

interface Ready {
  readonly revision: number;
  readonly characters: number;
  readonly category: PlainCategory;
}

/** By store and name. Nothing here is taken for true: the catalog is asked every time, and says whether it still is. */
const ready = new Map<string, Ready>();

/**
 * A category that was declared at run time.
 *
 * @param wasInCode also one that code had, and no longer has: to read what it holds, or to import into it
 */
async function declaredCategory(store: Store, name: string, wasInCode = false): Promise<PlainCategory> {
  if (!NAME.test(name)) throw unknownCategory(name);
  const key = `${store.name}/${name}`;
  const known = ready.get(key);
  const entry = await store.catalog.lookUp(name, known?.revision);
  if (!entry) throw unknownCategory(name);
  if (entry.status === "retired") throw retiredCategory(name);
  if (entry.status === "in-code") {
    if (!wasInCode) throw categoryWasInCode(name, entry.kind);
    return fromDefinition(name, JSON.parse(entry.definition));
  }
  const { revision, definition } = entry;
  if (known && definition === undefined) return known.category;
  const category = fromDefinition(name, readDefinition(name, definition ?? "{}"));
  keepReady(key, { revision, characters: definition?.length ?? 0, category });
  return category;
}

function keepReady(key: string, one: Ready): void {
  ready.delete(key); // so that the map's order is the order of use
  ready.set(key, one);
  let characters = [...ready.values()].reduce((sum, { characters }) => sum + characters, 0);
  for (const [oldest, { characters: freed }] of ready) {
    if (ready.size <= READY_CATEGORIES && characters <= READY_CHARACTERS) return;
    ready.delete(oldest);
    characters -= freed;
  }
}

function fromDefinition(name: string, { key, strict, events, facts }: Definition): PlainCategory {
  const checkers = new Map<string, Checker>();
  const checkerOf = (eventType: string, schema: JsonSchema) => {
    const checker = checkers.get(eventType) ?? compileChecker(schema);
    checkers.set(eventType, checker);
    return checker;
  };
  return {
    name,
    ...(key === undefined ? {} : { key }),
    ...(facts ? { factType: factTypeOf(name) } : {}),
    eventTypes: Object.keys(events),
    takes: (eventType) => !strict || Object.hasOwn(events, eventType),
    schemaVersionOf(eventType) {
      const schema = Object.hasOwn(events, eventType) ? events[eventType] : undefined;
      return schema === undefined ? 1 : versionOf(schema);
    },
    check(eventType, data, effort) {
      const schema = Object.hasOwn(events, eventType) ? events[eventType] : undefined;
      if (schema === undefined && strict) return undefined;
      const text = JSON.stringify(data);
      if (schema === undefined) return { data: text, schemaVersion: 1 };
      const issues = checkerOf(eventType, schema)(data, text, effort);
      return issues.length > 0 ? { issues } : { data: text, schemaVersion: versionOf(schema) };
    },
  };
}
