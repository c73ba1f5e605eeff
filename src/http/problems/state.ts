/** Problems of a valid request: what is stored, declared or under way does not allow it, or something broke. */

import type { ProblemKind } from "./kind.ts";

export const STATE_PROBLEMS = {
  "category-was-in-code": [
    409,
    "The code no longer declares the category",
    "The deployment's code once declared this category and no longer does. Its events can still be read, exported and imported, but nothing new can be written without its rules and schemas.",
    "Deploy code that declares the category, or use another name. A plain category can also be declared over HTTP: `PUT /streams/{category}`.",
  ],
  "category-has-rules": [
    409,
    "The category accepts commands, not events",
    "Events were sent to a stream of an aggregate, which decides its own events.",
    "Send a command: `POST /aggregates/{name}/{id}/{Command}`.",
  ],
  "idempotency-conflict": [
    409,
    "The key or id was used before with other content",
    "The `Idempotency-Key` or an event id was used before for something else, an append repeats only part of an earlier one, or one append has the same id twice.",
    "Nothing was stored. Use a new key or id for new content, and the same content for a repeat.",
  ],
  "declared-in-code": [
    409,
    "Declared in code",
    "What is declared in the app's code cannot be changed over HTTP.",
    "Change it in code and deploy.",
  ],
  "incompatible-schema": [
    409,
    "Stored events might not fit the new schema",
    "The definition would refuse events that may already be stored.",
    "`eventType`, `path` and `reason` show where and why. Loosen the schema, or declare the next version of the event type with `x-version`.",
  ],
  "delivery-ended": [
    409,
    "The delivery has ended",
    "The delivery has arrived or was skipped, so it can no longer be retried.",
    "To send the event again, replay its position: `POST /webhooks/{id}/replay`.",
  ],
  "replay-refused": [
    409,
    "The replay cannot begin",
    "The range has no events for this webhook, or as many replays are under way as are allowed.",
    "`detail` tells which. Choose another range, or wait until a replay has ended.",
  ],
  "too-many-webhooks": [
    409,
    "The store has as many webhooks as are allowed",
    "The store has reached its limit of webhooks.",
    "Delete one that is not needed, or use another store.",
  ],
  "too-many-categories": [
    409,
    "The store has as many categories as are allowed",
    "The store has reached its limit of categories; retired ones count.",
    "Use an existing category, or another store.",
  ],
  "store-placed": [
    409,
    "The store's place is fixed",
    "The request places a store that already has another place: an earlier request or its first write fixed it.",
    "Use the store where it is (`GET /stores/{name}`), or use another name. To move data, export it and import it into a store in the other place.",
  ],
  "placement-not-possible": [
    409,
    "The deployment has no databases there",
    "The deployment has no databases in that jurisdiction.",
    "`missing` names the D1 bindings to add and deploy; or choose another jurisdiction.",
  ],
  "position-beyond-head": [
    409,
    "The position is beyond the log's head",
    "A reader, a webhook or a consumer would begin at a position that the log does not have yet: the store was restored to an earlier time, or the position belongs to another store.",
    "`head` is the last position of the log. Begin there or earlier: events that were read beyond the head no longer exist.",
  ],
  "saga-in-progress": [
    409,
    "The saga has not ended",
    "The request deletes a saga, or a process that waits for the outcome of its commands, while it is under way. None of its steps would be undone.",
    "Wait until it ends, or delete it all the same with `?force=true`: what it has done stays done.",
  ],
  "action-not-possible": [
    409,
    "The action does not fit the consumer's state",
    "The consumer is in a state in which the action makes no sense: `retry`, for example, needs a consumer that has failed.",
    "`detail` lists what is possible. `GET /consumers/{name}` shows the state.",
  ],
  "too-many-versions": [
    409,
    "The category has as many earlier schema versions as are allowed",
    "The category has reached its limit of earlier schemas, which are kept because events were written with them.",
    "Change a schema compatibly, without a new version, or declare another category.",
  ],
  "category-retired": [
    410,
    "The category was retired",
    "The category was retired for good: its streams can no longer be read or written.",
    "Use another category. The log still has its events.",
  ],
  "stream-deleted": [
    410,
    "The stream was deleted",
    "The stream has ended for good: it can no longer be read or written.",
    "Use another id. The log still has the stream's events, unless they were erased.",
  ],
  "version-conflict": [
    412,
    "The stream is at another version",
    "The condition of the request does not hold: another client wrote to the stream first.",
    "`expected` is your condition, `actual` the stream's version. Read the stream, decide again, and send the write with the new version.",
  ],
  "command-refused": [
    422,
    "The command was refused",
    "A business rule of the aggregate refused the command. Nothing was stored.",
    "`reason` is the code of the rule, and `details` explains it. Send the command again only when the state has changed.",
  ],
  "command-failed": [
    500,
    "The command failed",
    "The aggregate's own code threw, or returned something that its schemas do not allow. Nothing was stored.",
    "It is a bug in the app. The logs have the cause under `commandId`; under `npm start` the answer has it too. Fix the aggregate and send the command again.",
  ],
  "state-failed": [
    500,
    "The state cannot be folded",
    "The app's `initialState`, `evolve` or an `upcast` threw while a state was read.",
    "It is a bug in the app. The logs have the cause under `requestId`. Fix the aggregate and deploy; until then the stream's events can still be read.",
  ],
  "query-failed": [
    500,
    "The query failed",
    "The SQL of a named query failed, or its result does not fit the declared rows.",
    "It is a bug in the app. The logs have the cause under `requestId`.",
  ],
  "internal-error": [
    500,
    "Internal error",
    "An unexpected error. The request may or may not have been carried out.",
    "Send it again with the same `Idempotency-Key` or the same event ids: nothing can happen twice. The logs have the cause under `requestId`.",
  ],
  "auth-not-configured": [
    503,
    "This deployment has no tokens yet",
    "The deployment has no valid secret `API_TOKENS`, so it answers no client.",
    "Run `npm run token`, and `wrangler secret put API_TOKENS` with what it prints.",
  ],
  "view-behind": [
    503,
    "The view has not reached the position yet",
    "The view did not reach the position that the request needs within the time to wait.",
    "Wait for the seconds in `Retry-After` and ask again. If the view stays behind, `GET /consumers` shows why.",
  ],
  "view-rebuilding": [
    503,
    "The view is being rebuilt and cannot answer this query yet",
    "The view is being rebuilt, and the rows of its earlier definition cannot answer this query.",
    "Wait for the seconds in `Retry-After` and ask again. `GET /consumers` shows the progress.",
  ],
  "state-unavailable": [
    503,
    "This code cannot compute the state",
    "The stream has an event that newer code stored (this deployment does not know its `schemaVersion`), as after a rollback. Nothing was stored.",
    "During a deployment, wait for the seconds in `Retry-After` and send the request again. Otherwise deploy code that knows that version. The stream's events can still be read.",
  ],
  unavailable: [
    503,
    "A part of the store cannot be reached right now",
    "A part of the store did not answer, the platform is restarting it, or it still runs the code from before a deployment.",
    "Wait for the seconds in `Retry-After` and send the request again with the same `Idempotency-Key`: nothing can happen twice.",
  ],
} as const satisfies Record<string, ProblemKind>;
