/** Random expressions give what JavaScript makes of the same tree, and what the library that reads them makes of the same text. */

import { Environment } from "@marcbachmann/cel-js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileExpression } from "../../../src/definitions/expressions/expression.ts";
import { runs } from "../../effort.ts";

type Value = number | boolean | string;
/** A value, or that there is none. */
type Outcome = Value | undefined;

const REFUSED = Symbol("refused");

/** An expression: how it is written, and what it gives. */
interface Tree {
  readonly text: string;
  readonly outcome: (values: Values) => Outcome;
}

interface Values {
  readonly a: number;
  readonly b: number;
  readonly yes: boolean;
  readonly word: string;
  readonly list: readonly number[];
}

const number = fc.oneof(fc.integer({ min: -1_000, max: 1_000 }), fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }));
const values: fc.Arbitrary<Values> = fc.record({
  a: fc.oneof(number, fc.constantFrom(0, -0, 1e308, -1e308, Number.MIN_VALUE)),
  b: number,
  yes: fc.boolean(),
  word: fc.string({ unit: "binary", maxLength: 5 }).filter((text) => text.isWellFormed()),
  list: fc.array(number, { maxLength: 5 }),
});

/** Numbers without a sign: `-` is an operator. Written with a point, so that the library takes them as we do. */
function written(value: number): string {
  const text = String(Math.abs(value));
  return /[.e]/.test(text) ? text : `${text}.0`;
}

const finite = (value: number): Outcome => (Number.isFinite(value) ? value : undefined);

/** What a binary operator makes of two values. */
const onNumbers: Readonly<Record<string, (a: number, b: number) => Outcome>> = {
  "+": (a, b) => finite(a + b),
  "-": (a, b) => finite(a - b),
  "*": (a, b) => finite(a * b),
  "/": (a, b) => (b === 0 ? undefined : finite(a / b)),
  "%": (a, b) => (b === 0 ? undefined : finite(a % b)),
};
const comparing: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
};

/** Both outcomes, if there are both. */
function both<A extends Value>(one: Tree, other: Tree, apply: (a: A, b: A) => Outcome): Tree["outcome"] {
  return (values) => {
    const [a, b] = [one.outcome(values), other.outcome(values)];
    return a === undefined || b === undefined ? undefined : apply(a as A, b as A);
  };
}

/** `&&` and `||`: whatever decides, decides. */
function logic(one: Tree, other: Tree, decides: boolean): Tree["outcome"] {
  return (values) => {
    const [a, b] = [one.outcome(values), other.outcome(values)];
    if (a === decides || b === decides) return decides;
    return a === undefined || b === undefined ? undefined : !decides;
  };
}

/** @param operators arithmetic that may occur */
function trees(operators: readonly string[]): { readonly number: fc.Arbitrary<Tree>; readonly boolean: fc.Arbitrary<Tree> } {
  return fc.letrec<{ number: Tree; boolean: Tree; string: Tree }>((tie) => ({
    number: fc.oneof(
      { maxDepth: 5, depthIdentifier: "tree" },
      // 0 often, so that there is something to fail.
      fc
        .oneof(number, fc.constant(0))
        .map((value) => ({ text: `(${value < 0 ? "-" : ""}${written(value)})`, outcome: () => (value === 0 ? 0 : value) })),
      fc.constantFrom<"a" | "b">("a", "b").map((name) => ({ text: name, outcome: (values: Values) => values[name] })),
      fc.tuple(fc.constantFrom(...operators), tie("number"), tie("number")).map(([operator, one, other]) => ({
        text: `(${one.text} ${operator} ${other.text})`,
        outcome: both(one, other, onNumbers[operator]!),
      })),
      tie("number").map((one) => ({
        text: `(-${one.text})`,
        outcome: (values: Values) => {
          const value = one.outcome(values);
          return value === undefined ? undefined : -(value as number);
        },
      })),
      choice(tie("boolean"), tie("number")),
    ),
    boolean: fc.oneof(
      { maxDepth: 5, depthIdentifier: "tree" },
      fc.boolean().map((value) => ({ text: String(value), outcome: () => value })),
      // What fails, if anything may.
      fc.constant(operators.includes("/") ? { text: "(a / 0.0 > b)", outcome: () => undefined } : { text: "false", outcome: () => false }),
      fc.constant({ text: "yes", outcome: ({ yes }: Values) => yes }),
      fc.tuple(fc.constantFrom(...Object.keys(comparing)), tie("number"), tie("number")).map(([operator, one, other]) => ({
        text: `(${one.text} ${operator} ${other.text})`,
        outcome: both(one, other, comparing[operator]!),
      })),
      fc.tuple(tie("string"), tie("string")).map(([one, other]) => ({
        text: `(${one.text} == ${other.text})`,
        outcome: both<string>(one, other, (a, b) => a === b),
      })),
      fc.tuple(tie("string"), tie("string")).map(([one, other]) => ({
        text: `${one.text}.contains(${other.text})`,
        outcome: both<string>(one, other, (a, b) => a.includes(b)),
      })),
      fc.tuple(fc.boolean(), tie("boolean"), tie("boolean")).map(([decides, one, other]) => ({
        text: `(${one.text} ${decides ? "||" : "&&"} ${other.text})`,
        outcome: logic(one, other, decides),
      })),
      tie("boolean").map((one) => ({
        text: `(!${one.text})`,
        outcome: (values: Values) => {
          const value = one.outcome(values);
          return value === undefined ? undefined : !value;
        },
      })),
      choice(tie("boolean"), tie("boolean")),
    ),
    string: fc.oneof(
      { maxDepth: 5, depthIdentifier: "tree" },
      fc.string({ unit: "grapheme", maxLength: 3 }).map((value) => ({ text: JSON.stringify(value), outcome: () => value })),
      fc.constant({ text: "word", outcome: ({ word }: Values) => word }),
      fc
        .tuple(tie("string"), tie("string"))
        .map(([one, other]) => ({ text: `(${one.text} + ${other.text})`, outcome: both<string>(one, other, (a, b) => a + b) })),
    ),
  }));
}

