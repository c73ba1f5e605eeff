/** A body's lines, as they arrive. */

import { describe, expect, it } from "vitest";
import { linesOf } from "../../src/http/lines.ts";

const utf8 = new TextEncoder();

/** The lines up to the first bad one, and the problem with that. */
async function read(body: AsyncIterable<Uint8Array>, maxCharacters = 10) {
  const lines: string[] = [];
  try {
    for await (const line of linesOf(body, maxCharacters)) lines.push(line);
  } catch (error) {
    const { code, fields } = error as { code: string; fields: object };
    return { lines, code, fields };
  }
  return { lines };
}

async function* chunks(...parts: string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield utf8.encode(part);
}

describe("the lines of a body", () => {
  it.each([
    ["end with a line feed or with the body", ["a\nb"], ["a", "b"]],
    ["come in pieces of any size", ["a", "b\n", "\nc", "\nd\n"], ["ab", "", "c", "d"]],
    ["may be as long as allowed, counted in characters", ["é".repeat(10), "\n", "€".repeat(10)], ["é".repeat(10), "€".repeat(10)]],
    ["have no byte order mark at the beginning of the body", ["\ufeffa\n\ufeffb"], ["a", "\ufeffb"]],
  ])("%s", async (_what, parts, lines) => {
    expect(await read(chunks(...parts))).toEqual({ lines });
  });

  it.each([
    ["in one piece", ["a\n", `${"b".repeat(11)}\nc`]],
    ["in several", ["a\nbbbb", "bbbb", "bbb\nc"]],
    ["at the end of the body", ["a\n", "b".repeat(11)]],
    ["of characters that take three bytes", ["a\n", "€".repeat(11), "\nc"]],
  ])("are refused from the first that is too long, %s; those before it are given out", async (_what, parts) => {
    expect(await read(chunks(...parts))).toEqual({ lines: ["a"], code: "body-too-large", fields: { limit: 10, line: 2 } });
  });

  it("are refused at a line that never ends, without reading on", async () => {
    let taken = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (; ; taken++) yield utf8.encode("aaaa");
    }
    expect(await read(endless())).toEqual({ lines: [], code: "body-too-large", fields: { limit: 10, line: 1 } });
    expect(taken).toBeLessThan(10);
  });
});
