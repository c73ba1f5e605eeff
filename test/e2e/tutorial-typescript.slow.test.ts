/** docs/tutorial-typescript.md, followed to the letter. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Reader, sectionsOf } from "./follow.ts";

describe("the tutorial in TypeScript", () => {
  let reader: Reader;
  beforeAll(async () => {
    reader = await Reader.sitsDown();
  });
  afterAll(() => reader.leaves());

  it.each(sectionsOf("docs/tutorial-typescript.md"))("works step by step as written: $title", async (section) => {
    expect(await reader.follow(section)).toBe(section.answers);
  });

  it("shows code that the compiler accepts, and so does the README", async () => {
    const [program] = sectionsOf("README.md");
    await reader.follow({ blocks: program?.blocks.slice(0, 1) ?? [] });
    expect(await reader.compile(["src/worker.ts", "src/bank.ts", "test/unit/library/library.test.ts"])).toBe("");
  });
});
