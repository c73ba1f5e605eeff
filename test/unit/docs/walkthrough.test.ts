/** The documentation names files and functions that exist: docs/walkthrough.md in its tables, other pages as "`name` in [file](link)". */

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const DOCS = join(import.meta.dirname, "../../../docs");
const page = readFileSync(join(DOCS, "walkthrough.md"), "utf8");

/** `| [file](link) | functions | … |` in the tables; `([file](link), functions)` in the text. */
const STEP = /^\| \[[^\]]+\]\((?<row>[^)]+)\) \| (?<inRow>`[^|]+`) \||\(\[[^\]]+\]\((?<link>[^)]+)\), (?<inText>`[^)]+`)\)/gm;
const steps = [...page.matchAll(STEP)].map(({ groups = {} }) => ({
  file: groups.row ?? groups.link ?? "",
  names: [...(groups.inRow ?? groups.inText ?? "").matchAll(/`(\w+)`/g)].map(([, name = ""]) => name),
}));

/** A function, a constant, or a method of that name. */
function declares(source: string, name: string): boolean {
  return new RegExp(`(?:function\\*?|const|class) ${name}\\b|^ +(?:async )?(?:get )?#?${name}\\(`, "m").test(source);
}

describe("the walk through the code", () => {
  it("has a table for each of the three walks", () => {
    for (const title of ["## A command", "## An event to a row", "## An event to a webhook"]) expect(page).toContain(`${title}\n`);
    expect(steps.length).toBeGreaterThan(40);
  });

  it.each(steps)("names a file and functions that exist: $file", ({ file, names }) => {
    expect(existsSync(join(DOCS, file)), file).toBe(true);
    expect(names).not.toEqual([]);
    for (const name of names) expect(declares(readFileSync(join(DOCS, file), "utf8"), name), `${name} in ${file}`).toBe(true);
  });
});

describe("a page that names a function with its file", () => {
  const named = readdirSync(DOCS)
    .filter((name) => name.endsWith(".md"))
    .flatMap((page) =>
      [...readFileSync(join(DOCS, page), "utf8").matchAll(/`(\w+)` in\s+\[[^\]]+\]\(([^)]+\.ts)\)/g)].map(([, name = "", file = ""]) => ({
        page,
        name,
        file,
      })),
    );

  it.each(named)("names one that exists: $name in $file ($page)", ({ name, file }) => {
    expect(declares(readFileSync(join(DOCS, file), "utf8"), name)).toBe(true);
  });
});
