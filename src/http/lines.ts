/** A body as lines of text, as they come: NDJSON of any length, a line in memory at a time. */

import { Problem } from "./problem.ts";
import { bodyProblem } from "./body.ts";

/**
 * The lines of a body in UTF-8, without their ends.
 *
 * @throws {Problem} when a line is longer than `maxCharacters` (its field `line` says which), the body is not UTF-8, or breaks off
 */
export async function* linesOf(body: AsyncIterable<Uint8Array>, maxCharacters: number): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  let rest = "";
  let line = 0;
  try {
    for await (const chunk of body) {
      rest += decoder.decode(chunk, { stream: true });
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
    rest += decoder.decode();
  } catch (error) {
    throw bodyProblem(error);
  }
  if (rest !== "") yield rest;
}
