/** Expressions in workerd, where they run: they need nothing that Workers do not have, and end there as they do in Node. */

import { describe, expect, it } from "vitest";
import { compileExpression } from "../../src/definitions/expressions/expression.ts";
import { HOSTILE, VALUES } from "../unit/expressions/hostile.ts";

const scope = Object.fromEntries(Object.keys(VALUES).map((name) => [name, true]));

describe("expressions in workerd", () => {
  it("give the same results as in Node", () => {
    const compiled = compileExpression("data.lines.map(line, line.qty * data.price).sum() + size(data.name)", { data: true });
    const data = { price: 2.5, name: "a😀", lines: [{ qty: 1 }, { qty: 2 }] };
    expect("problem" in compiled ? compiled.problem : compiled.evaluate({ data })).toBe(9.5);
  });

  it.each(HOSTILE)("end as in Node: $what", ({ text, refused, fails }) => {
    const outcome = (() => {
      const compiled = compileExpression(text, scope);
      if ("problem" in compiled) return `refused: ${compiled.problem.message}`;
      try {
        compiled.evaluate(VALUES);
        return "ended";
      } catch (error) {
        return `failed: ${(error as Error).message}`;
      }
    })();
    expect(outcome).toContain(refused ?? fails ?? "ended");
  });
});