function choice(test: fc.Arbitrary<Tree>, branch: fc.Arbitrary<Tree>): fc.Arbitrary<Tree> {
  return fc.tuple(test, branch, branch).map(([condition, yes, no]) => ({
    text: `(${condition.text} ? ${yes.text} : ${no.text})`,
    outcome: (values: Values) => {
      const holds = condition.outcome(values);
      return holds === undefined ? undefined : (holds ? yes : no).outcome(values);
    },
  }));
}

/** What the expression gives; undefined: it fails. REFUSED: it is too large. */
function ours(text: string, given: Values): Outcome | typeof REFUSED {
  const compiled = compileExpression(text, Object.fromEntries(Object.keys(given).map((name) => [name, true])));
  if ("problem" in compiled) {
    expect(compiled.problem.message).toMatch(/more than 200|deeper than 20|at most 4000/);
    return REFUSED;
  }
  try {
    return compiled.evaluate({ ...given }) as Value;
  } catch (error) {
    expect((error as Error).message).toMatch(/division by zero|not a number that JSON can hold/);
    return undefined;
  }
}

/** 0 and -0 are one number in JSON. */
const plain = (outcome: Outcome) => (outcome === 0 ? 0 : outcome);

describe("a random expression", () => {
  const every = trees(Object.keys(onNumbers));

  it("gives the same result as in JavaScript, or fails where JavaScript has no number", () => {
    fc.assert(
      fc.property(fc.oneof(every.number, every.boolean), values, ({ text, outcome }, given) => {
        const result = ours(text, given);
        if (result === REFUSED) return;
        expect(plain(result)).toBe(plain(outcome(given)));
      }),
      { numRuns: runs(5_000) },
    );
  });

  it("goes through lists like JavaScript", () => {
    fc.assert(
      fc.property(every.boolean, values, ({ text, outcome }, given) => {
        // The element is called as the number `a`, which it hides.
        const each = given.list.map((a) => outcome({ ...given, a }));
        const all = each.includes(false) ? false : each.includes(undefined) ? undefined : true;
        const filtered = each.includes(undefined) ? undefined : given.list.filter((_, index) => each[index] === true).length;
        for (const [macro, expected] of [
          [`list.all(a, ${text})`, all],
          [`list.filter(a, ${text}).size()`, filtered],
        ] as const) {
          const result = ours(macro, given);
          if (result === REFUSED) return;
          expect(result).toBe(expected);
        }
      }),
      { numRuns: runs(2_000) },
    );
  });

  it("gives the same result as the library that parses it", () => {
    const environment = new Environment({ unlistedVariablesAreDyn: true });
    // It has no remainder of numbers with a fraction, and divides by zero.
    const common = trees(["+", "-", "*"]);
    fc.assert(
      fc.property(fc.oneof(common.number, common.boolean), values, ({ text }, given) => {
        const result = ours(text, given);
        if (result === REFUSED || result === undefined) return;
        expect(plain(result)).toBe(plain(environment.evaluate(text, { ...given }) as Value));
      }),
      { numRuns: runs(2_000) },
    );
  });
});
