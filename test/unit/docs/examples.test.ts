/** Code that a page shows is code that is tested. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const page = readFileSync(join(import.meta.dirname, "../../../docs/testing.md"), "utf8");
const tests = readFileSync(join(import.meta.dirname, "testing-guide.test.ts"), "utf8");

it("the guide to the test kit shows tests that are run, and all of them", () => {
  const blocks = [...page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = ""]) => code);
  expect(blocks.length).toBeGreaterThan(4);
  expect(tests.endsWith(blocks.join("\n"))).toBe(true);
});
