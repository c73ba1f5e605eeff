/** Headers for browsers: they keep answers where they belong, and allow other origins to call (CORS). */

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
    if (answer.status === 101) return; // the log's own answer; no page is shown for a socket
    if (!isSecured(answer)) {
      for (const [name, value] of Object.entries(SECURITY_HEADERS)) if (!answer.headers.has(name)) answer.headers.set(name, value);
    }
    // Not for other hosts of the domain: they are not ours to decide about.
    if (context.req.url.startsWith("https:")) answer.headers.set("strict-transport-security", `max-age=${HSTS_SECONDS}`);
  };
}

/** The headers of an answer that scripts of other origins may read, besides those that they always may. */
const EXPOSED = [...Object.keys(RESPONSE_HEADERS), "Allow", "Retry-After", "WWW-Authenticate"];

/**
 * Lets scripts of other origins call, if the variable `CORS_ORIGINS` names them: origins with commas between them, or `*`. Never with
 * credentials: a client that has a token sends it itself, and no browser adds it.
 */
export function crossOrigin(): Handler {
  let ready: { readonly origins: string; readonly handler: Handler } | undefined;
  return async function allowOrigins(context, next) {
    const { CORS_ORIGINS: origins = "" } = context.env as { CORS_ORIGINS?: string };
    // Browsers let sockets connect to anywhere; the token protects them.
    if (origins === "" || context.req.header("upgrade") !== undefined) return next();
    if (ready?.origins !== origins) ready = { origins, handler: corsFor(origins) };
    return ready.handler(context, next);
  };
}

function corsFor(origins: string): Handler {
  // People copy them from the address bar; browsers send an origin without the slash.
  const list = origins.split(",").map((origin) => origin.trim().replace(/\/$/, ""));
  return cors({
    origin: list.includes("*") ? "*" : list,
    allowMethods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
    exposeHeaders: EXPOSED,
    maxAge: CORS_MAX_AGE_SECONDS,
  });
}
