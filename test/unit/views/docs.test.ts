/** The code that docs/views.md shows is the code that is tested. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const page = readFileSync("docs/views.md", "utf8");
const figures = readFileSync("test/workers/views/figures.ts", "utf8");
const section = page.slice(page.indexOf("## Figures"));
const blocks = [...section.matchAll(/```ts\n([\s\S]*?)\n```/g)].map(([, code = ""]) => code);

describe("the figures of docs/views.md", () => {
  it("are made by the views that the tests declare", () => {
    expect(blocks).toHaveLength(4);
    for (const block of blocks) expect(figures).toContain(block);
  });

  it("are complete", () => {
    const declared = (text: string) => [...text.matchAll(/^export const (\w+)/gm)].map(([, name]) => name);
    expect(declared(blocks.join("\n"))).toEqual(declared(figures));
  });
});
