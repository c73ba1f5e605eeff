/**
 * What the HTTP contract's tests speak to: the worker in the test pool, or a real `wrangler dev`. They say the same to
 * both, and know nothing else of either.
 */

import { createHash } from "node:crypto";
import type { RecordedEvent } from "../../src/core/event.ts";

/** Sends a request to the service. `path` begins after the host. */
export type Send = (path: string, request?: Asked) => Promise<Response>;

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | ReadableStream;
}

/** The tokens of the deployment under test, by name. Each has the rights that its name says. */
const RIGHTS = {
  all: ["read", "write", "admin"],
  read: ["read"],
  write: ["write"],
  admin: ["admin"],
  elsewhere: ["read", "write", "admin"],
};
export const API_TOKENS = JSON.stringify(
  Object.entries(RIGHTS).map(([name, rights]) => ({
    name,
    sha256: createHash("sha256").update(`token-${name}`).digest("hex"),
    ...(name === "elsewhere" ? { stores: ["elsewhere"] } : {}),
    rights,
  })),
);

export function bearer(name: keyof typeof RIGHTS): { authorization: string } {
  return { authorization: `Bearer token-${name}` };
}

/** A service, to be spoken to with all rights. */
export interface Service {
  /** Outside of any store. Without headers of its own a request has all rights. */
  readonly fetch: Send;
  /** A store that no other test uses, and requests to it. */
  freshStore(name?: string): Store;
}

export type Store = ReturnType<typeof storeIn>;

let stores = 0;

export function serviceAt(send: Send): Service {
  return {
    fetch: (path, request = {}) => send(path, { ...request, headers: { ...bearer("all"), ...request.headers } }),
    freshStore: (name = "contract") => storeIn(send, `${name}-${++stores}`),
  };
}

function storeIn(sendTo: Send, store: string) {
  const base = `/stores/${store}`;
  // A busy machine may take longer than the 50 ms that a write waits for its position unless the test sets that otherwise.
  const patience = (method: string): Record<string, string> => (method === "GET" || method === "HEAD" ? {} : { prefer: "wait=20" });
  const send = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    sendTo(base + path, {
      method,
      headers: { ...bearer("all"), ...patience(method), ...headers },
      ...(body === undefined ? {} : { body: typeof body === "string" || body instanceof ReadableStream ? body : JSON.stringify(body) }),
    });
  return {
    store,
    send,
    get: (path: string, headers?: Record<string, string>) => send("GET", path, undefined, headers),
    post: (path: string, body: unknown, headers?: Record<string, string>) => send("POST", path, body, headers),
    json: async (path: string, headers?: Record<string, string>) => read(await send("GET", path, undefined, headers)),
    /** The whole log. */
    log: async () => (await read(await send("GET", "/log?limit=1000"))).events as RecordedEvent[],
  };
}

/** The answer's JSON, loosely typed: what it must be, the test says. */
// oxlint-disable-next-line typescript/no-explicit-any
export async function read(response: Response): Promise<any> {
  return response.json();
}

/** The lines of an answer in NDJSON. Not by `text()`, which says in workerd's console that it does not know the media type. */
// oxlint-disable-next-line typescript/no-explicit-any
export async function linesOf(response: Response): Promise<any[]> {
  const text = new TextDecoder().decode(await response.arrayBuffer());
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}
