/** What README.md promises of itself. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const README = join(import.meta.dirname, "../../../README.md");

it("the README fits into 150 lines: anything longer has a page of its own", () => {
  expect(readFileSync(README, "utf8").trimEnd().split("\n").length).toBeLessThanOrEqual(150);
});
