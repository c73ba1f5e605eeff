/** The pages of the package, as npm packs them: no link leads out of it. */

import { readFileSync, rmSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../../scripts/dev-server.ts";
import { copyPacked, packAsItIs } from "../../../scripts/pack.ts";

const ROOT = join(import.meta.dirname, "../../..");

describe("the pages of the package", () => {
  const folder = temporaryFolder();
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const copy = copyPacked(folder, ROOT);
  const { files } = packAsItIs(folder, copy);
  const pages = files.filter((file) => file.endsWith(".md"));
  const textOf = (page: string) => readFileSync(join(copy, page), "utf8");
  /** What is no code: links in a listing are none. */
  const proseOf = (page: string) =>
    textOf(page)
      .replaceAll(/^```[\s\S]*?^```/gm, "")
      .replaceAll(/`[^`\n]*`/g, "code");

  it("have no dead relative link", () => {
    expect(pages.length).toBeGreaterThan(80);
    const dead = pages.flatMap((page) =>
      [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)]
        .map(([, target = ""]) => target.split("#")[0] ?? "")
        .filter((target) => target !== "" && !/^[a-z]+:/.test(target))
        .map((target) => relative(copy, resolve(copy, dirname(page), target)))
        .filter((target) => !files.some((file) => file === target || file.startsWith(`${target}/`)))
        .map((target) => `${page}: ${target}`),
    );
    expect(dead).toEqual([]);
  });

  it("keep their links to each other, and their listings; what leads out of them is a path", () => {
    expect(textOf("docs/faults.md")).toContain("which [promise](guarantees.md) it could break");
    expect(textOf("docs/faults.md")).toContain("e2e/crash (`test/e2e/crash.long.test.ts`): a store that is killed");
    expect(textOf("docs/faults.md")).toContain("| `test/crash/kills.ts` |");
    expect(textOf("README.md")).toContain("name it in `src/worker.ts`, and it runs");
    const listings = (text: string) => text.match(/^```[\s\S]*?^```/gm);
    for (const page of pages) expect(listings(textOf(page)), page).toEqual(listings(readFileSync(join(ROOT, page), "utf8")));
  });
});
