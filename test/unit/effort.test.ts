/** A test whose form depends on the run is in a file that the long run has: else its long form is in no run. */

import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const TESTS = join(import.meta.dirname, "..");

it("the long run has each file of tests that has a long form", () => {
  const files = globSync("**/*.test.ts", { cwd: TESTS, exclude: (name) => name === "node_modules" || name.startsWith(".") });
  expect(files.length).toBeGreaterThan(300);
  const varying = files.filter((file) => /from "(?:\.\.\/)+effort\.ts"/.test(readFileSync(join(TESTS, file), "utf8")));
  expect(varying.filter((file) => !/\.(?:long|slow)\.test\.ts$/.test(file))).toEqual([]);
  expect(varying.length).toBeGreaterThan(20);
});
