/** The table of faults names tests that exist, and all of them. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const DOCS = join(import.meta.dirname, "../../docs");
const page = readFileSync(join(DOCS, "faults.md"), "utf8");

/** `12. [name](file): title › title` */
const tests = [...page.matchAll(/^(\d+)\. \[[^\]]+\]\(([^)]+)\): (.+)$/gm)].map(([, number, file = "", titles = ""]) => ({
  number: Number(number),
  file,
  titles: titles.split(" › "),
}));
const rows = [...page.matchAll(/^\| (.+?) \|((?: [\d, ]*\|){9})$/gm)].map(([, fault, cells = ""]) => ({
  fault,
  numbers: (cells.match(/\d+/g) ?? []).map(Number),
}));

describe("the table of faults", () => {
  it.each(tests)("names a test that exists: $number", ({ file, titles }) => {
    const source = readFileSync(join(DOCS, file), "utf8");
    for (const title of titles) expect(source).toContain(`"${title}"`);
  });

  it("has a test for each fault, and a fault for each test", () => {
    expect(rows.length).toBeGreaterThan(20);
    for (const { fault, numbers } of rows) expect(numbers, fault).not.toHaveLength(0);
    expect([...new Set(rows.flatMap(({ numbers }) => numbers))].toSorted((a, b) => a - b)).toEqual(tests.map(({ number }) => number));
  });
});
