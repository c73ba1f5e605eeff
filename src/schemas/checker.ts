/**
 * Checks data against a declared JSON Schema: an interpreter without `eval`, which takes a step for every schema that it applies to a
 * value, and stops when there have been too many. The meaning of the keywords is in keywords.ts and applicators.ts; check-run.ts counts the
 * steps.
 */

import { byteLength } from "../core/json.ts";
import { CHECK_STEPS, CHECK_STEPS_PER_BYTE, PROPERTY_NAME_CHARACTERS } from "./limits.ts";
import { ISSUES } from "../core/limits.ts";
import type { Issue } from "../core/issue.ts";
import { APPLICATORS } from "./applicators.ts";
import { type Effort, type Node, Refused, type Rule, Run, type Site } from "./check-run.ts";
import { type JsonSchema, type SchemaObject, LOOKS_AT, escapePointer, holderOf, isOfType, nodesOf, pointerOf } from "./json-schema.ts";
import { ASSERTIONS } from "./keywords.ts";

/** Checks one event's data. Empty: it fits. `text` is the same data as JSON text. */
export type Checker = (data: unknown, text: string, effort: Effort) => Issue[];

/** The steps that checking the events of a request may take. */
export function newEffort(): Effort {
  return { left: CHECK_STEPS };
}

/** Characters of a schema's own names that cost a step when the schema is applied. */
const CHARACTERS_PER_STEP = 100;
/**
 * Characters of data up to which all issues are searched for. In longer data the first one ends the search: it could be wrong everywhere.
 */
const ALL_ISSUES_CHARACTERS = 8_192;
/** Characters of one issue's message: it may quote a large enumeration. */
const MESSAGE_CHARACTERS = 300;

/** Prepares a schema in which `schemaIssues` finds nothing wrong. */
export function compileChecker(schema: JsonSchema): Checker {
  return compileCheckers(schema)("");
}

/** The same for every schema within it, each by its pointer. */
export function compileCheckers(schema: JsonSchema): (pointer: string) => Checker {
  const nodes = prepare(schema);
  return (pointer) => (data, text, effort) => {
    effort.left += CHECK_STEPS_PER_BYTE * byteLength(text);
    const run = new Run(effort, text.length > ALL_ISSUES_CHARACTERS);
    try {
      checkNames(data);
      run.apply(nodes.get(pointer) as Node, data, "", undefined);
    } catch (error) {
      if (error instanceof Refused) return [{ path: "", message: error.message }];
      throw error;
    }
    const issues = run.issues.map(({ path, message }): [string, Issue] => {
      const issue = { path, message: message.length > MESSAGE_CHARACTERS ? `${message.slice(0, MESSAGE_CHARACTERS)}…` : message };
      return [JSON.stringify(issue), issue];
    });
    return [...new Map(issues).values()].slice(0, ISSUES); // several alternatives may have the same issue
  };
}

/** Every schema within a schema, ready to be applied, by its pointer. */
function prepare(schema: JsonSchema): Map<string, Node> {
  const sources = nodesOf(schema);
  // They refer to each other, in circles too: so first make them all, then give each its rules.
  const nodes = new Map([...sources.keys()].map((pointer): [string, Node] => [pointer, { cost: 1, asksSeen: false, rules: [] }]));
  const at = (pointer: string) => nodes.get(pointer) as Node;
  for (const [pointer, source] of sources) {
    const node = at(pointer);
    if (typeof source === "boolean") {
      if (!source) node.rules = [(run, _data, path) => run.fail(path, "is not allowed here")];
      continue;
    }
    const under = (keyword: string) => Object.keys((source[keyword] as object | undefined) ?? {});
    const site: Site = {
      schema: source,
      one: (keyword) => nodes.get(`${pointer}/${keyword}`),
      list: (keyword) => under(keyword).map((index) => at(`${pointer}/${keyword}/${index}`)),
      map: (keyword) => under(keyword).map((name) => [name, at(`${pointer}/${keyword}/${escapePointer(name)}`)]),
      target: () => at(pointerOf(source.$ref as string, sources) as string),
    };
    node.rules = rulesOf(site);
    node.asksSeen = "unevaluatedProperties" in source || "unevaluatedItems" in source;
    node.cost = 1 + ownCharacters(source) / CHARACTERS_PER_STEP;
  }
  return nodes;
}

function rulesOf(site: Site): Rule[] {
  const has = (keyword: string) => Object.hasOwn(site.schema, keyword);
  const assertions = Object.entries(ASSERTIONS).flatMap(([keyword, make]): Rule[] => {
    if (!has(keyword)) return [];
    const test = make(site.schema[keyword] as never);
    const says: Rule = (run, data, path) => {
      const message = test(data, run);
      if (message !== undefined) run.fail(path, message);
    };
    return [typed(keyword, says)];
  });
  const applied = APPLICATORS.flatMap(([keywords, make]) => {
    const [first = "", ...others] = keywords.split(" ");
    return [first, ...others].some(has) ? [typed(first, make(site))] : [];
  });
  return [...assertions, ...applied];
}

/** The rule, applied only to values of the type that its keyword is about. */
function typed(keyword: string, rule: Rule): Rule {
  const type = LOOKS_AT[keyword];
  if (type === undefined) return rule;
  return (run, data, path, seen) => {
    if (isOfType(type, data)) rule(run, data, path, seen);
  };
}

/** Characters of the names that a schema looks up in an object. */
function ownCharacters(schema: SchemaObject): number {
  const looked = Object.entries(schema).map(([keyword, value]) => {
    if (holderOf(keyword) === "map") return Object.keys(value as object);
    return keyword === "required" || keyword === "dependentRequired" ? value : "";
  });
  return JSON.stringify(looked).length;
}

/** Refuses names of properties that an answer could not show. */
function checkNames(data: unknown): void {
  if (typeof data !== "object" || data === null) return;
  for (const name of Array.isArray(data) ? [] : Object.keys(data)) {
    if (name.length > PROPERTY_NAME_CHARACTERS) throw new Refused(`a property's name has more than ${PROPERTY_NAME_CHARACTERS} characters`);
    if (!name.isWellFormed()) throw new Refused("a property's name is not well-formed Unicode");
  }
  for (const value of Object.values(data)) checkNames(value);
}
