/** Every link of the documentation leads somewhere, and every page can be reached from the README. */

import { readFileSync, readdirSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../../..");

const EXAMPLES = readdirSync(join(ROOT, "examples")).map((name) => `examples/${name}`);
const pages = [".", "docs", "docs/coming-from", "docs/decisions", ...EXAMPLES]
  .flatMap((folder) => readdirSync(join(ROOT, folder)).map((name) => join(folder, name)))
  .filter((path) => path.endsWith(".md"));

/** The text without its code: what looks like a link in a listing is not one. */
function textOf(path: string): string {
  return readFileSync(join(ROOT, path), "utf8")
    .replaceAll(/^```[\s\S]*?^```/gm, "")
    .replaceAll(/`[^`\n]*`/g, (code) => code.replaceAll("](", "] ("));
}

/** As GitHub makes them of headings. */
function anchorsOf(path: string): Set<string> {
  const headings = [...textOf(path).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .replaceAll(/\[([^\]]*)\] ?\([^)]*\)/g, "$1")
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
  return new Set(headings.map((anchor, index) => (headings.indexOf(anchor) < index ? `${anchor}-1` : anchor)));
}

/** Links within the project: the file from its root, and the anchor. */
function linksOf(path: string): { file: string; anchor: string | undefined }[] {
  return [...textOf(path).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [file = "", anchor] = target.split("#");
      return { file: file === "" ? path : relative(ROOT, resolve(ROOT, dirname(path), file)), anchor };
    });
}

function isThere(file: string): boolean {
  return statSync(join(ROOT, file), { throwIfNoEntry: false }) !== undefined;
}

describe("the links of the documentation", () => {
  it.each(pages)("lead to files and headings that exist: %s", (page) => {
    const dead = linksOf(page).filter(
      ({ file, anchor }) => !isThere(file) || (anchor !== undefined && file.endsWith(".md") && !anchorsOf(file).has(anchor)),
    );
    expect(dead).toEqual([]);
  });

  it("lead from the README to every page and every decision", () => {
    const reached = new Set(["README.md"]);
    for (const page of reached) for (const { file } of linksOf(page)) if (file.endsWith(".md")) reached.add(file);
    expect(pages.filter((page) => !reached.has(page))).toEqual([]);
  });

  it("lead from the index to every page of the documentation and every decision", () => {
    const linked = new Set(linksOf("docs/README.md").map(({ file }) => file));
    expect(pages.filter((page) => page.startsWith("docs/") && page !== "docs/README.md" && !linked.has(page))).toEqual([]);
  });
});
