/** What browsers need to be told: headers that keep answers where they belong, and which other origins may call (CORS). */

import type { HttpEnv } from "./request.ts";
import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { CORS_MAX_AGE_SECONDS, HSTS_SECONDS } from "./limits.ts";
import { RESPONSE_HEADERS } from "./openapi/operation.ts";
import { SECURITY_HEADERS, isSecured } from "./response.ts";

type Handler = MiddlewareHandler<HttpEnv>;

export function securityHeaders(): Handler {
  return async function addSecurityHeaders(context, next) {
    await next();
    const { res: answer } = context;
    if (answer.status === 101) return; // the log's own answer; a socket has no page
    if (!isSecured(answer)) {
      for (const [name, value] of Object.entries(SECURITY_HEADERS)) if (!answer.headers.has(name)) answer.headers.set(name, value);
    }
    // Not for other hosts of the domain: they are not ours to speak for.
    if (context.req.url.startsWith("https:")) answer.headers.set("strict-transport-security", `max-age=${HSTS_SECONDS}`);
  };
}

/** What scripts of other origins may read of an answer's headers, beside those that are always theirs. */
const EXPOSED = [...Object.keys(RESPONSE_HEADERS), "Allow", "Retry-After", "WWW-Authenticate"];

/**
 * Lets scripts of other origins call, if the variable `CORS_ORIGINS` names them: origins with commas between them, or `*`.
 * Never with credentials: a token is sent by whoever has it, and by no browser on its own.
 */
export function crossOrigin(): Handler {
  let ready: { readonly origins: string; readonly handler: Handler } | undefined;
  return async function allowOrigins(context, next) {
    const { CORS_ORIGINS: origins = "" } = context.env as { CORS_ORIGINS?: string };
    // Browsers let sockets through to anywhere; it is the token that opens them.
    if (origins === "" || context.req.header("upgrade") !== undefined) return next();
    if (ready?.origins !== origins) ready = { origins, handler: corsFor(origins) };
    return ready.handler(context, next);
  };
}

function corsFor(origins: string): Handler {
  // As people copy them from the address bar; browsers say an origin without the slash.
  const list = origins.split(",").map((origin) => origin.trim().replace(/\/$/, ""));
  return cors({
    origin: list.includes("*") ? "*" : list,
    allowMethods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
    exposeHeaders: EXPOSED,
    maxAge: CORS_MAX_AGE_SECONDS,
  });
}
