/**
 * Tokens that the deployment declares: in the secret `API_TOKENS`, as SHA-256 hashes with a name, stores, rights, and what narrows it. A
 * secret holds some 27 of them, so `API_TOKENS_2` to `API_TOKENS_9` are read as well.
 */

import { createHash, timingSafeEqual } from "node:crypto";
import * as z from "zod";
import type { HeadspringEnv } from "../store/env.ts";
import { STORE_NAME } from "../core/names.ts";
import { isZodError } from "../core/zod-form.ts";
import { type Caller, RIGHTS } from "./auth-caller.ts";
import { SCOPE, scopeOf } from "./auth-scope.ts";
import { Problem } from "./problem.ts";

/** What `API_TOKENS` and each further secret holds, as JSON. `headspring token` writes it. */
export const Tokens = z.array(
  z.strictObject({
    /** For people, and for the log: it is not a secret. */
    name: z.string().min(1),
    /** The hash of the token's UTF-8 bytes, in lower-case hex. */
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    /** Names of stores, or `*` for all. */
    stores: z.array(z.union([z.literal("*"), z.string().regex(STORE_NAME)])).default(["*"]),
    rights: z.array(z.enum(RIGHTS)),
    ...SCOPE,
    /** RFC 3339: from then on the token is refused; without it, never. */
    expires: z.iso.datetime({ offset: true }).optional(),
  }),
);

export type Token = z.output<typeof Tokens>[number];

/** A secret that holds tokens: its name, and its JSON. */
type Secret = readonly [name: string, declared: string];

/** Nine secrets of 5 KB each (the platform's limit for one) hold some 240 tokens. Numbers may be left out. Ours. */
export const TOKEN_SECRETS = ["API_TOKENS", ...[2, 3, 4, 5, 6, 7, 8, 9].map((number) => `API_TOKENS_${number}`)];

export function secretsOf(env: HeadspringEnv): readonly Secret[] {
  const declared = env as unknown as Readonly<Record<string, string | undefined>>;
  return TOKEN_SECRETS.flatMap((name) => {
    const text = declared[name] ?? "";
    return text === "" ? [] : [[name, text] as const];
  });
}

let ready: { readonly secrets: string; readonly tokens: readonly Token[] } | undefined;

/** The tokens of the secrets, parsed once per isolate. */
export function tokensOf(secrets: readonly Secret[]): readonly Token[] {
  const key = JSON.stringify(secrets);
  if (ready?.secrets !== key) ready = { secrets: key, tokens: secrets.flatMap(parseTokens) };
  return ready.tokens;
}

function parseTokens([secret, declared]: Secret): Token[] {
  try {
    return Tokens.parse(JSON.parse(declared));
  } catch (error) {
    // Only the path: the error itself could quote the secret.
    const where = isZodError(error) ? error.issues.map(({ path }) => path.join(".")).filter(Boolean) : [];
    const places = where.length === 0 ? "" : `; wrong at ${where.join(", ")}`;
    throw new Problem("auth-not-configured", `the secret ${secret} is not a JSON list of {name, sha256, stores, rights}${places}`);
  }
}

/** The token with this secret. Takes as long for one that is nearly right as for any other. */
export function tokenOf(tokens: readonly Token[], secret: string): Token | undefined {
  const given = createHash("sha256").update(secret).digest();
  return tokens.find(({ sha256 }) => timingSafeEqual(given, Buffer.from(sha256, "hex")));
}

/** @returns the token as a caller, or why it is refused */
export function callerOfToken({ name, rights, stores, expires, ...narrow }: Token): Caller | string {
  const what = `token "${name}"`;
  const scope = scopeOf(narrow);
  const caller = { by: name, what, rights, stores, ...(scope ? { scope } : {}) };
  if (expires === undefined) return caller;
  const until = Date.parse(expires);
  return Date.now() < until ? { ...caller, until } : `${what} expired at ${expires}`;
}
