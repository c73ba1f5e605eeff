/** Problems of a request itself: it is malformed, not allowed, too large, or about something that does not exist. */

import type { ProblemKind } from "./kind.ts";

export const REQUEST_PROBLEMS = {
  "invalid-json": [
    400,
    "The body is not valid JSON",
    "The body is empty, is not JSON or not UTF-8, nests too deep, or has a number beyond 1.8e308.",
    "Send a JSON object. `detail` shows where the parser failed.",
  ],
  "invalid-request": [
    400,
    "The request is not valid",
    "A name, a header, a query parameter or the body is not valid.",
    "`detail` names it and shows what would be right; `issues` lists the places in a body. Correct the request; repeating it unchanged fails again.",
  ],
  "invalid-path": [
    400,
    "The path or the query is not percent-encoded UTF-8",
    "The path or the query has percent-encoding that is malformed or is not UTF-8.",
    "Percent-encode the UTF-8 bytes of each part, as `encodeURIComponent` does.",
  ],
  "invalid-header": [
    400,
    "A header has bytes outside visible ASCII",
    "An `Idempotency-Key`, a `Correlation-Id` or a `ce-*` header has a byte outside visible ASCII, which clients and servers read differently.",
    "Percent-encode the value: `encodeURIComponent` in JavaScript, `urllib.parse.quote` in Python.",
  ],
  "invalid-command": [
    400,
    "The command's data does not fit its schema",
    "The body of a command does not fit the schema that the aggregate declares for it.",
    "`issues` lists where and why. `/openapi.json` has the schema of every command.",
  ],
  "invalid-event": [
    400,
    "An event does not fit its schema",
    "An event, a fact or a CloudEvent has an unknown type, or data that does not fit the schema of its type.",
    "`issues` lists where and why. `GET /streams/{category}` has the schemas.",
  ],
  unauthorized: [
    401,
    "A valid token is required",
    "The request has no token, or one that is unknown or has expired.",
    "Send `Authorization: Bearer <token>`. `npm run token` generates one; the operator of the deployment adds it to `API_TOKENS`.",
  ],
  forbidden: [
    403,
    "The token does not allow this",
    "The token lacks the right that this operation needs, is for other stores only, or is narrowed to other categories, aggregates or views.",
    "Use a token that may do what `detail` names. `/openapi.json` names the right of every operation.",
  ],
  "not-found": [404, "Unknown path", "The service has no such path.", "`GET /` lists where to begin, `/openapi.json` every path."],
  "unknown-category": [
    404,
    "Unknown category",
    "No category of this name is declared, neither in code nor in this store.",
    "`GET /streams` lists the categories. Declare one with `PUT /streams/{category}`, or correct the name or the store.",
  ],
  "unknown-aggregate": [404, "Unknown aggregate", "The app has no aggregate of this name.", "`detail` lists the aggregates."],
  "unknown-command": [
    404,
    "Unknown command",
    "The aggregate has no command of this name that clients may send.",
    "`detail` lists the commands that it accepts.",
  ],
  "unknown-command-id": [
    404,
    "Unknown command id",
    "No command was received under this id, or its outcome is no longer kept.",
    "Check the id and the stream. Outcomes are kept for 30 days; the events are in the stream.",
  ],
  "unknown-version": [
    404,
    "The stream has no such version",
    "The requested `version` is later than the stream's own version.",
    "The problem's `version` is the stream's own; ask for that or an earlier one.",
  ],
  "unknown-stream": [
    404,
    "Unknown stream",
    "Nothing was ever stored in this stream.",
    "Check the id and the store. The first write to a stream creates it.",
  ],
  "unknown-view": [404, "Unknown view", "No view of this name is declared.", "`detail` lists the views."],
  "unknown-row": [
    404,
    "Unknown row",
    "The view had no row with this key at the position that it answered from.",
    "If the row is about to be written, wait for it: `Prefer: wait=N`, or `minPosition` with the position that your write returned.",
  ],
  "unknown-saga": [
    404,
    "Unknown saga",
    "The app has no saga of this name, or none was started with this id.",
    "`GET /sagas` lists the sagas; check the id and the store.",
  ],
  "unknown-query": [404, "Unknown query", "The view has no named query of this name.", "`GET /views` lists the queries of each view."],
  "unknown-consumer": [404, "Unknown consumer", "No view, processor or webhook has this name.", "`detail` lists the consumers."],
  "unknown-webhook": [404, "Unknown webhook", "The store has no webhook with this id.", "`GET /webhooks` lists those of the store."],
  "unknown-delivery": [
    404,
    "Unknown delivery",
    "The webhook has no record of this delivery: it was never attempted, or its record is no longer kept.",
    "`GET /webhooks/{id}/deliveries` lists them. To send events again, use `replay`.",
  ],
  "method-not-allowed": [
    405,
    "This path does not accept this method",
    "The path exists, but not with this method.",
    "The header `Allow` lists the methods that it accepts.",
  ],
  "not-acceptable": [
    406,
    "The answer is not available in this form",
    "`Accept: application/cloudevents+json` asks for one event, but the answer would have none or several.",
    "Narrow the window down to one event (`from=3&to=3`, `limit=1`), or ask for `application/cloudevents-batch+json`.",
  ],
  "not-live": [
    406,
    "The view has no live stream",
    "The view has SQL handlers, so the store does not know which rows they change.",
    "Query the view instead, with `minPosition` if you need to see your own write.",
  ],
  "body-too-large": [
    413,
    "The body is too large",
    "The body, or the `data` or `meta` of an event, has more bytes than allowed.",
    "The problem's `limit` is the number of bytes allowed. Send less, or split it into several requests.",
  ],
  "unsupported-media-type": [
    415,
    "The body's media type is not accepted here",
    "This path does not accept the `Content-Type`.",
    "Send `application/json`; `detail` lists what else is accepted.",
  ],
  "rate-limited": [
    429,
    "Too many requests",
    "This token (or, without a token, this address) has sent more requests than the deployment allows.",
    "Wait for the seconds in `Retry-After`, then send more slowly.",
  ],
} as const satisfies Record<string, ProblemKind>;
