/**
 * Who may do what: bearer tokens, declared in the secret `API_TOKENS` as SHA-256 hashes with a name, stores and rights.
 * A secret holds some 27 of them, so `API_TOKENS_2` to `API_TOKENS_9` are read as well.
 * A deployment without any of these secrets answers nothing; only `npm start` (`HEADSPRING_ENV=local`) goes without tokens.
 */

import { createHash, timingSafeEqual } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import * as z from "zod";
import { type HeadspringEnv, isLocal } from "../store/env.ts";
import { DEFAULT_STORE, STORE_NAME } from "../core/names.ts";
import { isZodError } from "../core/zod-form.ts";
import { Problem } from "./problem.ts";
import { countRequest } from "./rate-limit.ts";
import type { HttpContext, HttpEnv } from "./request.ts";

declare module "hono" {
  interface ContextVariableMap {
    /** When the request's token expires (milliseconds since 1970); absent: never. What outlives the request ends then, too. */
    accessUntil?: number;
    /** The name of the request's token; absent: it needed none. */
    accessBy?: string;
    /** What its token may do; absent: all. */
    rights?: readonly Right[];
    /** The route that will answer; null: there is none. */
    route?: Route | null;
  }
}

export const RIGHTS = ["read", "write", "admin"] as const;
export type Right = (typeof RIGHTS)[number];

/** What `API_TOKENS` and each further secret holds, as JSON. `npm run token` writes it. */
export const Tokens = z.array(
  z.strictObject({
    /** For people, and for the log: it is no secret. */
    name: z.string().min(1),
    /** Of the token's UTF-8 bytes, in lower-case hex. */
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    /** Names of stores, or `*` for all. */
    stores: z.array(z.union([z.literal("*"), z.string().regex(STORE_NAME)])).default(["*"]),
    rights: z.array(z.enum(RIGHTS)),
    /** RFC 3339: from then on the token is refused; without it, never. */
    expires: z.iso.datetime({ offset: true }).optional(),
  }),
);

export type Token = z.output<typeof Tokens>[number];

/** Paths that answer anybody: they tell nothing about a store but what is made to be known, the public keys of webhooks. */
const OPEN = /^\/(?:health|problems(?:\/[^/]+)?|\.well-known\/webhooks\/[^/]+)?$/;
/** Administration, whatever the method. */
const ADMIN = /^\/(?:(?:consumers|webhooks|import)(?:\/|$)|views\/[^/]+\/rebuild$)/;
/** Which stores there are, and where one lies (of whose path nothing is left behind its store). */
const PLACES = /^(?:|\/stores(?:\/[^/]+)?)$/;
/** A category itself: to declare, change or retire it is administration; to append a fact to it is not. */
const CATEGORY = /^\/streams\/[^/]+$/;
/** What the list of all stores is about. */
const EVERY_STORE = "*";
/** What the routes of a named store begin with. */
const OF_STORE = "/stores/:store";

export function auth(): MiddlewareHandler<HttpEnv> {
  return async function checkToken(context, next) {
    const route = routeOf(context);
    const secrets = secretsOf(context.env);
    const isOpen = route !== undefined && OPEN.test(route.path);
    if (isOpen || (secrets.length === 0 && isLocal(context.env))) {
      await countRequest(context, undefined);
      return next();
    }
    if (secrets.length === 0) {
      throw new Problem(
        "auth-not-configured",
        "declare tokens in the secret API_TOKENS: `npm run token` generates them, `wrangler secret put API_TOKENS` stores them",
      );
    }
    const token = tokenNamed(tokensOf(secrets), context.req.header("authorization"));
    // Guesses count too.
    await countRequest(context, token instanceof Problem ? undefined : token.name);
    if (token instanceof Problem) throw token;
    // Where no route is, there is nothing to protect: the answer is 404 or 405.
    if (route) requireRight(token, route);
    context.set("accessBy", token.name);
    context.set("rights", token.rights);
    if (token.expires !== undefined) context.set("accessUntil", Date.parse(token.expires));
    return next();
  };
}

export interface Route {
  readonly method: string;
  /** With its parameters' names, such as `/views/:view`, and without its store. */
  readonly path: string;
  readonly store: string;
}

