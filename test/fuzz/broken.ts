/** What is hardly HTTP, or comes in pieces, or never ends. Nothing of it may be stored, and nobody else may notice. */

import type { Random } from "./random.ts";
import type { Wire } from "./wire.ts";

/** Milliseconds between the pieces of a slow request, and until a request that does not end is given up. */
const PAUSE_MS = 20;
const WAIT_MS = 1_500;

const BODY = '{"type":"Raised","data":{"from":"a","value":1}}';

/** @returns what came back; requests that are whole are answered with an error, others with anything or nothing */
export async function breakHttp(random: Random, wire: Wire, store: string, token: string): Promise<{ what: string; text: string }> {
  const path = `/stores/${store}/streams/alarm/1`;
  const head = `POST ${path} HTTP/1.1\r\nHost: store\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\n`;
  const what = random.pick(Object.keys(CASES));
  const { pieces, end = "half" } = (CASES[what] as Case)(random, head, path);
  return { what, text: await wire.raw(pieces, end, PAUSE_MS, WAIT_MS) };
}

type Case = (random: Random, head: string, path: string) => { pieces: (string | Buffer)[]; end?: "half" | "cut" | "stay" };

const CASES: Readonly<Record<string, Case>> = {
  "a body that ends too early": (random, head) => ({
    pieces: [`${head}Content-Length: ${BODY.length}\r\n\r\n`, BODY.slice(0, random.below(BODY.length))],
  }),
  "a body whose client is gone": (random, head) => ({
    pieces: [`${head}Content-Length: ${BODY.length}\r\n\r\n`, BODY.slice(0, random.below(BODY.length))],
    end: "cut",
  }),
  "a body that never ends": (random, head) => ({
    pieces: [`${head}Content-Length: ${BODY.length}\r\n\r\n`, ...BODY.slice(0, -1 - random.below(20)).split("")],
    end: "stay",
  }),
  "a chunked body without its last chunk": (_random, head) => ({
    pieces: [`${head}Transfer-Encoding: chunked\r\n\r\n`, `${BODY.length.toString(16)}\r\n${BODY}\r\n`],
  }),
  "chunks of a wrong size": (random, head) => ({
    pieces: [
      `${head}Transfer-Encoding: chunked\r\n\r\n`,
      `${random.pick(["zz", "-1", "ffffffffffffffff", "1000"])}\r\n${BODY}\r\n0\r\n\r\n`,
    ],
  }),
  "two lengths that differ": (_random, head) => ({ pieces: [`${head}Content-Length: 5\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`] }),
  "a length that is none": (random, head) => ({
    pieces: [`${head}Content-Length: ${random.pick(["-1", "1e3", "99999999999999999999", "x", "0x10"])}\r\n\r\n${BODY}`],
  }),
  "a length beyond every limit": (_random, head) => ({ pieces: [`${head}Content-Length: 999999999999\r\n\r\n`, "x".repeat(1_000)] }),
  "a header without an end": (random, head) => ({ pieces: [head.slice(0, 1 + random.below(head.length))] }),
  "headers without number": (_random, head) => ({ pieces: [head + "X: 1\r\n".repeat(20_000), "\r\n"] }),
  "a header that is too long": (_random, head) => ({ pieces: [`${head}X: ${"x".repeat(200_000)}\r\n\r\n`] }),
  "control characters in a header": (_random, head) => ({ pieces: [`${head}X: a\u0000b\r\nContent-Length: 2\r\n\r\n{}`] }),
  "control characters in the path": (_random, _head, path) => ({ pieces: [`GET ${path}\u0000\u0001 HTTP/1.1\r\nHost: store\r\n\r\n`] }),
  "bytes beyond ASCII in the path": (random, _head, path) => ({
    pieces: [Buffer.concat([Buffer.from(`GET ${path}`), random.bytes(8), Buffer.from(" HTTP/1.1\r\nHost: store\r\n\r\n")])],
  }),
  "another version of HTTP": (random, _head, path) => ({
    pieces: [`GET ${path} HTTP/${random.pick(["0.9", "1.0", "2.0", "9.9", "x"])}\r\n\r\n`],
  }),
  "a path of megabytes": () => ({ pieces: [`GET /${"a".repeat(2_000_000)} HTTP/1.1\r\nHost: store\r\n\r\n`] }),
  noise: (random) => ({ pieces: [random.bytes(random.pick([1, 100, 5_000]))] }),
  "another protocol": () => ({ pieces: [Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3])] }),
  "two requests in one, the second one's token missing": (_random, _head, path) => ({
    pieces: [
      `GET /health HTTP/1.1\r\nHost: store\r\nContent-Length: 0\r\n\r\nPOST ${path} HTTP/1.1\r\nHost: store\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`,
    ],
  }),
  "a request hidden in a body": (_random, head, path) => ({
    pieces: [
      `${head}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\nPOST ${path} HTTP/1.1\r\nHost: store\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`,
    ],
  }),
};
