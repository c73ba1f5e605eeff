/** docs/tutorial-store.md and docs/tutorial-python.md, followed to the letter: all of a store without TypeScript. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Reader, sectionsOf } from "./follow.ts";

describe.each(["docs/tutorial-store.md", "docs/tutorial-python.md"])("the online store of %s", (page) => {
  let reader: Reader;
  beforeAll(async () => {
    reader = await Reader.sitsDown();
  });
  afterAll(() => reader.leaves());

  it.each(sectionsOf(page))("can be built by following the steps as written: $title", async (section) => {
    expect(await reader.follow(section)).toBe(section.answers);
  });
});
