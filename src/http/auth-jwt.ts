/**
 * JWTs of issuers that the deployment trusts: the secret `API_JWKS` names where an issuer's public keys are. The claims of a JWT give its rights, stores
 * and scope, as the members of a token do.
 */

import { decodeJwt, errors, jwtVerify, type JWTPayload } from "jose";
import * as z from "zod";
import { STORE_NAME } from "../core/names.ts";
import { type HeadspringEnv, isLocal } from "../store/env.ts";
import { type Caller, RIGHTS } from "./auth-caller.ts";
import { IssuerKeys, KeysUnavailable } from "./auth-keys.ts";
import { SCOPE, type Scope, scopeOf } from "./auth-scope.ts";
import { JWKS_PAUSE_MS, JWT_CHARACTERS, JWT_ISSUERS, JWT_LEEWAY_SECONDS, JWT_STORES, JWT_SUBJECT_CHARACTERS } from "./limits.ts";
import { Problem } from "./problem.ts";
import { logger } from "../telemetry/logger.ts";

/** Those whose signatures nobody can make who can only verify them. A secret for both is what tokens are for. */
const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"];

/** Three parts of base64url; the last is empty where nobody has signed. */
const JWT = /^[\w-]+\.[\w-]+\.[\w-]*$/;
/** Characters that would disturb the lines and answers that name a subject. */
// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

const Stores = z.array(z.union([z.literal("*"), z.string().regex(STORE_NAME)])).max(JWT_STORES);

const Issuer = z.strictObject({
  /** Where its public keys are, as a JSON Web Key Set. */
  url: z.url({ protocol: /^https?$/ }),
  /** What its JWTs have as `iss`. */
  issuer: z.string().min(1),
  /** What they must have in `aud`: the name of this service, or one of several. */
  audience: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
  /** Goes before the subject in `by`, so that subjects of several issuers stay apart. */
  name: z
    .string()
    .regex(/^[\w.-]{1,64}$/)
    .optional(),
  /** The claim that holds `stores`, `rights` and `scopes`, where the issuer cannot set them at the top. */
  claim: z.string().min(1).optional(),
  /** What its JWTs may be for at most. */
  stores: Stores.default(["*"]),
  rights: z.array(z.enum(RIGHTS)).default([...RIGHTS]),
});
type Issuer = z.output<typeof Issuer>;

/** What `API_JWKS` holds, as JSON: one issuer, or several. */
const Issuers = z
  .union([Issuer.transform((one) => [one]), z.array(Issuer).min(1).max(JWT_ISSUERS)])
  .refine((all) => new Set(all.map(({ issuer }) => issuer)).size === all.length, "each issuer once")
  .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, "several issuers need names, each its own");

/** What its claims say. Rights that are unknown here may be another service's. */
const Claims = z.object({
  stores: Stores.default([]),
  rights: z.array(z.string()).default([]),
  scopes: z.strictObject(SCOPE).optional(),
  ...SCOPE,
});

interface Trusted {
  readonly declared: string;
  readonly issuers: readonly (Issuer & { readonly keys: IssuerKeys })[];
}
let ready: Trusted | undefined;

/** The issuers that the deployment trusts, and their keys, which an isolate keeps; undefined: it trusts none. */
export function issuersOf(env: HeadspringEnv): Trusted["issuers"] | undefined {
  const declared = (env as unknown as { readonly API_JWKS?: string }).API_JWKS ?? "";
  if (declared === "") return undefined;
  if (ready?.declared !== declared) ready = { declared, issuers: parse(declared, isLocal(env)) };
  return ready.issuers;
}

function parse(declared: string, isLocal: boolean): Trusted["issuers"] {
  const parsed = Issuers.safeParse(jsonOf(declared));
  const issuers = parsed.success ? parsed.data : [];
  const isPlain = issuers.some(({ url }) => !isLocal && url.startsWith("http:") && !LOOPBACK.test(url));
  if (parsed.success && !isPlain) return issuers.map((issuer) => ({ ...issuer, keys: new IssuerKeys(issuer.url) }));
  const where = parsed.success
    ? "url (use https)"
    : [...new Set(parsed.error.issues.flatMap(({ path }) => path.join(".") || []))].join(", ");
  const places = where === "" ? "" : `; wrong at ${where}`;
  throw new Problem("auth-not-configured", `the secret API_JWKS is not {url, issuer, audience}, nor a list of them${places}`);
}

