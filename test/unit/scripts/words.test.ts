import { describe, expect, it } from "vitest";
import { findingsIn, findingsInStrings } from "../../../scripts/words.ts";

const found = (text: string, isCode = false) => findingsIn(text, isCode).map(({ line, found }) => [line, found]);

describe("the list of words", () => {
  it("finds a phrase wherever it begins, with its line", () => {
    expect(found("First.\n\nWhoever sends texts, hears\nwhat came of it.")).toEqual([
      [3, "Whoever"],
      [3, "texts"],
      [4, "came of it"],
      [4, "what came of"],
    ]);
  });

  it("takes a question word in the middle of a sentence for what it is", () => {
    expect(found("It lists who may call. Who may call is in a list.")).toEqual([[1, "Who may"]]);
  });

  it("leaves code, links and titles of others alone", () => {
    expect(found("```sh\necho texts\n```\n`texts` and [texts/anew.ts](texts/anew.ts)")).toEqual([]);
    expect(found("| [0004](decisions/0004-x.md) | The log rings |\n1. [queue](../test/queue.test.ts): the log rings")).toEqual([]);
  });

  it("looks in TypeScript at comments and strings, and at nothing else", () => {
    expect(found('const texts = anew("texts"); // beside\nimport { a } from "./beside.ts";\n/** `texts` of\n * whoever */', true)).toEqual([
      [1, "texts"],
      [1, "beside"],
      [4, "whoever"],
    ]);
  });

  it("looks, in a source of src, at the strings that users see, and not yet at comments", () => {
    const source = '/** Whoever rings. */\nconst key = "beside";\nthrow new Error(`no row\n  beside ${texts}: a text`);';
    expect(findingsInStrings(source).map(({ line, found }) => [line, found])).toEqual([
      [3, "a text"],
      [3, "beside"],
    ]);
  });
});
