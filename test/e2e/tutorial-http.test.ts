/** docs/tutorial-http.md, followed to the letter. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Reader, sectionsOf } from "./follow.ts";

describe("the tutorial over HTTP", () => {
  let reader: Reader;
  beforeAll(async () => {
    reader = await Reader.sitsDown();
  });
  afterAll(() => reader.leaves());

  it.each(sectionsOf("docs/tutorial-http.md"))("works step by step as written: $title", async (section) => {
    expect(await reader.follow(section)).toBe(section.answers);
  });
});
