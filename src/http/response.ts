/** Makes answers: JSON, with the headers for browsers that every answer has. */

/** Headers of every answer, unless it sets its own. */
export const SECURITY_HEADERS = {
  "cache-control": "private, no-cache", // only its reader may keep it, and must ask before using it again
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'", // data, not a page
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer", // a path may name a customer
  "x-content-type-options": "nosniff",
} as const;

/**
 * Answers made with all of them. Checking and setting each header of an answer crosses into the runtime ten times, which is a fiftieth of a
 * command (measured).
 */
const secured = new WeakSet<Response>();

/** Whether the answer was made with all {@link SECURITY_HEADERS}. */
export function isSecured(response: Response): boolean {
  return secured.has(response);
}

/** A JSON answer from a string that is JSON already. */
export function jsonText(text: string, status: 200 | 201 | 202 = 200, headers: Record<string, string> = {}): Response {
  const response = new Response(text, { status, headers: { "content-type": "application/json", ...SECURITY_HEADERS, ...headers } });
  secured.add(response);
  return response;
}

/** A JSON answer from a value. */
export function json(value: object, status: 200 | 201 | 202 = 200, headers: Record<string, string> = {}): Response {
  return jsonText(JSON.stringify(value), status, headers);
}

/** A page in JSON. `next` leads to the next page, in the body and as a link; undefined: this is the last. */
export function pageJson(members: object, next: string | undefined): Response {
  if (next === undefined) return json({ ...members, hasMore: false });
  return json({ ...members, hasMore: true, next }, 200, { link: `<${next}>; rel="next"` });
}
