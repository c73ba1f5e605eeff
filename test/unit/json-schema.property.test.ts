import { Validator } from "@cfworker/json-schema";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileChecker, newEffort } from "../../src/schemas/checker.ts";
import { schemaIssues } from "../../src/schemas/schema-check.ts";
import { schema, value } from "./json-schema-arbitrary.ts";

/** What is not evaluated within a consequence: the other one counts what the condition has evaluated, which the draft does not. */
const OTHER_IS_WRONG = /"(?:then|else|dependentSchemas)".*unevaluated/;

describe("checking data against a schema", () => {
  it("finds the same as another interpreter", () => {
    let fitting = 0;
    let total = 0;
    fc.assert(
      fc.property(schema, fc.array(value, { minLength: 10, maxLength: 20 }), (one, values) => {
        if (schemaIssues(one).length > 0 || OTHER_IS_WRONG.test(JSON.stringify(one))) return;
        const other = new Validator(structuredClone(one) as never, "2020-12", false);
        const check = compileChecker(one);
        for (const data of values) {
          const issues = check(data, JSON.stringify(data), newEffort());
          expect(issues.length === 0, JSON.stringify({ one, data, issues })).toBe(other.validate(data).valid);
          total++;
          if (issues.length === 0) fitting++;
        }
      }),
      { numRuns: 2_000 },
    );
    expect(fitting).toBeGreaterThan(1_000);
    expect(total - fitting).toBeGreaterThan(1_000);
  }, 60_000);
});
