/** A body as lines of text, as they come: NDJSON of any length, a line in memory at a time. */

import { Problem } from "./problem.ts";

/**
 * The lines of a body in UTF-8, without their ends.
 *
 * @throws {Problem} when a line is longer than `maxCharacters` (its field `line` says which), or the body is not UTF-8
 */
export async function* linesOf(body: ReadableStream<Uint8Array>, maxCharacters: number): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  let rest = "";
  let line = 0;
  for await (const chunk of body) {
    rest += decoded(() => decoder.decode(chunk, { stream: true }));
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const text of [...lines, rest]) {
      line += 1;
      if (text.length <= maxCharacters) continue;
      throw new Problem("body-too-large", `a line may have at most ${maxCharacters} characters`, { limit: maxCharacters, line });
    }
    line -= 1; // the last one goes on in the next chunk
    yield* lines;
  }
  rest += decoded(() => decoder.decode());
  if (rest !== "") yield rest;
}

function decoded(decode: () => string): string {
  try {
    return decode();
  } catch {
    throw new Problem("invalid-json", "the body is not valid UTF-8");
  }
}
