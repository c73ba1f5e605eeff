/** Whatever an expression is up to, it is refused at its declaration or ends within the steps that it has. */

import { describe, expect, it } from "vitest";
import { EVENT_DATA_BYTES } from "../../../src/core/limits.ts";
import { compileText } from "../../../src/definitions/expressions/compile.ts";
import { ExpressionError, compileExpression, evaluate } from "../../../src/definitions/expressions/expression.ts";
import { EXPRESSION_RESULT_CHARACTERS, EXPRESSION_STEPS } from "../../../src/definitions/expressions/limits.ts";
import { Run } from "../../../src/definitions/expressions/run.ts";
import { HOSTILE, VALUES } from "./hostile.ts";
import { ready } from "./support.ts";

const scope = Object.fromEntries(Object.keys(VALUES).map((name) => [name, true]));

describe("a hostile expression", () => {
  it.each(HOSTILE.filter(({ refused }) => refused !== undefined))("is refused at its declaration: $what", ({ text, refused }) => {
    const compiled = compileExpression(text, scope);
    expect("problem" in compiled ? compiled.problem.message : "it was not refused").toContain(refused);
    // Problems are answered and listed: one that repeats a long expression would be long itself.
    expect("problem" in compiled ? compiled.problem.message.length : 0).toBeLessThan(1_000);
  });

  it.each(HOSTILE.filter(({ refused }) => refused === undefined))("ends within its steps: $what", ({ text, fails }) => {
    const run = new Run(VALUES);
    let outcome: unknown;
    try {
      outcome = evaluate(text, compileText(text, scope), run);
    } catch (error) {
      outcome = error;
    }
    if (fails !== undefined) expect(outcome).toBeInstanceOf(ExpressionError);
    if (fails !== undefined) expect((outcome as Error).message).toContain(fails);
    if (fails !== undefined) expect((outcome as Error).message.length).toBeLessThan(500);
    else expect(JSON.stringify(outcome).length).toBeLessThanOrEqual(EXPRESSION_RESULT_CHARACTERS);
    // The last thing that was counted may have been more than was left; nothing was counted after it.
    expect(run.left < 0).toBe(fails?.includes("steps") === true);
    expect(run.left).toBeLessThan(EXPRESSION_STEPS);
  });

  it("sees no member of a prototype, and leaves all prototypes as they are", () => {
    const text = "has(evil.admin) || has(plain.admin) || has(plain.toString) || 'toString' in plain";
    expect(ready(text, scope).evaluate(VALUES)).toBe(false);
    expect(Object.hasOwn(Object.prototype, "admin")).toBe(false);
  });

  it("gives all of an event's data, however large", () => {
    const largest = { list: Array.from({ length: (EVENT_DATA_BYTES - 10) / 2 }, () => 1) };
    expect(JSON.stringify(largest).length).toBe(EVENT_DATA_BYTES);
    expect(ready("plain", scope).evaluate({ plain: largest })).toBe(largest);
    expect(() => ready("{'x': plain}", scope).evaluate({ plain: largest })).toThrow("its result has more than");
  });

  it("gives only JSON, even if it gets something else", () => {
    const odd = [() => 1, 1n, Symbol("a"), Number.NaN, [undefined], { a: Number.POSITIVE_INFINITY }];
    expect(() => ready("type(plain)", scope).evaluate({ plain: () => 1 })).toThrow("not a value outside of JSON");
    for (const value of odd) {
      expect(() => ready("plain", scope).evaluate({ plain: value })).toThrow("its result is not JSON");
    }
  });
});
