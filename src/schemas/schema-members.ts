/** What a new JSON Schema may say of the properties of objects and the items of arrays, and of which ones. Pure. */

import type { JsonSchema, SchemaObject } from "./json-schema.ts";
import { matches, namedIn, propertyIn, sameText } from "./schema-rules.ts";

/** Where the new schema refuses something that the old one accepted, and what. */
export interface Incompatibility {
  /** JSON pointer into the new schema: `#/properties/celsius/minimum`. */
  readonly path: string;
  readonly reason: string;
}

export type Refusal = Incompatibility | undefined;

/** The comparison of two schemas that is going on. */
export interface Comparing {
  /** Why the new schema at `pointer` does not accept all that the old ones, taken together, do. */
  refusal(pointer: string, olds: readonly JsonSchema[]): Refusal;
}

export function propertyRefusal(comparison: Comparing, at: string, name: string, old: readonly SchemaObject[]): Refusal {
  const before = propertyIn(old, name);
  const refusal = comparison.refusal(at, before);
  if (!refusal || before.length > 0) return refusal;
  return { path: `#${at}`, reason: "additional properties were allowed, so that events may have any value here" };
}

export function patternRefusal(comparison: Comparing, at: string, pattern: string, old: readonly SchemaObject[]): Refusal {
  const same = old.flatMap((one) => namedIn(one, "patternProperties", pattern));
  if (same.length > 0) return comparison.refusal(at, same);
  const closed = old.find((one) => one.additionalProperties === false && one.patternProperties === undefined);
  if (!closed) return comparison.refusal(at, []);
  const names = Object.keys((closed.properties as object | undefined) ?? {}).filter((name) => matches(pattern, name));
  return firstOf(names, (name) => comparison.refusal(at, propertyIn(old, name)));
}

export function additionalRefusal(comparison: Comparing, at: string, node: SchemaObject, old: readonly SchemaObject[]): Refusal {
  const isNamed = (name: string) =>
    namedIn(node, "properties", name).length > 0 || Object.keys((node.patternProperties as object) ?? {}).some((one) => matches(one, name));
  const attempts = old
    .filter((one) => one.additionalProperties !== undefined)
    .map((one) => {
      const names = Object.keys((one.properties as object | undefined) ?? {}).filter((name) => !isNamed(name));
      const patterns = Object.entries((one.patternProperties as Record<string, JsonSchema>) ?? {}).filter(
        ([pattern]) => namedIn(node, "patternProperties", pattern).length === 0,
      );
      return (
        comparison.refusal(at, [one.additionalProperties as JsonSchema]) ??
        firstOf(names, (name) => withReason(comparison.refusal(at, propertyIn(old, name)), `the property "${name}" was allowed before`)) ??
        firstOf(patterns, ([, schema]) => comparison.refusal(at, [schema]))
      );
    });
  if (attempts.length > 0) return attempts.includes(undefined) ? undefined : attempts[0];
  return withReason(comparison.refusal(at, []), "additional properties were allowed before");
}

export function itemsRefusal(comparison: Comparing, at: string, node: SchemaObject, old: readonly SchemaObject[]): Refusal {
  const from = Array.isArray(node.prefixItems) ? node.prefixItems.length : 0;
  if (old.some((one) => (one.maxItems as number) <= from)) return undefined;
  const attempts = old
    .filter((one) => one.items !== undefined)
    .map((one) => {
      const prefix = ((one.prefixItems as JsonSchema[] | undefined) ?? []).slice(from);
      return firstOf([one.items as JsonSchema, ...prefix], (schema) => comparison.refusal(at, [schema]));
    });
  if (attempts.length > 0) return attempts.includes(undefined) ? undefined : attempts[0];
  return withReason(comparison.refusal(at, []), "items could be anything before");
}

export function containsRefusal(comparison: Comparing, at: string, node: SchemaObject, old: readonly SchemaObject[]): Refusal | string {
  const { minContains = 1, maxContains } = node as { minContains?: number; maxContains?: number };
  if (minContains === 0 && maxContains === undefined) return undefined;
  const implied = old.some((one) => {
    if (one.contains === undefined || ((one.minContains as number | undefined) ?? 1) < minContains) return false;
    if (maxContains === undefined) return comparison.refusal(at, [one.contains as JsonSchema]) === undefined;
    return (one.maxContains as number) <= maxContains && sameText(one.contains, node.contains);
  });
  return implied ? undefined : "arrays without such items, or with more of them, were taken before";
}

export function firstOf<Item>(items: readonly Item[], refusal: (item: Item, index: number) => Refusal): Refusal {
  for (const [index, item] of items.entries()) {
    const found = refusal(item, index);
    if (found) return found;
  }
  return undefined;
}

function withReason(refusal: Refusal, reason: string): Refusal {
  return refusal && { ...refusal, reason };
}
