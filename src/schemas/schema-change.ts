/**
 * Whether a JSON Schema may replace another, so that stored events stay valid. Pure.
 *
 * The rule: **whatever the new schema requires, the old one required already, at the same place and at least as strictly.** `$ref` and
 * `allOf` are followed. If the old one lists its values (`enum`, `const`), the new one only has to accept each of them. An `anyOf` may get
 * more alternatives, and so may a `oneOf` whose alternatives exclude each other by their types, or by a property that they all require.
 * Every keyword that is not named here stays word for word, or goes.
 */

import { CHECK_STEPS } from "./limits.ts";
import { type Checker, compileCheckers } from "./checker.ts";
import { LOOKS_AT, type JsonSchema, type SchemaObject, type TypeName, escapePointer, isObject, nodesOf, pointerOf } from "./json-schema.ts";
import { areExclusive, asks, commonType, flat, isSame, itemIn, namesIn, propertyIn, typesOf, valuesOf } from "./schema-parts.ts";

/** Where the new schema refuses something that the old one accepted, and what. */
export interface Incompatibility {
  /** JSON pointer into the new schema: `#/properties/celsius/minimum`. */
  readonly path: string;
  readonly reason: string;
}

type Refusal = Incompatibility | undefined;

/** Undefined: `next` accepts everything that `old` accepts. Both are schemas in which `schemaIssues` finds nothing wrong. */
export function incompatibility(old: JsonSchema, next: JsonSchema): Refusal {
  return isSame(old, next) ? undefined : new Comparison(old, next).refusal("", [old]);
}

/** Comparisons of two schemas within the whole ones. Ours: less than a second; beyond it they are too complex to decide. */
const COMPARISONS = 20_000;
/** Nested comparisons. Ours: far above any real schema, and far from the end of the stack. */
const COMPARISON_DEPTH = 300;
/** Combined old schemas, or values that they list, that cost as much as a comparison. */
const PER_COMPARISON = 20;
const TANGLED = "the schemas are too complex to compare";

type Bound = (old: number, next: number) => boolean;
const above: Bound = (old, next) => old > next;
const atLeast: Bound = (old, next) => old >= next;
const below: Bound = (old, next) => old < next;
const atMost: Bound = (old, next) => old <= next;

/** Bounds, by the keyword of the new schema: which keywords with which bounds of the old one are at least as strict. */
const BOUNDS: Readonly<Record<string, Readonly<Record<string, Bound>>>> = {
  minimum: { minimum: atLeast, exclusiveMinimum: atLeast },
  exclusiveMinimum: { minimum: above, exclusiveMinimum: atLeast },
  maximum: { maximum: atMost, exclusiveMaximum: atMost },
  exclusiveMaximum: { maximum: below, exclusiveMaximum: atMost },
  minLength: { minLength: atLeast },
  minItems: { minItems: atLeast },
  minProperties: { minProperties: atLeast },
  maxLength: { maxLength: atMost },
  maxItems: { maxItems: atMost },
  maxProperties: { maxProperties: atMost },
};

/** Keywords that are read together with the one that they are listed under. */
const TOGETHER: Readonly<Record<string, readonly string[]>> = {
  if: ["if", "then", "else"],
  contains: ["contains", "minContains", "maxContains"],
};

class Comparison {
  readonly #next: JsonSchema;
  readonly #nextNodes: ReadonlyMap<string, JsonSchema>;
  readonly #oldNodes: ReadonlyMap<string, JsonSchema>;
  readonly #open = new Set<string>();
  readonly #ids = new Map<unknown, number>();
  /** For trying values: enough for some thousands of them against an enumeration of the same length. */
  readonly #effort = { left: 50 * CHECK_STEPS };
  #left = COMPARISONS;
  #checkers: ((pointer: string) => Checker) | undefined;

  constructor(old: JsonSchema, next: JsonSchema) {
    this.#next = next;
    this.#nextNodes = nodesOf(next);
    this.#oldNodes = nodesOf(old);
  }

