/**
 * Who may do what: bearer tokens, declared in the secret `API_TOKENS` as SHA-256 hashes with a name, stores and rights.
 * A deployment without that secret answers nothing; only `npm start` (`HEADSPRING_ENV=local`) goes without tokens.
 */

import { createHash, timingSafeEqual } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import { z } from "zod";
import { isLocal } from "../env.ts";
import { DEFAULT_STORE } from "../names.ts";
import { Problem } from "./problem.ts";

export type Right = "read" | "write" | "admin";

const Tokens = z.array(
  z.strictObject({
    name: z.string(),
    /** Of the token's UTF-8 bytes, in lower-case hex. */
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    /** Names of stores, or `*` for all. */
    stores: z.array(z.string()).default(["*"]),
    rights: z.array(z.enum(["read", "write", "admin"])),
  }),
);

/** Paths that answer anybody: they tell nothing about a store but what is made to be known, the public keys of webhooks. */
const OPEN = /^\/(?:health|\.well-known\/webhooks\/[^/]+)?$/;
/** Administration, whatever the method. */
const ADMIN = /^\/(?:(?:consumers|webhooks|import)(?:\/|$)|views\/[^/]+\/rebuild$)/;
/** A category itself: to declare, change or retire it is administration; to append a fact to it is not. */
const CATEGORY = /^\/streams\/[^/]+$/;

export function auth(): MiddlewareHandler<{ Bindings: Env }> {
  return async function checkToken(context, next) {
    const { store, path } = splitPath(context.req.path);
    if (OPEN.test(path)) return next();
    const declared = (context.env as { API_TOKENS?: string }).API_TOKENS;
    if (declared === undefined || declared === "") {
      if (isLocal(context.env)) return next();
      throw new Problem(
        "auth-not-configured",
        "declare tokens in the secret API_TOKENS: `wrangler secret put API_TOKENS`; the README says what goes in",
      );
    }
    const token = tokenNamed(declared, context.req.header("authorization"));
    const right = rightFor(context.req.method, path);
    if (!token.rights.includes(right)) throw new Problem("forbidden", `token "${token.name}" has no right to ${right}`);
    if (!token.stores.includes("*") && !token.stores.includes(store))
      throw new Problem("forbidden", `token "${token.name}" is not for store ${store}`);
    return next();
  };
}

function tokenNamed(declared: string, authorization: string | undefined) {
  let tokens: z.output<typeof Tokens>;
  try {
    tokens = Tokens.parse(JSON.parse(declared));
  } catch {
    // Without the cause: it could quote the secret.
    throw new Problem("auth-not-configured", "the secret API_TOKENS is not a JSON list of {name, sha256, stores, rights}");
  }
  const bearer = /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
  const challenge = { "www-authenticate": 'Bearer realm="headspring"' };
  if (bearer === undefined) throw new Problem("unauthorized", "send Authorization: Bearer <token>", {}, challenge);
  const given = createHash("sha256").update(bearer).digest();
  // Each in constant time, so that the time tells nothing about how close a guess came.
  const token = tokens.find(({ sha256 }) => timingSafeEqual(given, Buffer.from(sha256, "hex")));
  if (!token) throw new Problem("unauthorized", "this token is not known", {}, challenge);
  return token;
}

/** The right that a request needs. `path` begins after the store. */
export function rightFor(method: string, path: string): Right {
  if (ADMIN.test(path) || (CATEGORY.test(path) && (method === "PUT" || method === "DELETE"))) return "admin";
  return method === "GET" || method === "HEAD" ? "read" : "write";
}

function splitPath(path: string): { store: string; path: string } {
  const match = /^\/stores\/([^/]*)(\/.*)?$/.exec(path);
  return match ? { store: match[1] ?? "", path: match[2] ?? "/" } : { store: DEFAULT_STORE, path };
}
