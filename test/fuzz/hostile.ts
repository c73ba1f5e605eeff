/** What nobody should send: values, strings, path segments and headers that have broken other people's servers. */

import type { Random } from "./random.ts";

/** Numbers as JSON text, because JavaScript could not write most of them. */
const NUMBERS = [
  "1e999",
  "-1e999",
  "1e308",
  "-0",
  "0.1e-400",
  "9007199254740993",
  "18446744073709551616",
  "1".repeat(400),
  "-1",
  "0",
  "1.5",
  "1E+2",
];

const STRINGS = [
  "",
  " ",
  "\u0000",
  "a\u0000b",
  "\ud800",
  "\udfff\ud800",
  "\ufeff",
  "\u2028",
  "😀".repeat(50),
  "e\u0301",
  "x".repeat(257),
  "x".repeat(10_000),
  "__proto__",
  "constructor",
  "../../etc/passwd",
  "'; DROP TABLE log; --",
  '"',
  "%00",
  "<script>",
  "${7*7}",
  "null",
  "true",
  "1e999",
  "$deleted",
  "2026-02-30T00:00:00Z",
  "+275761-01-01T00:00:00Z",
  "file:///etc/passwd",
  "http://[::1",
  "javascript:alert(1)",
  "(a+)+$",
  "\u202e",
];

/** JSON documents to put in place of a value, or of the whole body. */
export function hostileJson(random: Random): string {
  switch (random.below(8)) {
    case 0:
      return random.pick(NUMBERS);
    case 1:
    case 2:
      return JSON.stringify(random.pick(STRINGS));
    case 3:
      return random.pick(["null", "true", "false", "[]", "{}", "[[]]", "[null]", '{"":null}']);
    case 4:
      return random.pick([
        '{"__proto__":{"polluted":true}}',
        '{"constructor":{"prototype":{"polluted":true}}}',
        '{"toString":1,"valueOf":1,"toJSON":1,"then":1}',
        '{"length":4294967296}',
        '{"hasOwnProperty":1,"__defineGetter__":2}',
      ]);
    case 5:
      return nested(random);
    case 6:
      return `[${Array.from({ length: random.pick([2, 1_001, 20_000]) }, () => random.pick(["1", "{}", '""'])).join(",")}]`;
    default:
      return `{${Array.from({ length: random.pick([2, 300]) }, (_, at) => `${JSON.stringify(`${random.pick(STRINGS)}${at}`)}:1`).join(",")}}`;
  }
}

