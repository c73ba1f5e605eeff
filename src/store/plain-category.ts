/** Which event types a category accepts, and with which data, wherever it was declared. */

import { parseData } from "../core/parse-data.ts";
import type { Issue } from "../core/issue.ts";
import { type Definition, factTypeOf, versionOf } from "../definitions/over-http/category.ts";
import type { Category } from "../definitions/category.ts";
import { schemaVersionOf } from "../definitions/upcast.ts";
import type { Effort } from "../schemas/check-run.ts";
import { type Checker, compileChecker } from "../schemas/checker.ts";
import type { JsonSchema } from "../schemas/json-schema.ts";

/** A category for code that writes facts. */
export interface PlainCategory {
  readonly name: string;
  /** The property of an event's data that names its stream. */
  readonly key?: string;
  /** The type of a fact that is sent as its data alone; absent: facts are sent as events, which contain their type. */
  readonly factType?: string;
  /** Those that are declared. */
  readonly eventTypes: readonly string[];
  /** Whether it is one of the event types that may be written today. */
  takes(eventType: string): boolean;
  /** What is stored for an event with this data, or what is wrong with it. Undefined: the category does not accept this event type. */
  check(eventType: string, data: object, effort: Effort): Checked | undefined;
  /** The version that a new event of this type gets. */
  schemaVersionOf(eventType: string): number;
}

type Checked = { readonly data: string; readonly schemaVersion: number } | { readonly issues: readonly Issue[] };

export function fromCode({ name, key, events }: Pick<Category, "name" | "key" | "events">): PlainCategory {
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

export function fromDefinition(name: string, { key, strict, events, facts }: Definition): PlainCategory {
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
