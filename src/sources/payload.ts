/** The payload of a broker's message, as expressions and functions see it. Pure. */

import type { JsonValue } from "../core/event.ts";
import { parseJson } from "../core/json.ts";
import { JSON_DEPTH } from "../core/limits.ts";

/** Exactly one of the three: `data` if it is JSON, otherwise `text` if it is UTF-8, otherwise `base64`. */
export type Payload = { readonly data: JsonValue } | { readonly text: string } | { readonly base64: string };

/** The same, as members of a message that functions see. */
export interface PayloadMembers {
  /** The payload, if it is JSON. */
  readonly data?: JsonValue;
  /** The payload, if it is UTF-8 and not JSON. */
  readonly text?: string;
  /** The payload, if it is neither. */
  readonly base64?: string;
}

/** What is known of these members in expressions. */
export const PAYLOAD_SCHEMA = { data: true, text: { type: "string" }, base64: { type: "string" } } as const;

// Exact: with a byte order mark, if there is one.
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** JSON that nests too deep, or has a number that JavaScript would change to infinity, is text: no event could hold it. */
export function payloadOf(bytes: Uint8Array): Payload {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return { base64: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64") };
  }
  try {
    return { data: parseJson(text, JSON_DEPTH) as JsonValue };
  } catch {
    return { text };
  }
}
