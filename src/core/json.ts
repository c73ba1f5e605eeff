/** JSON as text: one spelling for equal values, and what JSON is accepted from clients. */

/** The same text for the same value, whatever the order of its keys. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`).join(",")}}`;
}

/** Whether two pieces of JSON have the same content. */
export function sameJson(a: string, b: string): boolean {
  return a === b || canonical(JSON.parse(a)) === canonical(JSON.parse(b));
}

/** How deep a JSON text nests, counted by its brackets: cheap, and safe before any parser has seen the text. */
export function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (inString) {
      if (character === 0x5c) at++;
      else if (character === 0x22) inString = false;
    } else if (character === 0x22) inString = true;
    else if (character === 0x7b || character === 0x5b) deepest = Math.max(deepest, ++depth);
    else if (character === 0x7d || character === 0x5d) depth--;
  }
  return deepest;
}

/**
 * The value of a JSON text that a client sent.
 *
 * @param maxDepth levels that it may nest
 * @throws {SyntaxError} when it is not JSON, nests deeper, or has a number that would be read as another value
 */
export function parseJson(text: string, maxDepth: number): unknown {
  if (depthOf(text) > maxDepth) throw new SyntaxError(`it nests deeper than ${maxDepth} levels`);
  const value: unknown = JSON.parse(text);
  // JSON.parse turns 1e999 into Infinity, and JSON.stringify would turn that into null: the schema would see a number, and null would be
  // stored.
  if (!isFinite(value)) throw new SyntaxError("it has a number beyond 1.8e308, the largest that JavaScript has");
  return value;
}

/** Whether all numbers in a value are finite. The recursion ends, because the depth of the text was checked before. */
function isFinite(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || value === null) return true;
  return Array.isArray(value) ? value.every(isFinite) : Object.values(value).every(isFinite);
}

const utf8 = new TextEncoder();

/** Characters up to which it is faster to look at each than to encode them all (measured). */
const SHORT = 256;

/** The text's size in bytes of UTF-8. */
export function byteLength(text: string): number {
  if (text.length > SHORT) return utf8.encode(text).length;
  let bytes = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit <= 0x7f) continue;
    bytes += unit <= 0x7ff ? 1 : 2;
    // The two halves of a pair take four bytes together. A half alone becomes U+FFFD, which takes three.
    if (isPair(unit, text.charCodeAt(at + 1))) at++;
  }
  return bytes;
}

function isPair(high: number, low: number): boolean {
  return high >= 0xd800 && high <= 0xdbff && low >= 0xdc00 && low <= 0xdfff;
}

/**
 * Whether the text has more than this many bytes of UTF-8. A code unit is at most three bytes, so most strings need not be encoded to know.
 */
export function isLonger(text: string, bytes: number): boolean {
  return text.length * 3 > bytes && byteLength(text) > bytes;
}
