/** Reads requests' bodies: within their limits, decompressed, as JSON. */

import { boundedText } from "../core/bounded-text.ts";
import { isLonger, parseJson } from "../core/json.ts";
import { GUNZIP_SLICE_BYTES } from "./limits.ts";
import { JSON_DEPTH } from "../core/limits.ts";
import { Problem } from "./problem.ts";
import type { HttpContext } from "./request.ts";

/** `application/json` and every type with the suffix `+json` (RFC 6838 says which characters a name may have). */
const JSON_MEDIA_TYPE = /^application\/(?:[a-z0-9][a-z0-9!#$&^_.+-]*\+)?json$/;
/** What clients send by default: curl, and `fetch` with a string. What counts is that the body is JSON. */
const UNTOLD_MEDIA_TYPE = /^(?:application\/x-www-form-urlencoded|text\/plain)$/;

/** The text, if it has at most this many bytes of UTF-8. `what` names it in the problem. */
export function bounded(text: string, limit: number, what: string): string {
  if (isLonger(text, limit)) throw new Problem("body-too-large", `${what} may have at most ${limit} bytes`, { limit });
  return text;
}

/** The text of a body that should be JSON, unchanged: the stream parses it. Nothing beyond the limit is read. */
export async function commandText(context: HttpContext, maxBytes: number): Promise<string> {
  const type = context.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== undefined && !JSON_MEDIA_TYPE.test(type) && !UNTOLD_MEDIA_TYPE.test(type)) {
    throw new Problem("unsupported-media-type", `send application/json, not ${type}`);
  }
  const text = await textBody(context, maxBytes);
  if (text.trim() === "") throw new Problem("invalid-json", "the body is empty; send a JSON object");
  return text;
}

/** The body as JSON. */
export async function jsonBody(context: HttpContext, maxBytes: number): Promise<{ value: unknown }> {
  const text = await commandText(context, maxBytes);
  try {
    return { value: parseJson(text, JSON_DEPTH) };
  } catch (error) {
    throw new Problem("invalid-json", (error as SyntaxError).message);
  }
}

/** The same for a body that may be left out: then it is an empty object. */
export async function optionalJsonBody(context: HttpContext, maxBytes: number): Promise<unknown> {
  return context.req.raw.body === null || context.req.header("content-length") === "0" ? {} : (await jsonBody(context, maxBytes)).value;
}

/**
 * The body's bytes, decompressed.
 *
 * @throws {Problem} when it is compressed in another way than by gzip
 */
export function decodedBody(context: HttpContext): AsyncIterable<Uint8Array> {
  const { body } = context.req.raw;
  if (!body) return noBytes();
  return isCompressed(context) ? gunzipped(body) : body;
}

function isCompressed(context: HttpContext): boolean {
  const coding = context.req.header("content-encoding")?.trim().toLowerCase() ?? "";
  if (coding === "" || coding === "identity") return false;
  if (coding === "gzip" || coding === "x-gzip") return true;
  throw new Problem(
    "unsupported-media-type",
    `send a body as it is or compressed with gzip, not with ${coding}`,
    {},
    {
      "accept-encoding": "gzip",
    },
  );
}

async function* noBytes(): AsyncGenerator<Uint8Array> {}

/**
 * The runtime decompresses each chunk that it gets completely, to a thousand times its size if it has to. So it gets small slices, and the
 * reader counts the output of one before it takes the next.
 */
async function* gunzipped(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const slices = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      for (let at = 0; at < chunk.length; at += GUNZIP_SLICE_BYTES) controller.enqueue(chunk.subarray(at, at + GUNZIP_SLICE_BYTES));
    },
  });
  try {
    yield* body.pipeThrough(slices).pipeThrough(new DecompressionStream("gzip"));
  } catch (error) {
    if (error instanceof TypeError)
      throw new Problem("invalid-request", "the body is not valid gzip, although its Content-Encoding is gzip");
    throw error;
  }
}

function newDecoder(): TextDecoder {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
}

/** For complete strings only. A decoder that decodes in pieces keeps the rest of a piece, and cannot be shared. */
const utf8 = newDecoder();

async function textBody(context: HttpContext, maxBytes: number): Promise<string> {
  const tooLarge = () => new Problem("body-too-large", `the body may have at most ${maxBytes} bytes`, { limit: maxBytes });
  const length = context.req.header("content-length");
  if (Number(length ?? 0) > maxBytes) throw tooLarge();
  try {
    // A body whose length is known is read at once, which costs a third of reading it piece by piece.
    if (length !== undefined && !isCompressed(context)) return utf8.decode(await context.req.raw.arrayBuffer());
    return await boundedText(decodedBody(context), maxBytes, tooLarge, newDecoder());
  } catch (error) {
    throw bodyProblem(error);
  }
}

/** What is wrong with a body that cannot be read. If the client has gone, that is no failure of ours, although the platform throws. */
export function bodyProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof TypeError) return new Problem("invalid-json", "the body is not valid UTF-8");
  return new Problem("invalid-request", "the body broke off before it was complete");
}