/**
 * The route that will answer. What a request may do is read off the route and never off the request's own path: that can be
 * spelt in many ways, and the one that counts is how the router has understood it. Looked up once for each request.
 */
export function routeOf(context: HttpContext): Route | undefined {
  const known = context.get("route");
  if (known !== undefined) return known ?? undefined;
  const route = findRoute(context);
  context.set("route", route ?? null);
  return route;
}

function findRoute(context: HttpContext): Route | undefined {
  const route = matchedRoutes(context).find(({ method }) => method !== "ALL");
  if (!route) return undefined;
  const { method } = context.req;
  if (!route.path.startsWith(OF_STORE)) return { method, path: route.path, store: route.path === "/stores" ? EVERY_STORE : DEFAULT_STORE };
  // The very segment that the router took for `:store`, undecoded: a name that needs decoding is no store's.
  return { method, path: route.path.slice(OF_STORE.length), store: context.req.path.split("/")[2] ?? "" };
}

function requireRight(token: Token, { method, path, store }: Route): void {
  const right = rightFor(method, path);
  if (!token.rights.includes(right)) throw new Problem("forbidden", `token "${token.name}" has no right to ${right}`);
  if (!token.stores.includes("*") && !token.stores.includes(store))
    throw new Problem("forbidden", `token "${token.name}" is not for ${store === EVERY_STORE ? "every store" : `store ${store}`}`);
}

/** The right that a request to a route needs. Its path begins after the store; how its parameters are spelt does not matter. */
export function rightFor(method: string, path: string): Right {
  if (ADMIN.test(path) || PLACES.test(path) || (CATEGORY.test(path) && (method === "PUT" || method === "DELETE"))) return "admin";
  return method === "GET" || method === "HEAD" ? "read" : "write";
}

/** Who sends this header. Takes as long for a token that is nearly right as for any other. */
function tokenNamed(tokens: readonly Token[], authorization: string | undefined): Token | Problem {
  const bearer = /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
  const challenge = { "www-authenticate": 'Bearer realm="headspring"' };
  if (bearer === undefined) return new Problem("unauthorized", "send Authorization: Bearer <token>", {}, challenge);
  const given = createHash("sha256").update(bearer).digest();
  const token = tokens.find(({ sha256 }) => timingSafeEqual(given, Buffer.from(sha256, "hex")));
  if (!token) return new Problem("unauthorized", "unknown token", {}, challenge);
  if (token.expires === undefined || Date.now() < Date.parse(token.expires)) return token;
  const expired = { "www-authenticate": `${challenge["www-authenticate"]}, error="invalid_token"` };
  return new Problem("unauthorized", `token "${token.name}" expired at ${token.expires}`, {}, expired);
}

/** A secret that holds tokens: its name, and its JSON. */
type Secret = readonly [name: string, declared: string];

/** Nine secrets of 5 KB each (the platform's limit for one) hold some 240 tokens. Numbers may be left out. Ours. */
export const TOKEN_SECRETS = ["API_TOKENS", ...[2, 3, 4, 5, 6, 7, 8, 9].map((number) => `API_TOKENS_${number}`)];

function secretsOf(env: HeadspringEnv): Secret[] {
  const declared = env as unknown as Readonly<Record<string, string | undefined>>;
  return TOKEN_SECRETS.flatMap((name) => {
    const text = declared[name] ?? "";
    return text === "" ? [] : [[name, text] as const];
  });
}

let ready: { readonly secrets: string; readonly tokens: readonly Token[] } | undefined;

/** The tokens of the secrets, parsed once per isolate. */
function tokensOf(secrets: readonly Secret[]): readonly Token[] {
  const key = JSON.stringify(secrets);
  if (ready?.secrets !== key) ready = { secrets: key, tokens: secrets.flatMap(parseTokens) };
  return ready.tokens;
}

function parseTokens([secret, declared]: Secret): Token[] {
  try {
    return Tokens.parse(JSON.parse(declared));
  } catch (error) {
    // Only where: the error itself could quote the secret.
    const where = isZodError(error) ? error.issues.map(({ path }) => path.join(".")).filter(Boolean) : [];
    const places = where.length === 0 ? "" : `; wrong at ${where.join(", ")}`;
    throw new Problem("auth-not-configured", `the secret ${secret} is not a JSON list of {name, sha256, stores, rights}${places}`);
  }
}