const LOOPBACK = /^http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?:[:/]|$)/;

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * The sender of a JWT; or why it is refused; or undefined: it is none.
 *
 * @param isToken whether a token of the deployment has this name: no JWT may pass for it
 * @throws {Problem} when it cannot be verified now
 */
export async function callerOfJwt(
  issuers: Trusted["issuers"],
  bearer: string,
  isToken: (name: string) => boolean,
): Promise<Caller | string | undefined> {
  if (!JWT.test(bearer)) return undefined;
  // Nothing else is said of one that this service's issuers have not signed.
  const refused = "the JWT is not valid: it must be signed by the issuer that this service trusts, with a key of its set";
  const issuer = bearer.length > JWT_CHARACTERS ? undefined : issuers.find((one) => one.issuer === claimedIssuer(bearer));
  if (!issuer) return refused;
  try {
    const { payload } = await jwtVerify(bearer, issuer.keys.find, {
      algorithms: ALGORITHMS,
      issuer: issuer.issuer,
      audience: issuer.audience,
      clockTolerance: JWT_LEEWAY_SECONDS,
      currentDate: new Date(Date.now()),
      requiredClaims: ["exp", "sub"],
    });
    return callerOf(issuer, payload, isToken);
  } catch (error) {
    if (error instanceof KeysUnavailable) {
      throw new Problem(
        "keys-unavailable",
        `the keys of ${issuer.issuer} cannot be fetched now`,
        {},
        { "retry-after": String(JWKS_PAUSE_MS / 1_000) },
      );
    }
    // These are found after the signature: the holder may know.
    if (error instanceof errors.JWTExpired) return `the JWT expired at ${timeOf(error.payload.exp)}`;
    if (error instanceof errors.JWTClaimValidationFailed)
      return `the JWT is not accepted: its claim \`${error.claim}\` is missing, or not what it must be`;
    if (!(error instanceof errors.JOSEError)) logger.warn({ message: "a JWT could not be verified" }, error);
    return refused;
  }
}

/** What a JWT claims before anything is verified: only to know whose keys to ask. */
function claimedIssuer(bearer: string): string | undefined {
  try {
    return decodeJwt(bearer).iss;
  } catch {
    return undefined;
  }
}

function timeOf(seconds: number | undefined): string {
  const ms = (seconds ?? Number.NaN) * 1_000;
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : "a time long ago";
}

function callerOf(issuer: Issuer, payload: JWTPayload, isToken: (name: string) => boolean): Caller | string {
  const { sub = "", exp = 0 } = payload;
  if (sub === "" || sub.length > JWT_SUBJECT_CHARACTERS || CONTROL.test(sub))
    return "the JWT is not accepted: its claim `sub` is not a name";
  const by = issuer.name === undefined ? sub : `${issuer.name}:${sub}`;
  if (isToken(by)) return "the JWT is not accepted: its claim `sub` is the name of a token";
  const parsed = Claims.safeParse(issuer.claim === undefined ? payload : (payload[issuer.claim] ?? {}));
  if (!parsed.success)
    return `the JWT is not accepted: its claims are wrong at ${parsed.error.issues.map(({ path }) => [issuer.claim ?? [], path].flat().join(".")).join(", ")}`;
  const { stores, rights, scopes, ...top } = parsed.data;
  const scope = narrowest(top, scopes);
  if (scope === "twice") return "the JWT is not accepted: a member of its claim `scopes` is also a claim of its own";
  return {
    by,
    what: `the JWT of "${by}"`,
    rights: RIGHTS.filter((right) => rights.includes(right) && issuer.rights.includes(right)),
    stores: issuer.stores.includes("*")
      ? stores
      : stores.includes("*")
        ? issuer.stores
        : stores.filter((one) => issuer.stores.includes(one)),
    ...(scope ? { scope } : {}),
    until: (exp + JWT_LEEWAY_SECONDS) * 1_000,
  };
}

/** The members that narrow, from either place. A claim `scopes` without any of them allows nothing. */
function narrowest(top: Scope, scopes: Scope | undefined): Scope | "twice" | undefined {
  if (!scopes) return scopeOf(top);
  const isTwice = (["categories", "aggregates", "views"] as const).some((member) => top[member] && scopes[member]);
  if (isTwice) return "twice";
  return {
    categories: top.categories ?? scopes.categories,
    aggregates: top.aggregates ?? scopes.aggregates,
    views: top.views ?? scopes.views,
  };
}
