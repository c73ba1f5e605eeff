/** The check that compares what no test runs with the list of it. */

import { describe, expect, it } from "vitest";
import { type Entry, type FileCoverage, type Place, differences, entriesOf, uncovered } from "../../../scripts/uncovered.ts";

const SOURCE = `export function half(n: number) {
  if (n % 2 === 1) {
    const why = "odd";
    throw new Error(why);
  }
  return [n].map((one) => one / 2);
}`;

/** From line and column to line and column. */
function range(fromLine: number, from: number, toLine: number, to: number | null) {
  return { start: { line: fromLine, column: from }, end: { line: toLine, column: to } };
}

/** The source above as Istanbul counts it, run with nothing at all. */
const COVERAGE: FileCoverage = {
  statementMap: { 0: range(2, 2, 5, 3), 1: range(3, 16, 3, 21), 2: range(4, 4, 4, null), 3: range(6, 2, 6, null), 4: range(6, 26, 6, 33) },
  s: { 0: 0, 1: 0, 2: 0, 3: 0, 4: 0 },
  fnMap: { 0: { decl: range(1, 16, 1, 20), loc: range(1, 32, 7, 1) }, 1: { decl: range(6, 17, 6, 18), loc: range(6, 26, 6, 33) } },
  f: { 0: 0, 1: 0 },
};

describe("code that did not run", () => {
  it("is empty if everything ran", () => {
    const all = { ...COVERAGE, s: { 0: 1, 1: 1, 2: 1, 3: 1, 4: 1 }, f: { 0: 1, 1: 1 } };
    expect(uncovered("src/half.ts", all, SOURCE)).toEqual([]);
  });

  it("is one place for a function with everything in it", () => {
    expect(uncovered("src/half.ts", COVERAGE, SOURCE)).toEqual([
      { file: "src/half.ts", line: 1, text: "export function half(n: number) {" },
    ]);
  });

  it("includes the statements of a branch, and a function that was never called", () => {
    const even = { ...COVERAGE, s: { 0: 1, 1: 0, 2: 0, 3: 1, 4: 0 }, f: { 0: 1, 1: 0 } };
    expect(uncovered("src/half.ts", even, SOURCE).map(({ line, text }) => [line, text])).toEqual([
      [3, 'const why = "odd";'],
      [4, "throw new Error(why);"],
      [6, "return [n].map((one) => one / 2);"],
    ]);
  });
});

describe("the list", () => {
  it("is read from its tables: file, code, reason", () => {
    const markdown = [
      "Prose, and a table of something else.",
      "| a | b |",
      "|---|---|",
      "| file | code | reason |",
      "|---|---|---|",
      "| src/a.ts | `throw error;` ×2 | the platform's |",
      "| `src/b.ts` | `` a \\|\\| `b` `` | Sometimes: a race |",
    ].join("\n");
    expect(entriesOf(markdown)).toEqual([
      { file: "src/a.ts", text: "throw error;", count: 2, reason: "the platform's", sometimes: false, line: 6 },
      { file: "src/b.ts", text: "a || `b`", count: 1, reason: "Sometimes: a race", sometimes: true, line: 7 },
    ]);
  });
});

describe("list and coverage", () => {
  const place = (line: number, text: string): Place => ({ file: "src/a.ts", line, text });
  const entry = (text: string, more: Partial<Entry> = {}): Entry => ({
    file: "src/a.ts",
    text,
    count: 1,
    reason: "why",
    sometimes: false,
    line: 9,
    ...more,
  });
  const source = "first();\nthrow error;\nthrow error;\nreturn a || b;\n";
  const compared = (places: Place[], entries: Entry[], text: string | undefined = source) =>
    differences(places, entries, "list.md", () => text);

  it("agree when each place has its entry", () => {
    const places = [place(2, "throw error;"), place(3, "throw error;"), place(4, "return a || b;")];
    expect(compared(places, [entry("throw error;", { count: 2 }), entry("return a…")])).toEqual([]);
  });

  it("disagree when a place is not listed, and that place is shown", () => {
    expect(compared([place(1, "first();")], [])).toEqual(["src/a.ts:1 runs in no test and is not listed: first();"]);
  });

  it("disagree when the same code does not run in one place more than listed", () => {
    const places = [place(2, "throw error;"), place(3, "throw error;")];
    expect(compared(places, [entry("throw error;")])).toEqual(["src/a.ts:3 runs in no test and is not listed: throw error;"]);
  });

  it("disagree when the code is in another file", () => {
    expect(compared([place(1, "first();")], [entry("first();", { file: "src/b.ts" })])).toHaveLength(2);
  });

  it("disagree when listed code now runs, in one place or in all of them", () => {
    expect(compared([], [entry("first();")])[0]).toBe("list.md:9 lists `first();` of src/a.ts, which is covered now: take it off the list");
    expect(compared([place(2, "throw error;")], [entry("throw error;", { count: 2 })])[0]).toContain("of which 1 are left: say ×1");
  });

  it("disagree when listed code is gone, or its file", () => {
    expect(compared([], [entry("second();")])[0]).toContain("does not have any more");
    expect(differences([], [entry("first();")], "list.md", () => undefined)[0]).toContain("does not have any more");
  });

  it("disagree when an entry has no reason", () => {
    expect(compared([place(1, "first();")], [entry("first();", { reason: "" })])[0]).toContain("gives no reason");
  });

  it("agree either way about code that runs only sometimes, as long as it exists", () => {
    const sometimes = entry("first();", { sometimes: true, reason: "Sometimes: a race" });
    expect(compared([place(1, "first();")], [sometimes])).toEqual([]);
    expect(compared([], [sometimes])).toEqual([]);
    expect(compared([], [{ ...sometimes, text: "second();" }])[0]).toContain("does not have any more");
  });
});
