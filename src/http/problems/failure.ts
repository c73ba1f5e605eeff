/** Problems of a valid request that nothing forbids: something broke, or cannot be reached or read at the moment. Data only. */

import type { ProblemKind } from "./kind.ts";

/** By code: status, title, when, remedy, and further members. */
export const FAILURE_PROBLEMS = {
  "command-failed": [
    500,
    "The command failed",
    "The aggregate's own code threw, or returned something that its schemas do not allow. Nothing was stored.",
    "It is a bug in the app. The logs have the cause under `commandId`; under `npm start` the answer has it too. Fix the aggregate and send the command again.",
    "commandId",
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
  "keys-unavailable": [
    503,
    "The issuer's keys cannot be fetched",
    "The JWT cannot be verified: its issuer does not answer, and its keys are not known, or were last fetched more than a day ago.",
    "Wait for the seconds in `Retry-After`, then send the request again. Tokens of `API_TOKENS` are not affected. The operator can check the `url` in `API_JWKS`.",
  ],
  "auth-not-configured": [
    503,
    "This deployment has no tokens yet",
    "The deployment has no valid secret `API_TOKENS` or `API_JWKS`, so it answers no client.",
    "Run `npx headspring token`, and `wrangler secret put API_TOKENS` with what it prints.",
  ],
  "view-behind": [
    503,
    "The view has not reached the position yet",
    "The view did not reach the position that the request needs within the time to wait.",
    "Wait for the seconds in `Retry-After` and ask again. If the view stays behind, `GET /consumers` of the worker that takes the commands shows why.",
    "position",
  ],
  "view-rebuilding": [
    503,
    "The view is being rebuilt and cannot answer this query yet",
    "The view is being rebuilt, and the rows of its earlier definition cannot answer this query.",
    "Wait for the seconds in `Retry-After` and ask again. `GET /views` shows the progress.",
    "column?",
  ],
  "state-unavailable": [
    503,
    "This code cannot compute the state",
    "The stream has an event that newer code stored (this deployment does not know its `schemaVersion`), as after a rollback. Nothing was stored.",
    "During a deployment, wait for the seconds in `Retry-After` and send the request again. Otherwise deploy code that knows that version. The stream's events can still be read.",
  ],
  "stored-by-newer-code": [
    503,
    "This code cannot read what is stored",
    "A newer version of Headspring has written the object's storage in a form that this deployment's version does not know, as after a rollback. Nothing was read or stored.",
    "During a deployment, wait for the seconds in `Retry-After` and send the request again. Otherwise deploy the newer version again.",
  ],
  unavailable: [
    503,
    "A part of the store cannot be reached right now",
    "A part of the store did not answer, the platform is restarting it, or it still runs the code from before a deployment.",
    "Wait for the seconds in `Retry-After` and send the request again with the same `Idempotency-Key`: nothing can happen twice.",
  ],
} as const satisfies Record<string, ProblemKind>;
