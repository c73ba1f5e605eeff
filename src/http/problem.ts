/** Problem documents (RFC 9457): the one table from our error codes to HTTP status numbers. */

/** Code → status and title. The codes are part of the HTTP contract: clients branch on them. */
const PROBLEMS = {
  "invalid-json": [400, "The body is not valid JSON"],
  "invalid-request": [400, "The request is not valid"],
  "invalid-path": [400, "The path or the query is not percent-encoded UTF-8"],
  "invalid-header": [400, "A header has bytes outside of visible ASCII"],
  "invalid-command": [400, "The command's data does not fit its schema"],
  "invalid-event": [400, "An event does not fit its schema"],
  unauthorized: [401, "A valid token is needed"],
  forbidden: [403, "The token does not allow this"],
  "not-found": [404, "There is nothing here"],
  "unknown-category": [404, "No such category"],
  "unknown-aggregate": [404, "No such aggregate"],
  "unknown-command": [404, "No such command"],
  "unknown-command-id": [404, "No such command was received"],
  "unknown-version": [404, "The stream has no such version"],
  "unknown-stream": [404, "No such stream"],
  "unknown-view": [404, "No such view"],
  "unknown-row": [404, "No such row"],
  "unknown-saga": [404, "No such saga"],
  "unknown-query": [404, "No such query"],
  "unknown-consumer": [404, "No such consumer"],
  "unknown-webhook": [404, "No such webhook"],
  "unknown-delivery": [404, "No such delivery"],
  "method-not-allowed": [405, "This path does not take this method"],
  "position-beyond-head": [409, "The position is beyond the log's head"],
  "category-has-rules": [409, "The category takes commands, not events"],
  "idempotency-conflict": [409, "The same key or id came with other content before"],
  "declared-in-code": [409, "It is declared in code"],
  "incompatible-schema": [409, "Stored events might not fit the new schema"],
  "delivery-ended": [409, "The delivery has ended"],
  "replay-refused": [409, "The replay cannot begin"],
  "too-many-webhooks": [409, "The store has as many webhooks as it may have"],
  "too-many-categories": [409, "The store has as many categories as it may have"],
  "saga-in-progress": [409, "The saga has not reached its end"],
  "action-not-possible": [409, "The consumer is not in a state for this"],
  "too-many-versions": [409, "The category has as many earlier versions as are kept"],
  "store-placed": [409, "The store has its place, for good"],
  "placement-not-possible": [409, "The deployment has no databases there"],
  "category-retired": [410, "The category was retired"],
  "stream-deleted": [410, "The stream was deleted"],
  "version-conflict": [412, "The stream is at another version"],
  "not-live": [406, "The view has no live stream"],
  "body-too-large": [413, "The body is too large"],
  "unsupported-media-type": [415, "The body's media type is not one of those taken here"],
  "command-refused": [422, "The command was refused"],
  "rate-limited": [429, "Too many requests"],
  "command-failed": [500, "The command failed"],
  "state-failed": [500, "The state cannot be folded"],
  "query-failed": [500, "The query failed"],
  "internal-error": [500, "Something went wrong on our side"],
  "auth-not-configured": [503, "This deployment has no tokens yet"],
  "view-behind": [503, "The view has not reached the position yet"],
  "view-rebuilding": [503, "The view is being built anew, and cannot answer this yet"],
  unavailable: [503, "A part of the store cannot be reached right now"],
} as const satisfies Record<string, readonly [status: number, title: string]>;

export type ProblemCode = keyof typeof PROBLEMS;

/** What a code stands for, for those who describe answers. */
export function kindOfProblem(code: ProblemCode): { readonly status: number; readonly title: string } {
  const [status, title] = PROBLEMS[code];
  return { status, title };
}

/** Ends a request with a problem document. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly code: ProblemCode;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  /**
   * @param detail what is wrong with this very request, and what would be right
   * @param fields members of the document beside the standard ones
   */
  constructor(code: ProblemCode, detail: string, fields: Record<string, unknown> = {}, headers: Record<string, string> = {}) {
    super(detail);
    this.code = code;
    this.fields = fields;
    this.headers = headers;
  }

  get status(): number {
    return PROBLEMS[this.code][0];
  }

  /** @param more members that only the door knows */
  toResponse(more: Record<string, unknown> = {}): Response {
    const [status, title] = PROBLEMS[this.code];
    const document = { type: `/problems/${this.code}`, title, status, detail: this.message, code: this.code, ...this.fields, ...more };
    return new Response(JSON.stringify(document), {
      status,
      headers: { "content-type": "application/problem+json", "cache-control": "no-store", ...this.headers },
    });
  }
}
