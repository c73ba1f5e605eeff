/**
 * Checks data against a declared JSON Schema. The interpreter is `@cfworker/json-schema`, which needs no `eval`. What is
 * here keeps it from being led astray: it sees a copy of the schema that counts its steps and whose patterns are linear.
 */

import { validate } from "@cfworker/json-schema";
import { byteLength } from "../core/json.ts";
import { CHECK_STEPS, CHECK_STEPS_PER_BYTE, ISSUES, PROPERTY_NAME_CHARACTERS } from "../core/limits.ts";
import type { Issue } from "../core/issue.ts";
import {
  type JsonSchema,
  type SchemaObject,
  escapePointer,
  holderOf,
  isObject,
  nodesOf,
  pointerNames,
  pointerOf,
  words,
} from "./json-schema.ts";
import { formats } from "../core/formats.ts";
import { compilePattern } from "./pattern.ts";

/** Checks one event's data. Empty: it fits. `text` is the JSON text that says the same. */
export type Checker = (data: unknown, text: string, effort: Effort) => Issue[];

/** What checking the events of one request may still cost. Begins with {@link CHECK_STEPS}, and grows with their data. */
export interface Effort {
  left: number;
}

export function newEffort(): Effort {
  return { left: CHECK_STEPS };
}

/** Keywords that the interpreter is shown beside those that hold schemas. Everything else is an annotation. */
export const ASSERTIONS = words(
  "type enum const multipleOf maximum exclusiveMaximum minimum exclusiveMinimum maxLength minLength maxItems minItems uniqueItems " +
    "maxContains minContains maxProperties minProperties required dependentRequired",
);

/** Formats of draft 2020-12 that are checked; others are annotations. */
export const FORMATS = words(
  "date-time date time duration email hostname ipv4 ipv6 uri uri-reference uri-template uuid json-pointer relative-json-pointer regex",
);

/** Characters of a schema's own text whose application costs a step. */
const CHARACTERS_PER_STEP = 100;
/** Names in the data's widest object, or characters in its longest text, that make every application cost a step more. */
const MEASURE_PER_STEP = 1_000;
/** Comparisons of two items that cost a step. */
const COMPARISONS_PER_STEP = 50;
/** Characters of data up to which all issues are looked for. In longer data the first one ends the search: it could be wrong everywhere. */
const ALL_ISSUES_CHARACTERS = 8_192;

/** Ends a check that cannot be carried through; the message becomes an issue. */
class Refused extends Error {}

const TOO_COSTLY = "checking it against its schema takes too many steps: send less at once, or declare a simpler schema";

/** The check that is going on: checking is synchronous, so there is one at a time. */
const run = { effort: { left: 0 }, widest: 0, longest: 0, matches: compilePattern("") };

function spend(steps: number): void {
  run.effort.left -= steps;
  if (run.effort.left < 0) throw new Refused(TOO_COSTLY);
}

/** Our own entry in the interpreter's table of formats: a pattern, the one that was read last. */
const PATTERN_FORMAT = "headspring-pattern";
formats[PATTERN_FORMAT] = (text) => run.matches(text, spend);

/** Prepares a schema in which `schemaIssues` finds nothing wrong. */
export function compileChecker(schema: JsonSchema): Checker {
  return compileCheckers(schema)("");
}

/** The same for every schema within it, each by its pointer. */
export function compileCheckers(schema: JsonSchema): (pointer: string) => Checker {
  const nodes = nodesOf(schema);
  const copies: Record<string, SchemaObject> = Object.create(null);
  copyOf("", nodes, copies);
  const comparesItems = [...nodes.values()].some((node) => isObject(node) && node.uniqueItems === true);

  return (pointer) =>
    function check(data, text, effort) {
      const root = copies[`#${pointer}`] as SchemaObject;
      effort.left += CHECK_STEPS_PER_BYTE * byteLength(text);
      Object.assign(run, { effort, widest: 0, longest: 0 });
      try {
        measure(data, comparesItems);
        const { valid, errors } = validate(data, root, "2020-12", copies, text.length > ALL_ISSUES_CHARACTERS);
        return valid ? [] : issuesOf(errors);
      } catch (error) {
        if (error instanceof Refused) return [{ path: "", message: error.message }];
        // A stack that overflows is caught here as well: what was pushed on it is gone.
        if (error instanceof RangeError) return [{ path: "", message: TOO_COSTLY }];
        if (error instanceof URIError) return [{ path: "", message: "a property's name is not well-formed Unicode" }];
        throw error;
      }
    };
}

