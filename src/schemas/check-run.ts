/**
 * One running check of data against a JSON Schema: what does not fit so far, and the steps that are left. Every schema that is applied to a
 * value passes through {@link Run.apply}, which takes a step; rules that do more take more. Pure.
 */

import { CHECK_DEPTH } from "./limits.ts";
import type { Issue } from "../core/issue.ts";
import type { SchemaObject } from "./json-schema.ts";

/** A schema, ready to be applied. */
export interface Node {
  /** Steps that applying it costs, without those that its rules take themselves. */
  cost: number;
  /** Whether it needs to know which properties or items other schemas have seen (`unevaluated…`). */
  asksSeen: boolean;
  rules: readonly Rule[];
}

/** One thing that a schema requires of a value at a path. It reports what does not hold to the run, and adds what it has seen to `seen`. */
export type Rule = (run: Run, data: never, path: string, seen: Seen) => void;

/** The schema that a rule is made from, and the nodes of the schemas within it. */
export interface Site {
  readonly schema: SchemaObject;
  one(keyword: string): Node | undefined;
  list(keyword: string): Node[];
  map(keyword: string): [name: string, node: Node][];
  target(): Node;
}

/** The steps that checking the events of one request may still take. Begins with `CHECK_STEPS`, and grows with their data. */
export interface Effort {
  left: number;
}

/** Names of properties, or indexes of items, that schemas have seen; undefined: not needed. */
export type Seen = Set<string | number> | undefined;

/** Names of the data's properties that cost a step to list or to remember. */
const NAMES_PER_STEP = 2;
/** Issues kept while alternatives are tried. Ours: above what an answer lists, so that those of the last alternative are among them. */
const KEPT_ISSUES = 1_000;

/** Ends a check that cannot be completed; the message becomes an issue. */
export class Refused extends Error {}

const TOO_COSTLY = "checking it against its schema takes too many steps: send less at once, or declare a simpler schema";

/** One check that is going on. */
export class Run {
  /** What does not fit so far. An alternative that is given up subtracts what it counted. */
  failures = 0;
  readonly issues: Issue[] = [];
  /** Whether the first issue ends the search. */
  readonly isBrief: boolean;
  readonly #effort: Effort;
  #depth = 0;

  constructor(effort: Effort, isBrief: boolean) {
    this.#effort = effort;
    this.isBrief = isBrief;
  }

  readonly spend = (steps: number): void => {
    this.#effort.left -= steps;
    if (this.#effort.left < 0) throw new Refused(TOO_COSTLY);
  };

  fail(path: string, message: string): void {
    if (this.failures++ < KEPT_ISSUES) this.issues.push({ path, message });
  }

  /** Forgets the failures since this count. */
  forget(failures: number): void {
    this.failures = failures;
    this.issues.length = Math.min(this.issues.length, failures);
  }

  /** Whether the value fits. */
  apply(node: Node, data: unknown, path: string, seen: Seen): boolean {
    this.spend(node.cost);
    if (++this.#depth > CHECK_DEPTH) throw new Refused(TOO_COSTLY);
    const before = this.failures;
    const own: Seen = node.asksSeen ? new Set() : seen;
    for (const rule of node.rules) {
      rule(this, data as never, path, own);
      if (this.isBrief && this.failures > before) break;
    }
    if (own !== seen) this.#remember(seen, own);
    this.#depth--;
    return this.failures === before;
  }

  /** The same for an alternative: what it has seen counts only if it fits. */
  attempt(node: Node, data: unknown, path: string, seen: Seen): boolean {
    const own: Seen = seen && new Set();
    const fits = this.apply(node, data, path, own);
    if (fits) this.#remember(seen, own);
    return fits;
  }

  /** The same for a property's name; its path is that of the property. */
  applyToName(node: Node, name: string, path: string): boolean {
    const before = this.issues.length;
    const fits = this.apply(node, name, path, undefined);
    const issues = this.issues.splice(before);
    this.issues.push(...issues.map((issue) => ({ path, message: `the property's name ${issue.message}` })));
    return fits;
  }

  namesIn(data: object): string[] {
    const names = Object.keys(data);
    this.spend(names.length / NAMES_PER_STEP);
    return names;
  }

  #remember(seen: Seen, more: Seen): void {
    this.spend((more?.size ?? 0) / NAMES_PER_STEP);
    if (seen) for (const one of more ?? []) seen.add(one);
  }
}
