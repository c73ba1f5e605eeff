/**
 * Whether a JSON Schema may take the place of another: only if it accepts all that the other accepted, so that stored
 * events stay valid. Pure, structural and conservative: what it cannot show to be compatible, it refuses.
 *
 * The old schema is taken as a list of schemas that all hold (itself, its `allOf`, what its `$ref` points to). The new
 * one may say only what follows from them: every keyword of it must be implied by what the old ones say.
 */

import { canonical } from "../core/json.ts";
import { CHECK_STEPS } from "../core/limits.ts";
import { type Checker, compileCheckers } from "./checker.ts";
import { LOOKS_AT, type JsonSchema, type SchemaObject, escapePointer, nodesOf, pointerOf } from "./json-schema.ts";
import {
  type Comparing,
  type Incompatibility,
  type Refusal,
  additionalRefusal,
  containsRefusal,
  firstOf,
  itemsRefusal,
  patternRefusal,
  propertyRefusal,
} from "./schema-members.ts";
import { areDisjoint, bare, commonType, flat, itemAt, namedIn, sameText, schemasAt, typesOf, valueRule, valuesOf } from "./schema-rules.ts";

/** Undefined: everything that `old` accepts, `next` accepts too. Both are schemas in which `schemaIssues` finds nothing wrong. */
export function incompatibility(old: JsonSchema, next: JsonSchema): Incompatibility | undefined {
  if (canonical(bare(old)) === canonical(bare(next))) return undefined;
  return new Comparison(old, next).refusal("", [old]);
}

/** Comparisons of two schemas within the whole ones. Ours: less than a second; beyond it they are too tangled to tell. */
const COMPARISONS = 20_000;
const TANGLED = "the schemas are too tangled to compare";
/** Old schemas that hold together, or values that they list, that cost as much as a comparison. */
const PER_COMPARISON = 20;

class Comparison implements Comparing {
  readonly #next: JsonSchema;
  readonly #nextNodes: ReadonlyMap<string, JsonSchema>;
  readonly #oldNodes: ReadonlyMap<string, JsonSchema>;
  readonly #open = new Set<string>();
  readonly #ids = new Map<unknown, number>();
  /** For trying values: enough for some thousands of them against an enumeration as long. */
  readonly #effort = { left: 50 * CHECK_STEPS };
  #left = COMPARISONS;
  #checkers: ((pointer: string) => Checker) | undefined;

  constructor(old: JsonSchema, next: JsonSchema) {
    this.#next = next;
    this.#nextNodes = nodesOf(next);
    this.#oldNodes = nodesOf(old);
  }

