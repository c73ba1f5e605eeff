/** The keywords of JSON Schema that apply further schemas: to the same value, to an object's properties, to an array's items. Pure. */

import type { Node, Rule, Site } from "./check-run.ts";
import { compilePattern } from "./pattern.ts";

type Properties = Readonly<Record<string, unknown>>;
type Items = readonly unknown[];

function join(path: string, name: string | number): string {
  return path === "" ? String(name) : `${path}.${name}`;
}

/** Applies schemas to the same value, which all must fit. */
function all(nodes: readonly Node[]): Rule {
  return (run, data, path, seen) => {
    for (const node of nodes) if (!run.apply(node, data, path, seen) && run.isBrief) return;
  };
}

/** Schemas of which at least one must fit, or exactly one. */
function choice(nodes: readonly Node[], most: number): Rule {
  return (run, data, path, seen) => {
    const before = run.failures;
    run.fail(path, "must fit one of the alternatives, fits none");
    let fitting = 0;
    for (const node of nodes) {
      if (run.attempt(node, data, path, seen)) fitting++;
      // What alternatives have seen counts as well, so all of them are tried if a schema asks for it.
      if (fitting > most || (fitting > 0 && most === Infinity && !seen)) break;
    }
    if (fitting === 0) return;
    run.forget(before);
    if (fitting > most) run.fail(path, "must fit exactly one of the alternatives, fits several");
  };
}

/**
 * Keywords that apply schemas, in the order in which they are applied. Those that are read together make one rule, under the first of them;
 * a rule applies to values of one type only if `LOOKS_AT` has a type for that first keyword.
 */
export const APPLICATORS: readonly (readonly [keywords: string, make: (site: Site) => Rule])[] = [
  ["$ref", (site) => all([site.target()])],
  [
    "not",
    (site) => {
      const not = site.one("not") as Node;
      return (run, data, path) => {
        const before = run.failures;
        const fits = run.apply(not, data, path, undefined);
        run.forget(before);
        if (fits) run.fail(path, "must not fit the schema under `not`");
      };
    },
  ],
  ["anyOf", (site) => choice(site.list("anyOf"), Infinity)],
  ["allOf", (site) => all(site.list("allOf"))],
  ["oneOf", (site) => choice(site.list("oneOf"), 1)],
  [
    "if",
    (site) => {
      const condition = site.one("if") as Node;
      const [then, otherwise] = [site.one("then"), site.one("else")];
      return (run, data, path, seen) => {
        const before = run.failures;
        const holds = run.attempt(condition, data, path, seen);
        run.forget(before);
        const node = holds ? then : otherwise;
        if (node) run.apply(node, data, path, seen);
      };
    },
  ],
  [
    "propertyNames",
    (site) => {
      const node = site.one("propertyNames") as Node;
      return (run, data: Properties, path) => {
        for (const name of run.namesIn(data)) if (!run.applyToName(node, name, join(path, name)) && run.isBrief) return;
      };
    },
  ],
  [
    "dependentSchemas",
    (site) => {
      const nodes = site.map("dependentSchemas");
      return (run, data: Properties, path, seen) => {
        for (const [name, node] of nodes) if (Object.hasOwn(data, name) && !run.apply(node, data, path, seen) && run.isBrief) return;
      };
    },
  ],
  ["properties patternProperties additionalProperties", propertiesRule],
  ["prefixItems items", itemsRule],
  ["contains", containsRule],
  [
    "unevaluatedProperties",
    (site) => {
      const node = site.one("unevaluatedProperties") as Node;
      return (run, data: Properties, path, seen) => {
        for (const name of run.namesIn(data)) {
          if (seen?.has(name)) continue;
          seen?.add(name);
          if (!run.apply(node, data[name], join(path, name), undefined) && run.isBrief) return;
        }
      };
    },
  ],
  [
    "unevaluatedItems",
    (site) => {
      const node = site.one("unevaluatedItems") as Node;
      return (run, data: Items, path, seen) => {
        for (const [index, item] of data.entries()) {
          if (seen?.has(index)) continue;
          seen?.add(index);
          if (!run.apply(node, item, join(path, index), undefined) && run.isBrief) return;
        }
      };
    },
  ],
];

function propertiesRule(site: Site): Rule {
  const named = new Map(site.map("properties"));
  const patterns = site.map("patternProperties").map(([source, node]) => ({ matches: compilePattern(source), node }));
  const additional = site.one("additionalProperties");
  return (run, data: Properties, path, seen) => {
    const fits = (node: Node, name: string) => {
      seen?.add(name);
      return run.apply(node, data[name], join(path, name), undefined) || !run.isBrief;
    };
    for (const [name, node] of named) if (Object.hasOwn(data, name) && !fits(node, name)) return;
    if (patterns.length === 0 && !additional) return;
    for (const name of run.namesIn(data)) {
      const said = patterns.filter(({ matches }) => matches(name, run.spend)).map(({ node }) => node);
      if (additional && said.length === 0 && !named.has(name)) said.push(additional);
      if (!said.every((node) => fits(node, name))) return;
    }
  };
}

function itemsRule(site: Site): Rule {
  const prefix = site.list("prefixItems");
  const rest = site.one("items");
  return (run, data: Items, path, seen) => {
    for (const [index, item] of (rest ? data : data.slice(0, prefix.length)).entries()) {
      seen?.add(index);
      if (!run.apply(prefix[index] ?? (rest as Node), item, join(path, index), undefined) && run.isBrief) return;
    }
  };
}

function containsRule(site: Site): Rule {
  const node = site.one("contains") as Node;
  const { minContains = 1, maxContains = Infinity } = site.schema as { minContains?: number; maxContains?: number };
  return (run, data: Items, path, seen) => {
    const before = run.failures;
    let found = 0;
    for (const [index, item] of data.entries()) {
      if (!run.apply(node, item, join(path, index), undefined)) continue;
      found++;
      seen?.add(index);
    }
    run.forget(before);
    const asked = found < minContains ? `at least ${minContains}` : found > maxContains ? `at most ${maxContains}` : undefined;
    if (asked) run.fail(path, `must have ${asked} of the items that \`contains\` describes, got ${found}`);
  };
}
