/** Checks a JSON Schema when it is declared: what would fail or mislead later is refused now, with its place. Pure. */

import * as z from "zod";
import { ISSUES, PATTERN_STATES } from "../core/limits.ts";
import { SCHEMA_NODES } from "./limits.ts";
import type { Issue } from "../core/issue.ts";
import {
  DRAFT,
  type JsonSchema,
  type SchemaObject,
  escapePointer,
  holderOf,
  inPlace,
  isObject,
  isSchema,
  nodesOf,
  pointerOf,
} from "./json-schema.ts";
import { PatternError, type StateBudget, compilePattern } from "./pattern.ts";

const Count = z.int("a whole number").nonnegative("a whole number that is not negative");
const Numeric = z.number("a number");
const Names = z
  .array(z.string(), "a list of names")
  .refine((names) => new Set(names).size === names.length, "a list of names without repeats");
const TypeName = z.enum(["null", "boolean", "object", "array", "number", "string", "integer"]);

/** The values of the keywords that hold no schemas. */
const VALUES: Readonly<Record<string, z.ZodType>> = {
  $schema: z.string().refine((draft) => draft.replace(/#$/, "") === DRAFT, `only draft 2020-12 is supported: ${DRAFT}`),
  $ref: z.string("a string"),
  $anchor: z.string("a string").regex(/^[A-Za-z_][A-Za-z0-9_.-]*$/, "a name of letters, digits, `_`, `.` and `-`"),
  "x-version": z.int("the version of the event type, a whole number").positive("the version of the event type, from 1"),
  type: z.union([TypeName, z.array(TypeName).min(1)], `one of ${TypeName.options.join(", ")}, or a list of them`),
  enum: z.array(z.unknown(), "a list of values").min(1, "at least one value"),
  multipleOf: Numeric.positive("a number greater than 0"),
  maximum: Numeric,
  exclusiveMaximum: Numeric,
  minimum: Numeric,
  exclusiveMinimum: Numeric,
  maxLength: Count,
  minLength: Count,
  pattern: z.string("a regular expression"),
  maxItems: Count,
  minItems: Count,
  uniqueItems: z.boolean("true or false"),
  maxContains: Count,
  minContains: Count,
  maxProperties: Count,
  minProperties: Count,
  required: Names,
  dependentRequired: z.record(z.string(), Names, "an object whose values are lists of names"),
  format: z.string("a string"),
};

/** Keywords that would silently check nothing, or not what was meant. */
const REFUSED: Readonly<Record<string, string>> = {
  $dynamicRef: "dynamic references are not supported: use $ref",
  $dynamicAnchor: "dynamic references are not supported: use $anchor",
  $recursiveRef: "draft 2019-09 is not supported: use $ref",
  $recursiveAnchor: "draft 2019-09 is not supported: use $anchor",
  $vocabulary: "vocabularies are not supported",
  additionalItems: "draft 2020-12 has prefixItems and items instead of items and additionalItems",
  dependencies: "draft 2020-12 has dependentRequired and dependentSchemas instead",
};

/** What is wrong with a value that should be a JSON Schema; empty: nothing. Paths are JSON pointers, `#` for the whole. */
export function schemaIssues(value: unknown, states: StateBudget = { left: PATTERN_STATES }): Issue[] {
  if (!isSchema(value)) return [{ path: "#", message: "a schema is an object, true or false" }];
  const nodes = nodesOf(value);
  if (nodes.size > SCHEMA_NODES) return [{ path: "#", message: `a schema may have at most ${SCHEMA_NODES} schemas within it` }];
  const issues: Issue[] = [];
  for (const [pointer, node] of nodes) {
    if (typeof node === "boolean") continue;
    for (const [keyword, given] of Object.entries(node)) {
      for (const [place, message] of keywordIssues(keyword, given, { node, isRoot: pointer === "", nodes, states }))
        issues.push({ path: `#${pointer}/${keyword}${place}`, message });
    }
  }
  const loop = issues.length === 0 ? loopIn(nodes) : undefined;
  if (loop !== undefined) issues.push({ path: `#${loop}`, message: "it refers back to itself without going deeper into the data" });
  return issues.slice(0, ISSUES);
}

/** The place of a keyword. */
interface Place {
  readonly node: SchemaObject;
  readonly isRoot: boolean;
  readonly nodes: ReadonlyMap<string, JsonSchema>;
  readonly states: StateBudget;
}

/** What is wrong with a keyword: the place within its value, and why. */
function keywordIssues(keyword: string, value: unknown, { node, isRoot, nodes, states }: Place): [place: string, message: string][] {
  if (Object.hasOwn(REFUSED, keyword)) return [["", REFUSED[keyword] as string]];
  if (keyword === "$id") return isRoot ? [] : [["", "only the whole schema has an $id"]];
  const holder = holderOf(keyword);
  if (holder !== undefined) return holderIssues(keyword, holder, value, states);
  const expected = Object.hasOwn(VALUES, keyword) ? VALUES[keyword] : undefined;
  // A keyword that JSON Schema does not know is an annotation, as is `x-…`.
  if (!expected) return [];
  const parsed = expected.safeParse(value);
  if (!parsed.success) return parsed.error.issues.map(({ path, message }) => [path.map((name) => `/${String(name)}`).join(""), message]);
  if (keyword === "x-version" && !isRoot) return [["", "only the whole schema has a version"]];
  if (keyword === "pattern") return patternIssue(node.pattern as string, "", states);
  if (keyword !== "$ref") return [];
  const ref = node.$ref as string;
  if (!ref.startsWith("#")) return [["", "only references within this schema are supported: they begin with #"]];
  return pointerOf(ref, nodes) === undefined ? [["", `there is no schema at ${ref}`]] : [];
}

function holderIssues(keyword: string, holder: "one" | "list" | "map", value: unknown, states: StateBudget): [string, string][] {
  if (holder === "one") {
    if (keyword === "items" && Array.isArray(value)) return [["", "draft 2020-12 has prefixItems for a list of schemas"]];
    return isSchema(value) ? [] : [["", "a schema: an object, true or false"]];
  }
  if (holder === "list" ? !Array.isArray(value) || value.length === 0 : !isObject(value))
    return [["", holder === "list" ? "a list of schemas, at least one" : "an object whose values are schemas"]];
  return Object.entries(value as object).flatMap(([name, one]): [string, string][] => {
    const place = `/${escapePointer(name)}`;
    if (!isSchema(one)) return [[place, "a schema: an object, true or false"]];
    return keyword === "patternProperties" ? patternIssue(name, place, states) : [];
  });
}

function patternIssue(source: string, place: string, states: StateBudget): [string, string][] {
  try {
    compilePattern(source, states);
    return [];
  } catch (error) {
    if (error instanceof PatternError) return [[place, error.message]];
    throw error;
  }
}

/** The pointer of a schema that applies itself to the same value again and so would never end. */
function loopIn(nodes: ReadonlyMap<string, JsonSchema>): string | undefined {
  const done = new Set<string>();
  const open = new Set<string>();
  const visit = (pointer: string): string | undefined => {
    if (open.has(pointer)) return pointer;
    const node = nodes.get(pointer);
    if (done.has(pointer) || node === undefined || typeof node === "boolean") return undefined;
    open.add(pointer);
    for (const next of inPlace(pointer, node, nodes)) {
      const loop = visit(next);
      if (loop !== undefined) return loop;
    }
    open.delete(pointer);
    done.add(pointer);
    return undefined;
  };
  for (const pointer of nodes.keys()) {
    const loop = visit(pointer);
    if (loop !== undefined) return loop;
  }
  return undefined;
}
