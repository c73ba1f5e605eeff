/** Sagas: started, watched, and waited for. */

import { WAIT_SECONDS } from "../../../core/limits.ts";
import { JsonObject } from "../../append.ts";
import { SagaQuery } from "../../sagas.ts";
import { ANSWERS, COMPONENTS } from "../components.ts";
import type { Operation } from "../operation.ts";
import { JSON_TYPE, NOT_MODIFIED, json } from "./shared.ts";

/** What starting any saga has in common, whatever its input. */
export const START_SAGA = {
  headers: ["Idempotency-Key", "Prefer", "Correlation-Id"],
  answers: {
    200: json("The saga has already ended; `status` tells how.", COMPONENTS.Saga, ["ETag", "Location", "Idempotent-Replayed"]),
    202: json("The saga has started. `Location` has the URL of its state and, later, of its outcome.", COMPONENTS.Saga, [
      "ETag",
      "Location",
      "Idempotent-Replayed",
      "Preference-Applied",
    ]),
  },
  problems: ["invalid-command", "command-refused", "command-failed", "state-unavailable", "idempotency-conflict", "stream-deleted"],
} as const satisfies Partial<Operation>;

export const sagas: readonly Operation[] = [
  {
    method: "get",
    path: "/sagas",
    operationId: "listSagas",
    summary: "All sagas",
    tag: "Sagas",
    answers: { 200: json("The sagas, with the JSON Schemas of their inputs.", ANSWERS.sagas) },
  },
  {
    ...START_SAGA,
    method: "post",
    path: "/sagas/{name}",
    operationId: "startSaga",
    summary: "Start a saga",
    description:
      "The body is the saga's input. The service generates the id, the same one for the same `Idempotency-Key`. `Prefer: wait=N` waits for the saga to end.",
    tag: "Sagas",
    body: { [JSON_TYPE]: JsonObject },
    problems: [...START_SAGA.problems, "unknown-saga"],
  },
  {
    ...START_SAGA,
    method: "post",
    path: "/sagas/{name}/{id}",
    operationId: "startSagaAs",
    summary: "Start a saga under an id",
    description: "An id can be used once. A second start is refused unless it repeats the same request with the same `Idempotency-Key`.",
    tag: "Sagas",
    body: { [JSON_TYPE]: JsonObject },
    problems: [...START_SAGA.problems, "unknown-saga"],
  },
  {
    method: "get",
    path: "/sagas/{name}/{id}",
    operationId: "getSaga",
    summary: "A saga, its steps and how it ended",
    tag: "Sagas",
    headers: ["If-None-Match"],
    query: SagaQuery,
    notes: { wait: { description: "Seconds to wait for the saga to end.", maximum: WAIT_SECONDS } },
    answers: { 200: json("The saga.", COMPONENTS.Saga, ["ETag"]), 304: NOT_MODIFIED },
    problems: ["unknown-saga", "stream-deleted", "state-unavailable"],
  },
];
