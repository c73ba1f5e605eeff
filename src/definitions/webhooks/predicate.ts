/**
 * What a webhook requires of an event beyond its type and category: a small language over the event's JSON that is safe to accept from
 * anyone. No regular expressions, no code, bounded in size and depth; what it costs is known before it runs. Pure.
 */

import * as z from "zod";
import { PREDICATE_CONDITIONS, PREDICATE_DEPTH } from "../limits.ts";

const Scalar = z.union([z.string().max(1_024), z.number(), z.boolean(), z.null()]);

/** Where to look: `data.` or `meta.` and the names below it, or a field of the event itself. A list item's name is its index. */
const Path = z
  .string()
  .max(256)
  .regex(/^(?:(?:data|meta)(?:\.[^.]{1,64}){1,10}|id|stream|version|position|type|time|recordedAt|schemaVersion)$/, {
    error: "`data.` or `meta.` and the names below it, such as `data.customer.country`, or a field of the event",
  });

const Condition = z.union([
  z.strictObject({ path: Path, op: z.enum(["eq", "ne"]), value: Scalar }),
  z.strictObject({ path: Path, op: z.enum(["gt", "gte", "lt", "lte"]), value: z.union([z.number(), z.string().max(1_024)]) }),
  z.strictObject({ path: Path, op: z.literal("in"), value: z.array(Scalar).min(1).max(100) }),
  z.strictObject({ path: Path, op: z.enum(["startsWith", "contains"]), value: z.string().min(1).max(1_024) }),
  z.strictObject({ path: Path, op: z.literal("exists"), value: z.boolean() }),
]);

const UNREADABLE =
  "a condition is {path, op, value} with op eq, ne, gt, gte, lt, lte, in, startsWith, contains or exists; or {and: […]}, {or: […]}, {not: …} of such";

export type Predicate =
  | z.output<typeof Condition>
  | { readonly and: readonly Predicate[] }
  | { readonly or: readonly Predicate[] }
  | { readonly not: Predicate };

const Nested: z.ZodType<Predicate> = z.lazy(() =>
  z.union(
    [
      Condition,
      z.strictObject({ and: z.array(Nested).min(1).max(PREDICATE_CONDITIONS) }),
      z.strictObject({ or: z.array(Nested).min(1).max(PREDICATE_CONDITIONS) }),
      z.strictObject({ not: Nested }),
    ],
    { error: UNREADABLE },
  ),
);

/** A predicate, as clients send it. */
export const PredicateIn = Nested.refine((predicate) => sizeOf(predicate) <= PREDICATE_CONDITIONS, {
  error: `at most ${PREDICATE_CONDITIONS} conditions`,
}).refine((predicate) => depthOf(predicate) <= PREDICATE_DEPTH, { error: `and, or and not nest at most ${PREDICATE_DEPTH} deep` });

/** Whether the predicate holds for an event, as readers get it. */
export function holds(predicate: Predicate, event: object): boolean {
  if ("and" in predicate) return predicate.and.every((part) => holds(part, event));
  if ("or" in predicate) return predicate.or.some((part) => holds(part, event));
  if ("not" in predicate) return !holds(predicate.not, event);
  const found = valueAt(event, predicate.path);
  switch (predicate.op) {
    case "eq":
      return found === predicate.value;
    case "ne":
      return found !== predicate.value;
    case "in":
      return predicate.value.some((value) => value === found);
    case "exists":
      return (found !== undefined) === predicate.value;
    case "startsWith":
      return typeof found === "string" && found.startsWith(predicate.value);
    case "contains":
      return typeof found === "string" ? found.includes(predicate.value) : Array.isArray(found) && found.includes(predicate.value);
    case "gt":
    case "gte":
    case "lt":
    case "lte":
      return isOrdered(predicate.op, found, predicate.value);
  }
}

/** Numbers are compared with numbers, strings with strings (by code units); nothing else has an order. */
function isOrdered(op: "gt" | "gte" | "lt" | "lte", found: unknown, value: number | string): boolean {
  if (typeof found !== typeof value) return false;
  // Both are numbers or both are strings: the line above makes sure, but the compiler cannot know.
  const left = found as number;
  const right = value as number;
  if (op === "gt") return left > right;
  if (op === "gte") return left >= right;
  return op === "lt" ? left < right : left <= right;
}

const INDEX = /^(?:0|[1-9]\d*)$/;

function valueAt(event: object, path: string): unknown {
  let value: unknown = event;
  for (const name of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    // A list has items only: its `length` is not part of the event's JSON.
    if (Array.isArray(value) && !INDEX.test(name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

function sizeOf(predicate: Predicate): number {
  return partsOf(predicate).reduce((sum, part) => sum + sizeOf(part), 1);
}

function depthOf(predicate: Predicate): number {
  return partsOf(predicate).reduce((deepest, part) => Math.max(deepest, 1 + depthOf(part)), 0);
}

function partsOf(predicate: Predicate): readonly Predicate[] {
  if ("and" in predicate) return predicate.and;
  if ("or" in predicate) return predicate.or;
  return "not" in predicate ? [predicate.not] : [];
}
