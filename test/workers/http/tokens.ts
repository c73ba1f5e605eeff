/** Tokens of every kind, and a service that knows them. */

import { createHash } from "node:crypto";
import { createHttp } from "../../../src/http/worker.ts";
import { app } from "../app.ts";
import { envWith } from "../support.ts";

export const RIGHTS = { nothing: [], read: ["read"], write: ["write"], admin: ["admin"], all: ["read", "write", "admin"] } as const;
export type Rights = keyof typeof RIGHTS;

/** What the tokens are for. */
export const STORES = { every: ["*"], mine: ["mine"], default: ["default"] } as const;
export type Stores = keyof typeof STORES;

export interface Bearer {
  readonly rights: Rights;
  readonly stores: Stores;
}

/** One for each kind of rights and stores. */
export const BEARERS: readonly Bearer[] = (Object.keys(RIGHTS) as Rights[]).flatMap((rights) =>
  (Object.keys(STORES) as Stores[]).map((stores) => ({ rights, stores })),
);

export function secretOf({ rights, stores }: Bearer): string {
  return `hs_${rights}_${stores}`;
}

export function headerOf(bearer: Bearer): { authorization: string } {
  return { authorization: `Bearer ${secretOf(bearer)}` };
}

/** What narrows a token to some of the app's parts. */
export const SCOPES = {
  some: { categories: ["reading"], aggregates: { counter: ["Count"], move: "*" }, views: ["totals"] },
  categories: { categories: ["reading", "counter"] },
  aggregates: { aggregates: ["counter", "move"] },
  views: { views: ["totals"] },
  nothing: { categories: [] },
  everything: { categories: ["*"], aggregates: ["*"], views: ["*"] },
} as const;
export type ScopeName = keyof typeof SCOPES;

/** A token with all rights for the stores `mine` and `default`, narrowed; or with the right to read only. */
export function headerOfNarrowed(scope: ScopeName, rights: "all" | "read" = "all"): { authorization: string } {
  return { authorization: `Bearer hs_narrowed_${rights}_${scope}` };
}

const NARROWED = (Object.keys(SCOPES) as ScopeName[]).flatMap((scope) =>
  (["all", "read"] as const).map((rights) => ({
    name: `${scope} (${rights})`,
    sha256: createHash("sha256").update(`hs_narrowed_${rights}_${scope}`).digest("hex"),
    rights: RIGHTS[rights],
    stores: ["mine", "default"],
    ...SCOPES[scope],
  })),
);

const API_TOKENS = JSON.stringify([
  ...NARROWED,
  ...BEARERS.map((bearer) => ({
    name: `${bearer.rights} of ${bearer.stores}`,
    sha256: createHash("sha256").update(secretOf(bearer)).digest("hex"),
    rights: RIGHTS[bearer.rights],
    stores: STORES[bearer.stores],
  })),
]);

/** The tests' environment, as a deployment with other variables. */
export function deploymentWith(variables: object): Env {
  return envWith({ HEADSPRING_ENV: "deployed", API_TOKENS, ...variables });
}

const http = createHttp(app);
const deployed = deploymentWith({});

/** Asks a deployment that has these tokens. */
export async function ask(method: string, path: string, headers: Record<string, string> = {}, body?: string): Promise<Response> {
  return http.request(path, { method, headers, ...(body === undefined ? {} : { body }) }, deployed);
}
