/** Headers that a webhook adds to its deliveries: which ones are allowed, so that none breaks out of the request or poses as ours. Pure. */

import { WEBHOOK_HEADERS, WEBHOOK_HEADER_CHARACTERS } from "../limits.ts";

/** A token of RFC 9110. */
const NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/;
/** Visible ASCII, with spaces and tabs between: no line break, no other control character, nothing that could be decoded in two ways. */
const VALUE = /^[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?$/;

/** Headers that describe the connection, the message, its signature or its route: a subscriber must not set them. */
const OURS = new Set([
  "accept-encoding",
  "cdn-loop",
  "connection",
  "date",
  "expect",
  "forwarded",
  "host",
  "http2-settings",
  "keep-alive",
  "range",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "user-agent",
  "via",
  "x-real-ip",
]);
const OUR_PREFIXES = ["webhook-", "content-", "proxy-", "sec-", "cf-", "x-forwarded-", "access-control-"];

/** What is wrong with the headers, or undefined. Never quotes a value: it may be a secret. */
export function headersProblem(headers: Readonly<Record<string, string>>): string | undefined {
  const entries = Object.entries(headers);
  if (entries.length > WEBHOOK_HEADERS) return `at most ${WEBHOOK_HEADERS} headers`;
  if (entries.reduce((sum, [name, value]) => sum + name.length + value.length, 0) > WEBHOOK_HEADER_CHARACTERS) {
    return `at most ${WEBHOOK_HEADER_CHARACTERS} characters of headers`;
  }
  const seen = new Set<string>();
  for (const [name, value] of entries) {
    const lower = name.toLowerCase();
    if (!NAME.test(name)) return "a header's name must consist of letters, digits and hyphens";
    if (OURS.has(lower) || OUR_PREFIXES.some((prefix) => lower.startsWith(prefix)))
      return `the header ${lower} is set by the store; choose another name`;
    if (seen.has(lower)) return `the header ${lower} is given twice`;
    seen.add(lower);
    if (!VALUE.test(value)) return `the value of ${lower} must be visible ASCII, without line breaks and without spaces around it`;
  }
  return undefined;
}
