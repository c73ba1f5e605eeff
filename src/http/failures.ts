/** What is answered where no route answers, and to what a route throws. */

import type { Hono } from "hono";
import { isOfNewerCode, isTransient } from "../core/platform-errors.ts";
import { logger } from "../telemetry/logger.ts";
import { traceIdOf } from "../telemetry/trace.ts";
import { IDEMPOTENCY_KEY_BYTES } from "./limits.ts";
import { Problem } from "./problem.ts";
import { type HttpContext, type HttpEnv, requestIdOf, traceOf } from "./request.ts";

/** @param note what a person must know who asks for something that is not here */
export function answerFailures(http: Hono<HttpEnv>, note = ""): void {
  http.notFound((context) => {
    const methods = methodsOf(http, context.req.path);
    if (methods.length === 0)
      return new Problem("not-found", `unknown path ${context.req.path}; GET / lists where to begin${note}`).toResponse();
    const allow = methods.join(", ");
    return new Problem(
      "method-not-allowed",
      `${context.req.path} takes ${allow}, not ${context.req.method}${note}`,
      {},
      { allow },
    ).toResponse();
  });

  http.onError((error, context) => {
    const problem = error instanceof Problem ? error : unexpected(error);
    if (problem.status < 500) return problem.toResponse();
    const requestId = requestIdOf(context);
    // The other 503s are ordinary answers: try again later.
    if (problem !== error || problem.status === 500) tellFailed(context, requestId, problem, error);
    return problem.toResponse({ requestId });
  });
}

/** How an error that is not one of our answers is shown to the client. */
function unexpected(error: Error): Problem {
  if (isOfNewerCode(error)) return new Problem("stored-by-newer-code", error.message.replace(/^Error: /, ""), {}, { "retry-after": "5" });
  if (isTransient(error))
    return new Problem(
      "unavailable",
      "send the request again; with an Idempotency-Key nothing can happen twice",
      {},
      { "retry-after": "1" },
    );
  return new Problem(
    "internal-error",
    "the request failed; it may or may not have been carried out. With an Idempotency-Key you can send it again",
  );
}

function tellFailed(context: HttpContext, requestId: string, { code, fields }: Problem, error: Error): void {
  const { method, path } = context.req;
  const correlationId = context.req.header("correlation-id")?.slice(0, IDEMPOTENCY_KEY_BYTES);
  // The cause of a failed command is in the line of its stream, with the same command id.
  const commandId = typeof fields.commandId === "string" ? fields.commandId : undefined;
  const line = {
    message: "a request failed",
    requestId,
    method,
    path,
    code,
    commandId,
    correlationId,
    traceId: traceIdOf(traceOf(context)),
  };
  logger.error(line, commandId === undefined ? (error.cause ?? error) : undefined);
}

/** The methods that a path takes. */
function methodsOf(http: Hono<HttpEnv>, path: string): string[] {
  const methods = ["GET", "POST", "PUT", "PATCH", "DELETE"].filter((method) =>
    http.router.match(method, path)[0].some(([[, route]]) => route.method !== "ALL"),
  );
  return methods.includes("GET") ? [...methods, "HEAD"] : methods;
}
