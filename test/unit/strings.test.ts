/** Every string that a user can see is on one page, where it is read with all others before it ships. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { PAGE, pageOfStrings, stringsIn } from "../../scripts/strings.ts";

const texts = (source: string) => stringsIn(source).map(({ text }) => text);

describe("the strings that a user can see", () => {
  it("are all on the page test/unit/strings.txt, which `npm run strings` writes", () => {
    const page = new Set(readFileSync(PAGE, "utf8").split("\n"));
    const now = pageOfStrings();
    const strings = new Set(now.split("\n"));
    const changed = [...[...page].filter((one) => !strings.has(one)), ...[...strings].filter((one) => !page.has(one))];
    expect(changed, "review these strings, then run `npm run strings` and commit the page").toEqual([]);
    expect(readFileSync(PAGE, "utf8"), "a string has moved: run `npm run strings` and commit the page").toBe(now);
  });

  it("are shown with a placeholder for each value, and joined where the code joins them", () => {
    expect(texts('throw new Error(`event "${type}" of ${name()} ` + "is unknown; " + hint);')).toEqual([
      'event "${…}" of ${…} is unknown; ${…}',
    ]);
  });

  it("include those that are filled into others, and those that occur in one branch only", () => {
    expect(texts('const said = `it has ${none ? "no such row" : other}`;')).toEqual(["it has ${…}", "no such row"]);
    expect(texts('logger.warn({ message: late ? "late" : "a webhook was switched off", code: "late" });')).toEqual([
      "late",
      "a webhook was switched off",
    ]);
  });

  it("do not include names, keys, types, imports, comments and SQL", () => {
    const source = [
      'import { a } from "some module";',
      'type Reason = "not found here" | "stream-deleted";',
      'sql.exec("the query", name);',
      "// a comment about it",
      'const from = "SELECT version FROM events";',
      'const key = "stream-deleted";',
      'const words = "if then else".split(" ");',
    ].join("\n");
    expect(texts(source)).toEqual([]);
  });

  it("are found with the line that they begin in", () => {
    expect(stringsIn('// the first\n\nthrow new Error("no such row");')).toEqual([{ line: 3, text: "no such row" }]);
  });
});
