/**
 * What `npm run coverage` and `.ci/run` end with: everything that the tests in Node and in workerd do not run is on the list of
 * docs/coverage.md, and nothing else is.
 */

import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { type FileCoverage, differences, entriesOf, uncovered } from "./uncovered.ts";

const ROOT = join(import.meta.dirname, "..");
const LIST = "docs/coverage.md";
const REPORT = "coverage/coverage-final.json";

if (!existsSync(join(ROOT, REPORT))) {
  console.error(`There is no ${REPORT}. \`npm run coverage\` runs the tests that write it.`);
  process.exit(1);
}
const report = JSON.parse(text(REPORT)) as Record<string, FileCoverage>;
const places = Object.entries(report).flatMap(([path, coverage]) => {
  const file = relative(ROOT, path);
  return uncovered(file, coverage, text(file));
});
const entries = entriesOf(text(LIST));
const wrong = differences(places, entries, LIST, (file) => (existsSync(join(ROOT, file)) ? text(file) : undefined));
for (const sentence of wrong) console.error(sentence);
if (wrong.length > 0) {
  console.error(`\n${wrong.length} to fix: a test for what a user could meet, else a row with its reason in ${LIST}.`);
  process.exit(1);
}
console.log(`${places.length} places run in no test in Node or workerd; ${LIST} gives each its reason.`);

function text(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}
