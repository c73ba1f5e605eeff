/** Problems of a sound request: what is stored, declared or going on does not allow it, or something broke. */

import type { ProblemKind } from "./kind.ts";

export const STATE_PROBLEMS = {
  "category-was-in-code": [
    409,
    "Code had the category, and no longer has it",
    "The deployment's code once declared this category, with rules or without. Its events are still read, exported and imported, but nothing new is written without what code said of it.",
    "Deploy code that has the category, or take another name. A plain category can be declared over HTTP instead: `PUT /streams/{category}`.",
  ],
  "category-has-rules": [
    409,
    "The category takes commands, not events",
    "Events were sent to a stream of an aggregate, which decides itself what happens.",
    "Send a command: `POST /aggregates/{name}/{id}/{Command}`.",
  ],
  "idempotency-conflict": [
    409,
    "The same key or id came with other content before",
    "The `Idempotency-Key` or an event id was used before for something else, an append repeats only part of an earlier one, or one append has the same id twice.",
    "Nothing was stored. Use a new key or id for new content, and the same content for a repeat.",
  ],
  "declared-in-code": [
    409,
    "It is declared in code",
    "What is declared in the app's code cannot be changed over HTTP.",
    "Change it in code and deploy.",
  ],
  "incompatible-schema": [
    409,
    "Stored events might not fit the new schema",
    "The definition would refuse events that may already be stored.",
    "`eventType`, `path` and `reason` say where. Loosen the schema, or declare the next version of the event type with `x-version`.",
  ],
  "delivery-ended": [
    409,
    "The delivery has ended",
    "The delivery has arrived or was skipped, so it cannot be retried.",
    "To send the event again, replay its position: `POST /webhooks/{id}/replay`.",
  ],
  "replay-refused": [
    409,
    "The replay cannot begin",
    "The range has no events for this webhook, or as many replays as allowed are under way.",
    "`detail` says which. Choose another range, or wait until a replay ends.",
  ],
  "too-many-webhooks": [
    409,
    "The store has as many webhooks as it may have",
    "The store has reached its number of webhooks.",
    "Delete one that is not needed, or use another store.",
  ],
  "too-many-categories": [
    409,
    "The store has as many categories as it may have",
    "The store has reached its number of categories; retired ones count.",
    "Use an existing category, or another store.",
  ],
  "store-placed": [
    409,
    "The store has its place, for good",
    "A store was to be placed that lies elsewhere already: it was placed before, or its first write placed it.",
    "Use the store where it lies (`GET /stores/{name}`), or another name. To move data, export it and import it into a store in the other place.",
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
    "A reader, a webhook or a consumer is to begin at a position that the log does not have yet: the store was restored to an earlier time, or the position is of another store.",
    "`head` is the last position there is. Begin there, or read again from an earlier one: what was read beyond the head no longer exists.",
  ],
  "saga-in-progress": [
    409,
    "The saga has not reached its end",
    "A saga, or a process that waits for the outcome of its commands, was to be deleted while it is under way: nothing would be undone.",
    "Wait for its end, or end it all the same with `?force=true`: what it has done stays done.",
  ],
  "action-not-possible": [
    409,
    "The consumer is not in a state for this",
    "The consumer is not in a state in which the action makes sense: `retry` needs one that has failed, for example.",
    "`detail` says what is possible. `GET /consumers/{name}` shows the state.",
  ],
  "too-many-versions": [
    409,
    "The category has as many earlier versions as are kept",
    "The category has reached its number of earlier schemas, which are kept because events were written with them.",
    "Change a schema compatibly, without a new version, or declare another category.",
  ],
  "category-retired": [
    410,
    "The category was retired",
    "The category was retired for good: its streams are neither read nor written.",
    "Use another category. The log still has its events.",
  ],
  "stream-deleted": [
    410,
    "The stream was deleted",
    "The stream has ended for good: it is neither read nor written.",
    "Use another id. Unless they were erased, the log still has its events.",
  ],
  "version-conflict": [
    412,
    "The stream is at another version",
    "The condition of the request does not hold: somebody else wrote to the stream first.",
    "`expected` is your condition, `actual` the stream's version. Read the stream, decide again, and send the write with the new version.",
  ],
  "command-refused": [
    422,
    "The command was refused",
    "The aggregate refused the command by a rule of the business. Nothing was stored.",
    "`reason` is the rule's code, `details` what it says about it. Sending the command again makes sense only when the state has changed.",
  ],
  "command-failed": [
    500,
    "The command failed",
    "The aggregate's own code threw, or answered with something that its schemas do not allow. Nothing was stored.",
    "It is a bug in the app. The logs have the cause under `commandId`; run locally, the answer has it too. Fix the aggregate and send the command again.",
  ],
  "state-failed": [
    500,
    "The state cannot be folded",
    "The app's `initialState`, `evolve` or an `upcast` threw while a state was read.",
    "It is a bug in the app. The logs have the cause under `requestId`. Fix the aggregate and deploy; the stream's events can be read all the time.",
  ],
  "query-failed": [
    500,
    "The query failed",
    "The SQL of a named query, or what it returned, is not as declared.",
    "It is a bug in the app. The logs have the cause under `requestId`.",
  ],
  "internal-error": [
    500,
    "Something went wrong on our side",
    "An error that nobody expected. Whether the request was carried out is not known.",
    "Send it again with the same `Idempotency-Key` or the same event ids: nothing can happen twice. The logs have the cause under `requestId`.",
  ],
  "auth-not-configured": [
    503,
    "This deployment has no tokens yet",
    "The deployment has no valid secret `API_TOKENS`, so it answers nobody.",
    "Run `npm run token`, and `wrangler secret put API_TOKENS` with what it prints.",
  ],
  "view-behind": [
    503,
    "The view has not reached the position yet",
    "The view did not reach the position that the request asked for within the wait.",
    "Wait as long as `Retry-After` says and ask again. If it stays behind, `GET /consumers` says why.",
  ],
  "view-rebuilding": [
    503,
    "The view is being rebuilt, and cannot answer this yet",
    "The view is being rebuilt, and the rows of its earlier definition cannot answer this query.",
    "Wait as long as `Retry-After` says and ask again. `GET /consumers` shows the progress.",
  ],
  "state-unavailable": [
    503,
    "This code cannot compute the state",
    "The stream has an event that newer code has stored (its `schemaVersion` is above what this deployment knows), as after a rollback. Nothing was stored.",
    "During a deployment, wait as long as `Retry-After` says and send the request again. Else deploy code that knows that version. The stream's events can be read as ever.",
  ],
  unavailable: [
    503,
    "A part of the store cannot be reached right now",
    "A part of the store did not answer, the platform is restarting it, or it still runs the code before a deployment.",
    "Wait as long as `Retry-After` says and send the request again, with the same `Idempotency-Key`: nothing can happen twice.",
  ],
} as const satisfies Record<string, ProblemKind>;