  /** Why the new schema at `pointer` does not accept all that the old ones, taken together, do. */
  refusal(pointer: string, olds: readonly JsonSchema[]): Refusal {
    const old = flat(olds, this.#oldNodes);
    this.#left -= 1 + old.length / PER_COMPARISON;
    if (this.#left <= 0) return { path: `#${pointer}`, reason: TANGLED };
    if (old.some((one) => one === false)) return undefined;
    const holds = old.filter((one) => one !== true) as SchemaObject[];
    // Schemas that refer to themselves come back here, deeper in the data: what is being shown may then be assumed.
    const key = `${pointer} ${holds
      .map((one) => this.#id(one))
      .toSorted((a, b) => a - b)
      .join()}`;
    if (this.#open.has(key)) return undefined;
    this.#open.add(key);
    try {
      const values = holds.map(valuesOf).find((one) => one !== undefined);
      return values ? this.#valueRefusal(pointer, values) : this.#nodeRefusal(pointer, holds);
    } finally {
      this.#open.delete(key);
    }
  }

  /** The old schema took these values only, so it is enough to try them. */
  #valueRefusal(pointer: string, values: readonly unknown[]): Refusal {
    this.#left -= values.length / PER_COMPARISON;
    this.#checkers ??= compileCheckers(this.#next);
    const check = this.#checkers(pointer);
    const refused = values.find((value) => check(value, JSON.stringify(value), this.#effort).length > 0);
    if (refused === undefined) return undefined;
    return { path: `#${pointer}`, reason: this.#effort.left < 0 ? TANGLED : `it took ${JSON.stringify(refused)} before` };
  }

  #nodeRefusal(pointer: string, old: readonly SchemaObject[]): Refusal {
    const node = this.#nextNodes.get(pointer) as JsonSchema;
    if (node === true) return undefined;
    if (node === false) return { path: `#${pointer}`, reason: "it took something before, and false takes nothing" };
    const before = typesOf(old);
    for (const [keyword, value] of Object.entries(node)) {
      const type = LOOKS_AT[keyword];
      if (type && !before.some((one) => commonType(one, type))) continue;
      const refusal = this.#keywordRefusal(keyword, value, node, pointer, old);
      if (refusal) return typeof refusal === "string" ? { path: `#${pointer}/${keyword}`, reason: refusal } : refusal;
    }
    return undefined;
  }

  /** Why the old schemas do not imply what one keyword of the new one says. A text is about the keyword itself. */
  #keywordRefusal(keyword: string, value: unknown, node: SchemaObject, pointer: string, old: readonly SchemaObject[]): Refusal | string {
    const at = `${pointer}/${keyword}`;
    switch (keyword) {
      case "$ref":
        return this.refusal(pointerOf(value as string, this.#nextNodes) as string, old);
      case "allOf":
        return firstOf(value as unknown[], (_, index) => this.refusal(`${at}/${index}`, old));
      case "anyOf":
        return this.#choiceRefusal(at, value as JsonSchema[], old);
      case "oneOf": {
        if (old.some((one) => sameText(one.oneOf, value))) return undefined;
        const choices = value as JsonSchema[];
        this.#left -= choices.length ** 2;
        const distinct =
          this.#left > 0 &&
          choices.every((one, index) => choices.slice(0, index).every((other) => areDisjoint(one, other, this.#nextNodes)));
        return distinct ? this.#choiceRefusal(at, choices, old) : "its alternatives may overlap, and then it takes neither";
      }
      case "not":
        return old.some((one) => sameText(one.not, value)) ? undefined : "what `not` refuses must stay the same";
      case "if": {
        if (node.then === undefined && node.else === undefined) return undefined;
        const same = old.find((one) => sameText(one.if, value));
        if (!same) return "its condition must stay the same";
        const then =
          node.then === undefined
            ? undefined
            : this.refusal(`${pointer}/then`, [...old, ...schemasAt(same, "then"), ...schemasAt(same, "if")]);
        return then ?? (node.else === undefined ? undefined : this.refusal(`${pointer}/else`, [...old, ...schemasAt(same, "else")]));
      }
      case "dependentSchemas":
        return firstOf(Object.keys(value as object), (name) =>
          this.refusal(`${at}/${escapePointer(name)}`, [...old, ...old.flatMap((one) => namedIn(one, keyword, name))]),
        );
      case "properties":
        return firstOf(Object.keys(value as object), (name) => propertyRefusal(this, `${at}/${escapePointer(name)}`, name, old));
      case "patternProperties":
        return firstOf(Object.keys(value as object), (pattern) => patternRefusal(this, `${at}/${escapePointer(pattern)}`, pattern, old));
      case "additionalProperties":
        return additionalRefusal(this, at, node, old);
      case "propertyNames":
        return this.refusal(at, [{ type: "string" }, ...old.flatMap((one) => schemasAt(one, "propertyNames"))]);
      case "prefixItems":
        return firstOf(value as unknown[], (_, index) =>
          old.some((one) => (one.maxItems as number) <= index)
            ? undefined
            : this.refusal(
                `${at}/${index}`,
                old.flatMap((one) => itemAt(one, index)),
              ),
        );
      case "items":
        return itemsRefusal(this, at, node, old);
      case "contains":
        return containsRefusal(this, at, node, old);
      case "unevaluatedProperties":
      case "unevaluatedItems":
        return value === true || old.some((one) => sameText(one, node)) ? undefined : "with it, the whole schema here must stay the same";
      default:
        return valueRule(keyword, value, old);
    }
  }

  /** Every way in which the old ones could be met must meet one of the alternatives. */
  #choiceRefusal(at: string, choices: readonly JsonSchema[], old: readonly SchemaObject[]): Refusal | string {
    const fits = (also: JsonSchema[]) => choices.some((_, index) => this.refusal(`${at}/${index}`, [...old, ...also]) === undefined);
    if (fits([])) return undefined;
    const splits: JsonSchema[][] = old.flatMap((one) => [one.anyOf, one.oneOf].filter((split) => split !== undefined)) as JsonSchema[][];
    if (splits.some((split) => split.every((one) => fits([one])))) return undefined;
    if (typesOf(old).every((type) => fits([{ type }]))) return undefined;
    return "none of its alternatives takes all that was taken before";
  }

  #id(schema: unknown): number {
    const id = this.#ids.get(schema) ?? this.#ids.size;
    this.#ids.set(schema, id);
    return id;
  }
}