/** From what is just allowed to what overflows stacks. */
function nested(random: Random): string {
  const depth = random.pick([10, 60, 63, 64, 65, 70, 1_000, 10_000, 100_000]);
  return random.chance(0.5) ? `${"[".repeat(depth)}${"]".repeat(depth)}` : `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
}

/** The text of JSON with one of its values, or names, replaced. */
export function mutateJson(random: Random, text: string): string {
  const values = [...text.matchAll(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|true|false|null|[[{]/g)];
  if (values.length === 0) return hostileJson(random);
  const { index, 0: found } = random.pick(values);
  if (found === "{") {
    const name = random.pick(["__proto__", "constructor", "surplus", "id", "type", "data", "meta", "$hops", "events", "time", "toJSON"]);
    return `${text.slice(0, index + 1)}${JSON.stringify(name)}:${hostileJson(random)},${text.slice(index + 1)}`.replace(",}", "}");
  }
  if (found === "[")
    return `${text.slice(0, index + 1)}${hostileJson(random)}${text.slice(index + 1, index + 2) === "]" ? "" : ","}${text.slice(index + 1)}`;
  const isName = text
    .slice(index + found.length)
    .trimStart()
    .startsWith(":");
  return text.slice(0, index) + (isName ? JSON.stringify(random.pick(STRINGS)) : hostileJson(random)) + text.slice(index + found.length);
}

/** Bytes that are JSON no more, or hardly. */
export function mangleBytes(random: Random, body: Buffer): Buffer {
  const at = random.below(body.length + 1);
  switch (random.below(9)) {
    case 0:
      return body.subarray(0, at);
    case 1:
      return Buffer.concat([body.subarray(0, at), random.bytes(1 + random.below(8)), body.subarray(at)]);
    case 2:
      return Buffer.concat([body.subarray(0, at), random.pick(INVALID_UTF8), body.subarray(at)]);
    case 3:
      return Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), body]);
    case 4:
      return Buffer.from(body.toString(), "utf16le");
    case 5:
      return Buffer.concat([body, Buffer.from(random.pick([" x", "{}", ",", "\n\n", "\u0000"]))]);
    case 6:
      return random.bytes(random.pick([1, 16, 1_000]));
    case 7:
      return Buffer.alloc(random.pick([0, 300_000, 4_500_000]), random.pick(["a", " ", "["]));
    default:
      return Buffer.from(body.toString().replace(/"(\w+)":/, '"$1":1,"$1":'));
  }
}

const INVALID_UTF8 = [
  [0xff],
  [0xc0, 0xaf], // too long for its code point
  [0xed, 0xa0, 0x80], // a surrogate
  [0xf4, 0x90, 0x80, 0x80], // beyond Unicode
  [0xe2, 0x82], // not finished
].map((bytes) => Buffer.from(bytes));

/** Segments of a path, as they go over the wire. */
const SEGMENTS = [
  "%",
  "%0",
  "%00",
  "%0A",
  "%ff",
  "%c0%af",
  "%ed%a0%80",
  "%E2%80%A8",
  "%2e%2e",
  "..",
  ".",
  "%2F",
  "a%2Fb",
  "%252e",
  "%25",
  "a%20b",
  "+",
  ";",
  "a;b=c",
  "*",
  "{id}",
  ":id",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "%F0%9F%98%80",
  "'",
  "%22",
  "%5C",
  "-1",
  "0",
  "9007199254740993",
  "1e9",
  "NaN",
  "commands",
  "queries",
  "deliveries",
  "rebuild",
  "a".repeat(64),
  "a".repeat(257),
  "a".repeat(3_000),
  "%E2%82%AC".repeat(86),
];

export function hostileSegment(random: Random): string {
  return random.chance(0.85)
    ? random.pick(SEGMENTS)
    : [...random.bytes(1 + random.below(6))].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
}

/** A path that leads elsewhere, or nowhere. */
export function mutatePath(random: Random, path: string): string {
  switch (random.below(6)) {
    case 0:
      return `${path}/`;
    case 1:
      return path.replaceAll("/", random.pick(["//", "/./", "/%2e/", "/"]));
    case 2:
      return `${path}/${hostileSegment(random)}`;
    case 3:
      return path.replace(/[a-z]/, (letter) => random.pick([letter.toUpperCase(), `%${letter.charCodeAt(0).toString(16)}`]));
    case 4:
      return path.slice(0, 1 + random.below(path.length));
    default: {
      const segments = path.split("/");
      segments[1 + random.below(segments.length - 1)] = hostileSegment(random);
      return segments.join("/");
    }
  }
}

const QUERY_VALUES = [
  ...SEGMENTS,
  "",
  "null",
  "true",
  "head",
  "1,2,3",
  "-0",
  "1e999",
  "0x10",
  "%FF",
  "a=b",
  "x".repeat(8_000),
  "9007199254740991",
  "1",
  "wait=1",
  "[]",
  "%7B%7D",
];

export function hostileQueryValue(random: Random): string {
  return random.pick(QUERY_VALUES);
}

/** By header: what a client may try. */
const HEADERS: Readonly<Record<string, readonly string[]>> = {
  "If-Match": ['"0"', '"1"', "*", '"-1"', '"99999999999999999999"', "1", "", '"1", "2"', 'W/"1"', '"'],
  "If-None-Match": ["*", '"1"', "", '"a", "b"', "W/", '"'.repeat(500)],
  Prefer: ["wait=0", "wait=-1", "wait=", "wait=1e3", "respond-async", "respond-async, wait=0", "wait=abc", ";;;=", "x".repeat(5_000)],
  "Idempotency-Key": ["", "k", "k".repeat(256), "k".repeat(257), "\u00e9\u00ff", "__proto__", "a b", '"quoted"', "%00"],
  "Correlation-Id": ["", "c".repeat(257), "\u00ff", "c", "{}"],
  traceparent: ["00-00000000000000000000000000000000-0000000000000000-00", "00-zz", "", "ff-".repeat(50)],
  Accept: [
    "*/*",
    "text/event-stream",
    "application/x-ndjson",
    "application/cloudevents-batch+json",
    "",
    ";q=",
    "a/b;q=1e9",
    "*/*;q=0",
    ",".repeat(1_000),
  ],
  "Content-Type": [
    "application/json",
    "application/json; charset=utf-16",
    "application/xml",
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
    "application/x-ndjson",
    "multipart/form-data; boundary=x",
    "",
    ";",
    "application/json, text/plain",
    "APPLICATION/JSON",
  ],
  "Content-Encoding": ["gzip", "br", "identity", "nonsense"],
  "Last-Event-ID": ["-1", "1", "head", "1e9", "99999999999999999999", "", "x"],
  Upgrade: ["websocket", "h2c", "WebSocket, x"],
  Range: ["bytes=0-1", "bytes=-1"],
  Expect: ["100-continue"],
  "ce-specversion": ["1.0", "0.3", ""],
  "ce-id": ["1", "", "%00", "%"],
  "ce-source": ["/x", "", "\u00ff", "%zz"],
  "ce-type": ["Raised", "$deleted", "", "x".repeat(200)],
  "ce-__proto__": ["x"],
  "X-HTTP-Method-Override": ["DELETE", "PUT"],
  Origin: ["null", "https://evil.example"],
  Cookie: ["a=b"],
  "CF-Connecting-IP": ["1.2.3.4", "x"],
};

export function hostileHeader(random: Random): [name: string, value: string] {
  const name = random.pick(Object.keys(HEADERS));
  return [name, random.pick(HEADERS[name] ?? [""])];
}
