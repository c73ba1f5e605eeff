import { describe, expect, it } from "vitest";
import { findingsIn, type Kind } from "../../../scripts/words.ts";

const found = (text: string, kind: Kind = "prose") => findingsIn(text, kind).map(({ line, found }) => [line, found]);

describe("the list of words", () => {
  it("finds a phrase wherever it begins, with its line", () => {
    expect(found("First.\n\nWhoever sends texts, hears\nwhat came of it.")).toEqual([
      [3, "Whoever"],
      [3, "texts"],
      [4, "came of it"],
      [4, "what came of"],
    ]);
  });

  it("allows a question word in the middle of a sentence", () => {
    expect(found("It lists who may call. Who may call is in a list.")).toEqual([[1, "Who may"]]);
  });

  it("leaves code, links and titles of others alone", () => {
    expect(found("```sh\necho texts\n```\n`texts` and [texts/anew.ts](texts/anew.ts)")).toEqual([]);
    expect(found("| [0004](decisions/0004-x.md) | The log rings |\n1. [queue](../test/queue.test.ts): the log rings")).toEqual([]);
  });

  it("checks comments and strings for people in TypeScript, and nothing else", () => {
    const source = [
      'const texts = anew("two texts"); // beside',
      'import { a } from "./two beside two.ts";',
      "const one = `of ${texts.map((text) => `${text} of texts`)} texts`;",
      'const key = "beside";',
      "throw new Error(`no row\n  beside ${texts}: a text`);",
      "/** `texts` of",
      " * whoever */",
    ];
    expect(found(source.join("\n"), "code")).toEqual([
      [1, "beside"],
      [1, "texts"],
      [3, "texts"],
      [3, "texts"],
      [5, "a text"],
      [5, "beside"],
      [8, "whoever"],
    ]);
  });

  it("checks a test's comments and titles, with their tables, and not its data", () => {
    const source = [
      'describe("a text", () => {',
      '  it.each(["a text of texts"])("is read anew: %s", () => expect("a text of it").toBe("texts")); // beside',
      "  it.skipIf(isSlow)(`has ${n} texts`, read);",
      '  submit("two texts of it");',
      "});",
    ];
    expect(found(source.join("\n"), "test")).toEqual([
      [1, "a text"],
      [2, "beside"],
      [2, "anew"],
      [2, "texts"],
      [2, "a text"],
      [3, "texts"],
    ]);
  });

  it("treats the beginning of a comment as that of a sentence", () => {
    expect(found("/** Who calls. */\n// Of an event.\n/* of a word */", "code")).toEqual([
      [1, "Who calls"],
      [2, "Of an"],
    ]);
  });
});
