/** Every problem of the table is emitted somewhere, explained, and on the page of the HTTP API; the compiler keeps others from being emitted. */

import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { withProblems } from "../../scripts/problems.ts";
import { PROBLEM_CODES, kindOfProblem } from "../../src/http/problem.ts";

const ROOT = join(import.meta.dirname, "../..");
const sources = globSync("src/**/*.ts", { cwd: ROOT })
  .filter((file) => !file.includes("http/problems/") && !file.includes("http/openapi/"))
  .map((file) => readFileSync(join(ROOT, file), "utf8"));
const page = readFileSync(join(ROOT, "docs/http-api.md"), "utf8");

describe("the table of problems", () => {
  it.each(PROBLEM_CODES)("has no code that nothing emits: %s", (code) => {
    expect(sources.some((text) => text.includes(`"${code}"`))).toBe(true);
  });

  it("explains each with when it occurs and what to do, in sentences", () => {
    for (const { code, title, when, remedy } of PROBLEM_CODES.map(kindOfProblem)) {
      expect(title, code).toMatch(/^[A-Z].*[^.]$/);
      for (const text of [when, remedy]) expect(text, code).toMatch(/^[A-Z`].{20,}\.$/);
    }
  });

  it("equals the table of docs/http-api.md, which `npm run strings` writes", () => {
    const rows = [...page.matchAll(/^\| (\d{3}) \| `([a-z-]+)` \|/gm)].map(([, status, code]) => [code, Number(status)]);
    const table = PROBLEM_CODES.map((code) => [code, kindOfProblem(code).status]);
    expect(rows).toEqual(table);
    expect(withProblems(page), "run `npm run strings` and commit the page").toBe(page);
  });

  it("lists the further members of a problem, or that there are none", () => {
    expect(page).toMatch(/^\| 412 \| `version-conflict` \| .*\. \| `expected`, `actual` \|$/m);
    expect(page).toMatch(/^\| 404 \| `not-found` \| .*\. \| {2}\|$/m);
  });
});
