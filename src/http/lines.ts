/** A body as lines of text, as they arrive: NDJSON of any length, a line in memory at a time. */

import { Problem } from "./problem.ts";
import { bodyProblem } from "./body.ts";

const LINE_FEED = 0x0a;
/** In UTF-8 a UTF-16 unit takes at most three bytes: a longer line has too many characters, whatever they are. */
const BYTES_PER_CHARACTER = 3;

/**
 * The lines of a body in UTF-8, without their ends. The lines before a bad one are given out first.
 *
 * @throws {Problem} when a line is longer than `maxCharacters` or not UTF-8, or the body breaks off; its field `line` has the number
 */
export async function* linesOf(body: AsyncIterable<Uint8Array>, maxCharacters: number): AsyncGenerator<string> {
  // A byte order mark is skipped at the beginning of the body, and nowhere else.
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let line = 0;
  let rest: Uint8Array[] = [];
  let restBytes = 0;
  const textOf = (bytes: Uint8Array): string => {
    line += 1;
    const text = decoded(decoder, bytes, line);
    if (text.length > maxCharacters) throw tooLong(maxCharacters, line);
    return line === 1 && text.startsWith("\ufeff") ? text.slice(1) : text;
  };
  const chunks = body[Symbol.asyncIterator]();
  for (;;) {
    const { done, value: chunk } = await nextOf(chunks, line + 1);
    if (done) break;
    let begin = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, begin)) {
      const piece = chunk.subarray(begin, end);
      begin = end + 1;
      const whole = restBytes === 0 ? piece : joined([...rest, piece]);
      [rest, restBytes] = [[], 0];
      yield textOf(whole);
    }
    if (begin < chunk.length) rest.push(chunk.subarray(begin));
    restBytes += chunk.length - begin;
    if (restBytes > maxCharacters * BYTES_PER_CHARACTER) throw tooLong(maxCharacters, line + 1);
  }
  if (restBytes > 0) yield textOf(joined(rest));
}

async function nextOf(chunks: AsyncIterator<Uint8Array>, line: number): Promise<IteratorResult<Uint8Array>> {
  try {
    return await chunks.next();
  } catch (error) {
    throw at(bodyProblem(error), line);
  }
}

function decoded(decoder: TextDecoder, bytes: Uint8Array, line: number): string {
  try {
    return decoder.decode(bytes);
  } catch (error) {
    throw at(bodyProblem(error), line);
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function tooLong(maxCharacters: number, line: number): Problem {
  return new Problem("body-too-large", `a line may have at most ${maxCharacters} characters`, { limit: maxCharacters, line });
}

function at(problem: Problem, line: number): Problem {
  return new Problem(problem.code, problem.message, { ...problem.fields, line }, problem.headers);
}
