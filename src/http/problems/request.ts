/** Problems of a request as such: it is malformed, not allowed, too much, or about something that does not exist. */

import type { ProblemKind } from "./kind.ts";

export const REQUEST_PROBLEMS = {
  "invalid-json": [
    400,
    "The body is not valid JSON",
    "The body is empty, is not JSON or not UTF-8, nests too deep, or has a number beyond 1.8e308.",
    "Send a JSON object. `detail` says what the parser stumbled over.",
  ],
  "invalid-request": [
    400,
    "The request is not valid",
    "A name, a header, a query parameter or the body is not valid.",
    "`detail` names it and says what would be right; `issues` lists the places in a body. Correct the request: sending it again as it is changes nothing.",
  ],
  "invalid-path": [
    400,
    "The path or the query is not percent-encoded UTF-8",
    "The path or the query has percent-encoding that is malformed or is not UTF-8.",
    "Percent-encode the UTF-8 bytes of each part, as `encodeURIComponent` does.",
  ],
  "invalid-header": [
    400,
    "A header has bytes outside of visible ASCII",
    "An `Idempotency-Key`, a `Correlation-Id` or a `ce-*` header has a byte outside of visible ASCII, which clients and servers read differently.",
    "Percent-encode the value: `encodeURIComponent` in JavaScript, `urllib.parse.quote` in Python.",
  ],
  "invalid-command": [
    400,
    "The command's data does not fit its schema",
    "The body of a command does not fit the schema that the aggregate declares for it.",
    "`issues` says where and why. `/openapi.json` has the schema of every command.",
  ],
  "invalid-event": [
    400,
    "An event does not fit its schema",
    "An event, a fact or a CloudEvent has an unknown type, or data that does not fit the schema of its type.",
    "`issues` says where and why. `GET /streams/{category}` has the schemas.",
  ],
  unauthorized: [
    401,
    "A valid token is needed",
    "The request has no token, or one that is unknown or has expired.",
    "Send `Authorization: Bearer <token>`. `npm run token` makes one; whoever runs the deployment declares it.",
  ],
  forbidden: [
    403,
    "The token does not allow this",
    "The token lacks the right that this operation needs, or is for other stores.",
    "Use a token with the right that `detail` names. `/openapi.json` names the right of every operation.",
  ],
  "not-found": [404, "There is nothing here", "The service has no such path.", "`GET /` lists where to begin, `/openapi.json` every path."],
  "unknown-category": [
    404,
    "No such category",
    "No category of this name is declared, neither in code nor in this store.",
    "`GET /streams` lists the categories. Declare one with `PUT /streams/{category}`, or correct the name or the store.",
  ],
  "unknown-aggregate": [404, "No such aggregate", "The app has no aggregate of this name.", "`detail` lists those it has."],
  "unknown-command": [
    404,
    "No such command",
    "The aggregate has no command of this name, or none that may be sent from outside.",
    "`detail` lists those it takes.",
  ],
  "unknown-command-id": [
    404,
    "No such command was received",
    "No command was received under this id, or its outcome is no longer kept.",
    "Check the id and the stream. Outcomes are kept for 30 days; the events are in the stream.",
  ],
  "unknown-version": [
    404,
    "The stream has no such version",
    "`version` is beyond the stream's own version.",
    "`version` of the problem is the stream's; ask for that or an earlier one.",
  ],
  "unknown-stream": [
    404,
    "No such stream",
    "Nothing was ever stored in this stream.",
    "Check the id and the store. The first write to a stream creates it.",
  ],
  "unknown-view": [404, "No such view", "No view of this name is declared.", "`detail` lists the views."],
  "unknown-row": [
    404,
    "No such row",
    "The view has no row with this key at the position that it answered from.",
    "If the row is about to be written, wait for it: `Prefer: wait=N`, or `minPosition` with the position that your write was told.",
  ],
  "unknown-saga": [
    404,
    "No such saga",
    "The app has no saga of this name, or none was started with this id.",
    "`GET /sagas` lists the sagas; check the id and the store.",
  ],
  "unknown-query": [404, "No such query", "The view has no named query of this name.", "`GET /views` lists the queries of each view."],
  "unknown-consumer": [404, "No such consumer", "No view, processor or webhook has this name.", "`detail` lists the consumers."],
  "unknown-webhook": [404, "No such webhook", "The store has no webhook with this id.", "`GET /webhooks` lists those of the store."],
  "unknown-delivery": [
    404,
    "No such delivery",
    "The webhook has no record of this delivery: it was never attempted, or its record is no longer kept.",
    "`GET /webhooks/{id}/deliveries` lists them. To send events again, use `replay`.",
  ],
  "method-not-allowed": [
    405,
    "This path does not take this method",
    "The path exists, but not with this method.",
    "The header `Allow` lists the methods that it takes.",
  ],
  "not-acceptable": [
    406,
    "The answer has no such form",
    "`Accept: application/cloudevents+json` asks for one event, and the answer would have none or several.",
    "Narrow the window down to one event (`from=3&to=3`, `limit=1`), or ask for `application/cloudevents-batch+json`.",
  ],
  "not-live": [
    406,
    "The view has no live stream",
    "The view is changed by SQL handlers, so the store cannot tell which rows changed.",
    "Query the view instead, with `minPosition` if you need your own write.",
  ],
  "body-too-large": [
    413,
    "The body is too large",
    "The body, or the `data` or `meta` of an event, has more bytes than allowed.",
    "`limit` of the problem is the number of bytes. Send less, or in several requests.",
  ],
  "unsupported-media-type": [
    415,
    "The body's media type is not one of those taken here",
    "The `Content-Type` is not one that this path takes.",
    "Send `application/json`; `detail` says what else is taken.",
  ],
  "rate-limited": [
    429,
    "Too many requests",
    "This token, or without a token this address, has sent more than the deployment allows.",
    "Wait as long as `Retry-After` says, then go on more slowly.",
  ],
} as const satisfies Record<string, ProblemKind>;
