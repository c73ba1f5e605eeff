/** Sagas: started, watched, and waited for. */

import { type Backoff, backoffMs } from "../core/backoff.ts";
import { Hono } from "hono";
import * as z from "zod";
import { derivedId, newId } from "../core/ids.ts";
import { COMMAND_BYTES, WAIT_SECONDS } from "../core/limits.ts";
import { LOOK_AT_SAGA_MAX_MS, LOOK_AT_SAGA_MS } from "./limits.ts";
import type { ProcessState } from "../definitions/processors/process-fold.ts";
import type { Saga } from "../definitions/processors/saga.ts";
import type { SagaState, StepState } from "../definitions/processors/saga-state.ts";
import type { StreamState } from "../store/stream-reads.ts";
import { callerOf, sentBy } from "./auth-caller.ts";
import { seesAggregate } from "./auth-scope.ts";
import { hasTag, tagOf } from "./conditions.ts";
import { problemOf, problemOfCommand, stateFailed, stateUnavailable } from "./answers.ts";
import { writableStreamOf } from "./writable-stream.ts";
import { Problem } from "./problem.ts";
import { commandText } from "./body.ts";
import {
  type HttpEnv,
  type HttpContext,
  WholeNumber,
  conversationOf,
  idempotencyKeyOf,
  prefersAsync,
  queryOf,
  storeOf,
  streamIdOfPath,
  traceOf,
  waitMsOf,
} from "./request.ts";
import { jsonText } from "./response.ts";

export const SagaQuery = z.object({ wait: WholeNumber.default(0) });

export function sagaRoutes() {
  const routes = new Hono<HttpEnv>();

  routes.get("/", (context) => {
    const scope = callerOf(context)?.scope;
    const visible = storeOf(context).definitions.inCode.sagas.filter(({ name }) => seesAggregate(scope, name));
    const sagas = visible.map((saga) => {
      return {
        name: saga.name,
        description: saga.description,
        input: z.toJSONSchema(saga.saga.input, { io: "input", unrepresentable: "any" }),
      };
    });
    return context.json({ sagas });
  });

  routes.post("/:name", (context) => {
    const saga = sagaOf(context);
    const key = idempotencyKeyOf(context);
    // A repeat must find the saga that the first request has started (promise 8).
    return begin(context, saga, key === undefined ? newId() : derivedId("saga", saga.name, key));
  });

  routes.post("/:name/:id", (context) => begin(context, sagaOf(context), streamIdOfPath(context)));

  routes.get("/:name/:id", async (context) => {
    const saga = sagaOf(context);
    const { wait } = queryOf(context, SagaQuery);
    const id = streamIdOfPath(context);
    const state = await lookUntilEnd(context, saga, id, Math.min(wait, WAIT_SECONDS) * 1_000);
    if (state.head === 0) throw new Problem("unknown-saga", `no saga ${saga.name} was ever started as ${id}`);
    if (state.deleted) throw problemOf({ outcome: "deleted" });
    const text = JSON.stringify(shown(saga, id, state));
    const etag = tagOf(state.version, text);
    return hasTag(context, etag) ? context.body(null, 304, { etag }) : jsonText(text, 200, { etag });
  });

  return routes;
}

async function begin(context: HttpContext, saga: Saga, id: string): Promise<Response> {
  const text = await commandText(context, COMMAND_BYTES);
  const answer = await writableStreamOf(context, saga.name, id).execute({
    command: "Start",
    data: text,
    strict: true,
    // Without a key from the client, a second start with the same id is refused: it would not be this client's saga.
    idempotencyKey: idempotencyKeyOf(context),
    expected: { kind: "any" },
    correlationId: conversationOf(context),
    trace: traceOf(context),
    ...sentBy(context),
  });
  if (answer.outcome !== "written") throw problemOfCommand(answer, saga.commands.Start, text);
  const waitMs = prefersAsync(context) ? 0 : (waitMsOf(context) ?? 0);
  const state = await lookUntilEnd(context, saga, id, waitMs);
  const path = new URL(context.req.url).pathname.replace(/\/sagas\/.*$/, "");
  const answered = JSON.stringify(shown(saga, id, state));
  return jsonText(answered, isAtItsEnd(sagaStateOf(state)) ? 200 : 202, {
    location: `${path}/sagas/${saga.name}/${encodeURIComponent(id)}`,
    etag: tagOf(state.version, answered),
    ...(answer.replayed ? { "idempotent-replayed": "true" } : {}),
    ...(prefersAsync(context) ? { "preference-applied": "respond-async" } : {}),
  });
}

const LOOKS: Backoff = { firstDelayMs: LOOK_AT_SAGA_MS, maxDelayMs: LOOK_AT_SAGA_MAX_MS, factor: 1.5 };

/** The saga once it has ended, or the last look when the time is over. */
async function lookUntilEnd(context: HttpContext, saga: Saga, id: string, waitMs: number): Promise<StreamState> {
  const deadline = Date.now() + waitMs;
  for (let looks = 1; ; looks++) {
    const state = await storeOf(context).stream(saga.name, id).state();
    if (state.failed) throw stateFailed(`${saga.name}/${id}`);
    if (state.unavailable !== undefined) throw stateUnavailable(state.unavailable);
    const left = deadline - Date.now();
    if (left <= 0 || state.head === 0 || state.deleted || isAtItsEnd(sagaStateOf(state))) return state;
    await scheduler.wait(Math.min(backoffMs(LOOKS, looks), left));
  }
}

function sagaStateOf({ state }: StreamState): SagaState {
  return (JSON.parse(state) as ProcessState<SagaState>).own;
}

function isAtItsEnd({ status }: SagaState): boolean {
  return status === "completed" || status === "failed";
}

function shown({ name }: Saga, id: string, state: StreamState): object {
  const { status, input, steps, ...rest } = sagaStateOf(state);
  return { saga: name, id, stream: `${name}/${id}`, version: state.version, status, ...rest, ...undoFailed(steps), input, steps };
}

/** Steps that could not be undone: a person has to look at them. */
function undoFailed(steps: readonly StepState[]): { undoFailed?: string[] } {
  const names = steps.filter(({ status }) => status === "undo-failed").map(({ name }) => name);
  return names.length > 0 ? { undoFailed: names } : {};
}

function sagaOf(context: HttpContext): Saga {
  const name = context.req.param("name") ?? "";
  const { sagas } = storeOf(context).definitions.inCode;
  const saga = sagas.find((one) => one.name === name);
  if (saga) return saga;
  const names = sagas.map((one) => one.name);
  throw new Problem("unknown-saga", `unknown saga ${name}; defineApp lists ${names.join(", ") || "none"}`);
}