/** Copies the schema at a pointer, and all within it, for the interpreter. */
function copyOf(pointer: string, nodes: ReadonlyMap<string, JsonSchema>, copies: Record<string, SchemaObject>): SchemaObject {
  const node = nodes.get(pointer) as JsonSchema;
  // `true` and `false` as objects, so that they are counted like all others. No declared schema has an empty `enum`.
  const schema: SchemaObject = node === true ? {} : node === false ? { enum: [] } : node;
  const within = (place: string) => copyOf(`${pointer}/${place}`, nodes, copies);
  const copy: Record<string, unknown> = {};
  let own = 0; // characters
  for (const [keyword, value] of Object.entries(schema)) {
    const holder = holderOf(keyword);
    if (holder === "one") copy[keyword] = within(keyword);
    else if (holder === "list") copy[keyword] = (value as unknown[]).map((_, index) => within(`${keyword}/${index}`));
    else if (holder === "map") {
      const names = Object.keys(value as object);
      own += names.join().length;
      copy[keyword] = Object.fromEntries(names.map((name) => [name, within(`${keyword}/${escapePointer(name)}`)]));
    } else if (keyword === "$ref") copy.$ref = `#${pointerOf(value as string, nodes)}`;
    else if (ASSERTIONS.has(keyword) || (keyword === "format" && FORMATS.has(value as string))) {
      own += JSON.stringify(value).length;
      copy[keyword] = value;
    }
  }
  if (typeof schema.pattern === "string") copy.allOf = [...((copy.allOf as unknown[]) ?? []), patternNode(schema.pattern)];
  const weight = 1 + own / CHARACTERS_PER_STEP;
  const reads = "minLength" in copy || "maxLength" in copy || "format" in copy;
  count(copy, () => spend(weight + (run.widest + (reads ? run.longest : 0)) / MEASURE_PER_STEP));
  copies[`#${pointer}`] = copy;
  return copy;
}

/**
 * Calls back whenever the interpreter applies a schema. It reads all keywords it knows first, also this one,
 * which draft 2020-12 does not have and which therefore never says anything.
 */
function count(copy: object, applied: () => void): void {
  Object.defineProperty(copy, "$recursiveAnchor", { get: applied });
}

/**
 * A schema that says nothing but a pattern, as a format. Nothing comes between the reading of its `format`, here, and
 * the call of the format, so the one format there is knows which pattern is meant.
 */
function patternNode(source: string): object {
  const matches = compilePattern(source);
  return Object.defineProperty({}, "format", {
    enumerable: true,
    get() {
      run.matches = matches;
      return PATTERN_FORMAT;
    },
  });
}

/** Takes the data's measure, on which the cost of a step depends, and pays for what the interpreter does without counting. */
function measure(data: unknown, comparesItems: boolean): number {
  if (typeof data === "string") run.longest = Math.max(run.longest, data.length);
  if (typeof data !== "object" || data === null) return 1;
  const names = Array.isArray(data) ? [] : Object.keys(data);
  run.widest = Math.max(run.widest, names.length);
  if (names.some((name) => name.length > PROPERTY_NAME_CHARACTERS))
    throw new Refused(`a property's name has more than ${PROPERTY_NAME_CHARACTERS} characters`);
  const values: unknown[] = Object.values(data);
  const size = values.reduce<number>((sum, value) => sum + measure(value, comparesItems), 1);
  if (comparesItems && Array.isArray(data)) spend((data.length * size) / COMPARISONS_PER_STEP);
  return size;
}

/** The interpreter's errors, without those that only say that there are others further down. */
function issuesOf(errors: ReturnType<typeof validate>["errors"]): Issue[] {
  const telling = errors.filter(({ keyword }) => !CONTAINERS.has(keyword));
  const issues = (telling.length > 0 ? telling : errors).map(({ instanceLocation, keyword, error }): [string, Issue] => {
    const issue = { path: pathOf(instanceLocation), message: messageOf(keyword, error) };
    return [JSON.stringify(issue), issue];
  });
  return [...new Map(issues).values()].slice(0, ISSUES); // the same may be said by several alternatives
}

/** Keywords whose errors only say that there are others further down. */
const CONTAINERS = words(
  "properties patternProperties additionalProperties unevaluatedProperties propertyNames prefixItems items unevaluatedItems " +
    "dependentSchemas $ref allOf if",
);

/** `#/lines/0/sku` → `lines.0.sku`, as all our issues say it. */
function pathOf(location: string): string {
  return pointerNames(decodeURIComponent(location.slice(1))).join(".");
}

function messageOf(keyword: string, error: string): string {
  if (keyword === "enum" && error.endsWith(" [].")) return "is not allowed here";
  if (keyword === "format" && error.includes(PATTERN_FORMAT)) return "does not match the pattern";
  return error.length > MESSAGE_CHARACTERS ? `${error.slice(0, MESSAGE_CHARACTERS)}…` : error;
}

/** Characters of one issue's message: it may quote a large enumeration. */
const MESSAGE_CHARACTERS = 300;
