import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PatternError, compilePattern } from "../../src/schemas/pattern.ts";

const free = () => {};
const matches = (pattern: string, text: string) => compilePattern(pattern)(text, free);

/** Patterns of all kinds of parts, over an alphabet that is small enough to match something. */
const pattern = fc.letrec<{ pattern: string }>((tie) => ({
  pattern: fc.oneof(
    { maxDepth: 4, depthIdentifier: "pattern" },
    fc.constantFrom(
      "a",
      "b",
      "é",
      "😀",
      ".",
      "\\w",
      "\\d",
      "[ab]",
      "[^a]",
      "\\p{L}",
      "\\u{1F600}",
      "\\uD83D\\uDE00",
      "\\x61",
      "\\.",
      "[\\]a]",
      "",
    ),
    fc.constantFrom("^", "$", "\\b", "\\B"),
    fc.tuple(tie("pattern"), tie("pattern")).map(([a, b]) => a + b),
    fc.tuple(tie("pattern"), tie("pattern")).map(([a, b]) => `(?:${a}|${b})`),
    fc
      .tuple(tie("pattern"), fc.constantFrom("*", "+", "?", "*?", "+?", "??", "{0}", "{2}", "{1,}", "{0,2}", "{1,3}?"))
      .map(([a, quantifier]) => `(${a})${quantifier}`),
    tie("pattern").map((a) => `(?=${a})`),
    tie("pattern").map((a) => `(?!${a})`),
    tie("pattern").map((a) => `(?<name>${a})`),
  ),
})).pattern;

const text = fc.string({ unit: fc.constantFrom("a", "b", "é", "😀", "1", " ", ".", "]", "\n"), maxLength: 8 });

describe("a pattern", () => {
  it("matches the same strings as the platform's own regular expressions", () => {
    fc.assert(
      fc.property(pattern, fc.array(text, { minLength: 5, maxLength: 10 }), (source, texts) => {
        let own: RegExp;
        try {
          own = new RegExp(source, "u");
        } catch {
          return; // the same group name twice
        }
        for (const one of texts) {
          const found = own.exec(one);
          // V8 finds `\B` between the two halves of a character, where the language does not look.
          if (found && /[\ud800-\udbff]/.test(one[found.index - 1] ?? "")) continue;
          expect(matches(source, one), JSON.stringify(one)).toBe(found !== null);
        }
      }),
      { numRuns: 3_000 },
    );
  }, 60_000);

  it.each([
    ["^(?:[A-Za-z0-9_'+\\-]+\\.)*[A-Za-z0-9_+-]@(?:[A-Za-z0-9][A-Za-z0-9\\-]*\\.)+[A-Za-z]{2,}$", "a.b@example.com", "a.b@example"],
    ["^\\d{4}-\\d{2}-\\d{2}$", "2026-11-21", "2026-11-2"],
    ["^(?!.*secret).*$", "open", "a secret"],
    ["^[^]$", "\n", ""],
    ["\\cA\\0\\t", "\u0001\u0000\t", "x"],
  ])("%s matches %j, and does not match %j", (source, yes, no) => {
    expect([matches(source, yes), matches(source, no)]).toEqual([true, false]);
  });

  it.each(["^(a+)+$", "(a|a)*$", "^(.*)*x$", "a*a*a*a*b$", "(?:a?){50}a{50}$", "^(?=(a+)+$)(?=.*x)"])(
    "%s takes steps in proportion to the string",
    (source) => {
      const steps = (length: number) => {
        let taken = 0;
        compilePattern(source)(`${"a".repeat(length)}!`, (more) => (taken += more));
        return taken;
      };
      expect(steps(4_000)).toBeLessThan(5 * steps(1_000));
    },
  );

  it("stops when its steps are used up", () => {
    let left = 100;
    const spend = (steps: number) => {
      left -= steps;
      if (left < 0) throw new Error("enough");
    };
    expect(() => compilePattern("(a|b)*c")("ab".repeat(1_000), spend)).toThrow("enough");
  });

  it.each([
    ["(", "Unterminated group"],
    ["a{2,1}", "out of order"],
    ["(a)\\1", "back-references are not supported"],
    ["(?<n>a)\\k<n>", "back-references are not supported"],
    ["(?<=a)b", "lookbehind is not supported"],
    ["(?<!a)b", "lookbehind is not supported"],
    ["(?i:a)", "flags within a pattern are not supported"],
    ["(?:a{100}){200}", "more than 10000"],
    ["(?:(?:){1000000000}){1000000000}", "more than 10000"],
    ["a".repeat(1_025), "at most 1024 characters"],
  ])("%s is refused", (source, why) => {
    expect(() => compilePattern(source)).toThrow(PatternError);
    expect(() => compilePattern(source)).toThrow(why);
  });
});
