/**
 * Access: every request that is not open to all needs a token or a JWT, whose rights, stores and scope must fit the route that answers. A deployment that
 * declares no tokens answers nothing; only `npm start` (`HEADSPRING_ENV=local`) needs none.
 */

import type { MiddlewareHandler } from "hono";
import { type HeadspringEnv, isLocal } from "../store/env.ts";
import { type Caller, type Right, isForStore } from "./auth-caller.ts";
import { callerOfJwt, issuersOf } from "./auth-jwt.ts";
import { EVERY_STORE, type Route, parameterOf, routeOf } from "./auth-route.ts";
import { outsideOf } from "./auth-scope.ts";
import { callerOfToken, secretsOf, tokenOf, tokensOf } from "./auth-tokens.ts";
import { Problem } from "./problem.ts";
import { countRequest } from "./rate-limit.ts";
import type { HttpContext, HttpEnv } from "./request.ts";

/** Paths that are open to all: they show nothing about a store except what is public, the public keys of webhooks. The console is a page without data. */
const OPEN = /^\/(?:health|console\/\*|console\/files\/[^/]+|problems(?:\/[^/]+)?|\.well-known\/webhooks\/[^/]+)?$/;
/** A caller may always know what its token allows, which may be nothing. */
const OF_ANY_TOKEN = /^\/caller$/;
/** Administration, whatever the method. */
const ADMIN = /^\/(?:(?:consumers|sources|webhooks|import)(?:\/|$)|views\/[^/]+\/rebuild$|log\/roll-over$)/;
/** The list of stores, and the place of one store (whose path is empty without its store). */
const PLACES = /^(?:|\/stores(?:\/[^/]+)?)$/;
/** A definition itself: declaring, changing or removing it is administration; appending a fact to a category, or reading, is not. */
const DEFINITION = /^\/(?:streams|views|processors)\/[^/]+$/;
/** The same under Sourcery's paths, where a definition is declared at the list of its kind. */
const API_DEFINITIONS = /^\/api\/(?:streams|processors|views)$/;
const API_DEFINITION = /^\/api\/(?:streams|processors|views)\/[^/]+$/;
/** A preview reads any event. */
const PREVIEW = /^\/(?:views|processors(?:\/[^/]+)?)\/preview$/;

export function auth(): MiddlewareHandler<HttpEnv> {
  return async function checkToken(context, next) {
    const route = routeOf(context);
    const isOpen = route !== undefined && OPEN.test(route.path);
    if (isOpen || (isLocal(context.env) && !isConfigured(context.env))) {
      await countRequest(context, undefined);
      return next();
    }
    const caller = await identify(context);
    // Guesses count, too.
    await countRequest(context, caller instanceof Problem ? undefined : caller);
    if (caller instanceof Problem) throw caller;
    // Without a route there is nothing to protect: the answer is 404 or 405.
    if (route) requireRight(caller, route, (name) => parameterOf(context, route, name));
    context.set("caller", caller);
    return next();
  };
}

/** The sender of the request, or why the request is refused. */
async function identify(context: HttpContext): Promise<Caller | Problem> {
  if (!isConfigured(context.env)) {
    throw new Problem(
      "auth-not-configured",
      "declare tokens in the secret API_TOKENS: `npx headspring token` generates them, `wrangler secret put API_TOKENS` stores them",
    );
  }
  const tokens = tokensOf(secretsOf(context.env));
  const issuers = issuersOf(context.env);
  const { path } = context.req;
  const form = OF_API.test(path) ? TOKEN : BEARER;
  const bearer = form.exec(context.req.header("authorization") ?? "")?.[1];
  if (bearer === undefined) return unauthorized("send Authorization: Bearer <token>");
  const token = tokenOf(tokens, bearer);
  const isToken = (name: string) => tokens.some((one) => one.name === name);
  const caller = token ? callerOfToken(token) : issuers && (await callerOfJwt(issuers, bearer, isToken));
  if (caller === undefined) return unauthorized("unknown token");
  return typeof caller === "string" ? unauthorized(caller, INVALID) : caller;
}

function isConfigured(env: HeadspringEnv): boolean {
  return secretsOf(env).length > 0 || issuersOf(env) !== undefined;
}

const BEARER = /^Bearer +(\S+)$/i;
/** Sourcery's clients send the token alone. */
const TOKEN = /^(?:Bearer +)?(\S+)$/i;
/** Sourcery's paths, those that do not exist included. */
const OF_API = /^(?:\/stores\/[^/]+)?\/api(?:\/|$)/;

const CHALLENGE = 'Bearer realm="headspring"';
/** What RFC 6750 adds to the challenge when the token is known but no longer valid. */
const INVALID = ', error="invalid_token"';

function unauthorized(detail: string, more = ""): Problem {
  return new Problem("unauthorized", detail, {}, { "www-authenticate": CHALLENGE + more });
}

function forbidden(detail: string): Problem {
  return new Problem("forbidden", detail, {}, { "www-authenticate": `${CHALLENGE}, error="insufficient_scope"` });
}

function requireRight({ what, rights, stores, scope }: Caller, route: Route, parameter: (name: string) => string): void {
  const { method, path, store } = route;
  const right = rightFor(method, path);
  if (right === undefined) return;
  if (!rights.includes(right)) throw forbidden(`${what} has no right to ${right}`);
  if (!isForStore(stores, store)) throw forbidden(`${what} is not for ${store === EVERY_STORE ? "every store" : `store ${store}`}`);
  const outside = scope && outsideOf(scope, route, parameter);
  if (outside !== undefined) throw forbidden(`${what} is not for ${outside}`);
}

/**
 * The right that a request to a route needs; undefined: any valid token will do. The route's path begins after the store; the spelling of its
 * parameters does not matter.
 */
export function rightFor(method: string, path: string): Right | undefined {
  if (OF_ANY_TOKEN.test(path)) return undefined;
  if (ADMIN.test(path) || PLACES.test(path) || PREVIEW.test(path) || (DEFINITION.test(path) && (method === "PUT" || method === "DELETE")))
    return "admin";
  if ((API_DEFINITIONS.test(path) && method === "POST") || (API_DEFINITION.test(path) && method === "DELETE")) return "admin";
  return method === "GET" || method === "HEAD" ? "read" : "write";
}