  /** What the new schema at `pointer` requires beyond the old ones, which all hold. */
  refusal(pointer: string, olds: readonly JsonSchema[]): Refusal {
    const held = flat(olds, this.#oldNodes);
    this.#left -= 1 + held.length / PER_COMPARISON;
    if (this.#left <= 0 || this.#open.size > COMPARISON_DEPTH) return { path: `#${pointer}`, reason: TANGLED };
    const next = this.#nextNodes.get(pointer) as JsonSchema;
    if (held.includes(false) || next === true) return undefined;
    if (next === false) return { path: `#${pointer}`, reason: "it accepted some values before, and `false` accepts none" };
    const old = held.filter(isObject);
    // Schemas that refer to themselves come back here, deeper in the data: what is being proved may then be assumed.
    const ids = old.map((one) => this.#ids.get(one) ?? (this.#ids.set(one, this.#ids.size), this.#ids.size - 1));
    const key = `${pointer} ${ids.toSorted((a, b) => a - b).join()}`;
    if (this.#open.has(key)) return undefined;
    this.#open.add(key);
    try {
      const values = old.map(valuesOf).find((one) => one !== undefined);
      if (values) return this.#valueRefusal(pointer, values);
      const types = typesOf(old);
      return firstOf(Object.keys(next), (keyword) => {
        const type = LOOKS_AT[keyword];
        if (!asks(keyword, next[keyword]) || (type !== undefined && !types.some((one) => commonType(one, type)))) return undefined;
        const refusal = this.#keywordRefusal(keyword, next, pointer, old);
        return typeof refusal === "string" ? { path: `#${pointer}/${keyword}`, reason: refusal } : refusal;
      });
    } finally {
      this.#open.delete(key);
    }
  }

  /** The old schema accepted only these values, so it is enough to try them. */
  #valueRefusal(pointer: string, values: readonly unknown[]): Refusal {
    this.#left -= values.length / PER_COMPARISON;
    this.#checkers ??= compileCheckers(this.#next);
    const check = this.#checkers(pointer);
    const refused = values.find((value) => check(value, JSON.stringify(value), this.#effort).length > 0);
    if (refused === undefined) return undefined;
    return { path: `#${pointer}`, reason: this.#effort.left < 0 ? TANGLED : `it accepted ${JSON.stringify(refused)} before` };
  }

  /** Why the old schemas did not require what one keyword of the new one does. A string is about the keyword itself. */
  #keywordRefusal(keyword: string, next: SchemaObject, pointer: string, old: readonly SchemaObject[]): Refusal | string {
    const value = next[keyword];
    const at = `${pointer}/${keyword}`;
    const bounds = BOUNDS[keyword];
    if (bounds) {
      const asked = Object.entries(bounds).some(([key, holds]) =>
        old.some((one) => one[key] !== undefined && holds(one[key] as number, value as number)),
      );
      // A length of at least 0 requires nothing.
      if (asked || (value === 0 && /^min[LIP]/.test(keyword))) return undefined;
      return /^min|exclusiveMin/.test(keyword) ? "it allowed less before" : "it allowed more before";
    }
    switch (keyword) {
      case "type": {
        const taken = [value].flat() as TypeName[];
        const missing = typesOf(old).filter((type) => !taken.some((one) => commonType(type, one) === type));
        return missing.length === 0 ? undefined : `it accepted ${missing.join(", ")} before`;
      }
      case "enum":
      case "const":
        return "it accepted other values before";
      case "required": {
        const name = (value as string[]).find((one) => !old.some(({ required }) => (required as string[] | undefined)?.includes(one)));
        return name === undefined ? undefined : `"${name}" was not required before`;
      }
      case "$ref":
        return this.refusal(pointerOf(value as string, this.#nextNodes) as string, old);
      case "allOf":
        return firstOf(value as unknown[], (_, index) => this.refusal(`${at}/${index}`, old));
      case "anyOf":
        return this.#choiceRefusal(at, value as JsonSchema[], old);
      case "oneOf": {
        if (old.some((one) => isSame(one, next, ["oneOf"]))) return undefined;
        this.#left -= (value as JsonSchema[]).length ** 2;
        if (this.#left <= 0 || !areExclusive(value as JsonSchema[], this.#nextNodes))
          return "its alternatives may overlap, and a value that fits both is refused";
        return this.#choiceRefusal(at, value as JsonSchema[], old);
      }
      case "properties":
        return firstOf(namesIn(value), (name) => {
          const before = propertyIn(old, name);
          const refusal = this.refusal(`${at}/${escapePointer(name)}`, before);
          const anything = "additional properties were allowed, so that events may have any value here";
          return refusal && before.length === 0 ? { path: `#${at}/${escapePointer(name)}`, reason: anything } : refusal;
        });
      case "additionalProperties": {
        const said = old.filter((one) => one.additionalProperties !== undefined && isSame(one, next, ["patternProperties"]));
        const named = new Set(namesIn(next.properties));
        return this.#leastRefusal(at, said, "additional properties were allowed before", (one) => {
          const dropped = namesIn(one.properties).filter((name) => !named.has(name));
          return (
            this.refusal(at, [one.additionalProperties as JsonSchema]) ??
            firstOf(dropped, (name) => withReason(this.refusal(at, propertyIn(old, name)), `the property "${name}" was allowed before`))
          );
        });
      }
      case "prefixItems":
        return firstOf(value as unknown[], (_, index) =>
          this.refusal(
            `${at}/${index}`,
            old.flatMap((one) => itemIn(one, index)),
          ),
        );
      case "items": {
        const said = old.filter((one) => one.items !== undefined);
        const from = namesIn(next.prefixItems).length;
        return this.#leastRefusal(at, said, "items could have any value before", (one) => {
          const prefix = (one.prefixItems as JsonSchema[] | undefined) ?? [];
          return firstOf([one.items as JsonSchema, ...prefix.slice(from)], (schema) => this.refusal(at, [schema]));
        });
      }
      case "unevaluatedProperties":
      case "unevaluatedItems":
        return old.some((one) => isSame(one, next)) ? undefined : "with it, the schema that contains it must stay exactly the same";
      default:
        return old.some((one) => isSame(one, next, TOGETHER[keyword] ?? [keyword]))
          ? undefined
          : "it must stay exactly the same, or be removed";
    }
  }

  /** Every way to fit the old ones must fit one of the alternatives. */
  #choiceRefusal(at: string, choices: readonly JsonSchema[], old: readonly SchemaObject[]): string | undefined {
    const fits = (also: JsonSchema[]) => choices.some((_, index) => this.refusal(`${at}/${index}`, [...old, ...also]) === undefined);
    if (fits([])) return undefined;
    const splits = old.flatMap((one) => [one.anyOf, one.oneOf].filter((split) => split !== undefined)) as JsonSchema[][];
    if ([...splits, typesOf(old).map((type) => ({ type }))].some((split) => split.every((one) => fits([one])))) return undefined;
    return "none of its alternatives accepts everything that was accepted before";
  }

  /** What one schema requires of all properties, or items, beyond what an old schema required. */
  #leastRefusal(at: string, said: readonly SchemaObject[], unsaid: string, ask: (one: SchemaObject) => Refusal): Refusal {
    if (said.length === 0) return withReason(this.refusal(at, []), unsaid);
    const refusals = said.map(ask);
    return refusals.includes(undefined) ? undefined : refusals[0];
  }
}

function withReason(refusal: Refusal, reason: string): Refusal {
  return refusal && { ...refusal, reason };
}

function firstOf<Item>(items: readonly Item[], refusal: (item: Item, index: number) => Refusal): Refusal {
  for (const [index, item] of items.entries()) {
    const found = refusal(item, index);
    if (found) return found;
  }
  return undefined;
}
