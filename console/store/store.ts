/** The store that the page shows: its name, the token, and calls to it. Everything goes through the public client. */

import { signal } from "@preact/signals";
import { type CallOptions, type Called, HeadspringError, createClient } from "headspring/client";

/** The session of the browser's tab keeps the token; nothing else does. */
const TOKEN_KEY = "headspring-token";

export const token = signal(sessionStorage.getItem(TOKEN_KEY) ?? "");
/** Why the store wants a token, or another one; undefined: it has not asked. */
export const refusal = signal<string | undefined>(undefined);
/** The token with which somebody wants to go on although the store refuses it: is not asked about again. */
let settledFor: string | undefined;

/** `/console/stores/{store}/…` shows a named store, `/console/…` the default one. */
const NAMED = /^\/console\/stores\/([a-z0-9-]{1,64})(?=\/|$)/;
export const storeName = NAMED.exec(location.pathname)?.[1] ?? "default";
/** Where the page's own paths begin. */
export const base = baseOf(storeName);
/** Where the store's API begins, on the page's own host. */
export const apiBase = storeName === "default" ? "" : `/stores/${storeName}`;

export function baseOf(store: string): string {
  return store === "default" ? "/console" : `/console/stores/${store}`;
}

const options = { token: () => token.value };
const withToken = () => (token.value === "" ? {} : options);

// oxlint-disable-next-line typescript/no-explicit-any -- the page learns the app's names while it runs
type AnyClient = ReturnType<typeof createClient<any>>;

/** The typed client of this store. */
export const client = (): AnyClient =>
  createClient(location.origin, { ...withToken(), store: storeName === "default" ? undefined : storeName });
/** The deployment, for what all stores share: the list of stores, the description. */
const service = (): AnyClient => createClient(location.origin, withToken());

export function setToken(given: string): void {
  token.value = given;
  if (given === "") sessionStorage.removeItem(TOKEN_KEY);
  else sessionStorage.setItem(TOKEN_KEY, given);
  settle();
  settledFor = undefined;
}

/** Ends the question for a token. */
export function settle(): void {
  settledFor = token.value;
  refusal.value = undefined;
}

/** A call of this store. @throws {HeadspringError} */
export async function call(path: string, request: CallOptions = {}): Promise<Called> {
  return noticing(client().request(path, request));
}

/** The answer's body of a GET of this store. */
export async function get<Body>(path: string, signal?: AbortSignal): Promise<Body> {
  const { body } = await call(path, { signal });
  return body as Body;
}

/** The answer's body of a GET of the deployment, such as `/stores`. */
export async function getService<Body>(path: string, signal?: AbortSignal): Promise<Body> {
  const { body } = await noticing(service().request(path, { signal }));
  return body as Body;
}

/** A store that wants a token gets asked for by the frame, whichever call it refused. */
async function noticing<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof HeadspringError && error.status === 401 && settledFor !== token.value) refusal.value = error.message;
    throw error;
  }
}
