/** What tests in workerd share: requests, stores of their own, and a log that fails as the test wants. */

import { env, exports } from "cloudflare:workers";
import { onTestFinished, vi } from "vitest";
import { type App, defineApp } from "../../src/definitions/app.ts";
import { Store } from "../../src/store/store.ts";
import { segmentName } from "../../src/store/segment.ts";
import { type LogPage, type LogRpc } from "../../src/store/log-protocol.ts";
import { asRead } from "../../src/store/packed-page.ts";
import type { CatalogRpc } from "../../src/store/catalog-protocol.ts";
import type { StoredEvent } from "../../src/core/event.ts";
import { type EventsText, eventsOf } from "../../src/store/events-text.ts";
import { ownStore } from "./errors.ts";

/** Of code that declares nothing: for what needs no app. */
export const NO_APP = defineApp({});

/** A store as the parts of the engine get it. */
export function storeNamed(name: string, app: App = NO_APP): Store {
  return new Store(env, name, app);
}

/** The deployment's environment with something else in places. What asks with this one is all that notices. */
export function envWith(other: object): Env {
  // No assignment: it would change the environment that all share, through the prototype.
  const changed = Object.entries(other).map(([name, value]) => [name, { value, enumerable: true }]);
  return Object.create(env, Object.fromEntries(changed)) as Env;
}

/** Changes variables of the deployment for all that runs here, until the test is over; `undefined`: it has none of this name. */
export function setVariables(changed: Readonly<Record<string, string | undefined>>): void {
  const variables = env as unknown as Record<string, string | undefined>;
  const set = (name: string, value: string | undefined) => (value === undefined ? delete variables[name] : (variables[name] = value));
  for (const [name, value] of Object.entries(changed)) {
    const before = variables[name];
    set(name, value);
    onTestFinished(() => void set(name, before));
  }
}

let stores = 0;

/** The header of a write that waits no longer than writes usually do. */
export const IMPATIENT = { prefer: "handling=lenient" };

/** A store that no other test uses, and requests to it. */
export function freshStore(name = "test") {
  const store = `${name}-${++stores}`;
  ownStore(store);
  const base = `http://headspring/stores/${store}`;
  // A busy machine may take longer than a write waits for its position unless the test sets that otherwise.
  const patience = (method: string): Record<string, string> => (method === "GET" || method === "HEAD" ? {} : { prefer: "wait=20" });
  const send = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    exports.default.fetch(base + path, {
      method,
      headers: { ...patience(method), ...headers },
      ...(body === undefined ? {} : { body: typeof body === "string" || body instanceof ReadableStream ? body : JSON.stringify(body) }),
    });
  return {
    store,
    get: (path: string, headers?: Record<string, string>) => send("GET", path, undefined, headers),
    post: (path: string, body: unknown, headers?: Record<string, string>) => send("POST", path, body, headers),
    send,
    json: async (path: string, headers?: Record<string, string>) => read(await send("GET", path, undefined, headers)),
    /** The whole log. */
    log: async () =>
      (await read(await send("GET", "/log?limit=1000"))).events as { stream: string; version: number; position: number; type: string }[],
    stream: (category: string, id: string) => env.STREAMS.getByName(`${store}/${category}/${id}`),
    logObject: () => env.LOGS.getByName(store),
    /** An object of the log: its first segment, or a later one. */
    segmentStub: (number: number) => env.LOGS.getByName(segmentName(store, number)),
    /** The first positions of the log's segments. */
    segments: async () => {
      const firsts = [];
      for (let number = 1; ; number++) {
        const handover = await env.LOGS.getByName(segmentName(store, number)).handover();
        firsts.push(handover ? handover.earlier.at(-1) : undefined);
        if (!handover) return firsts;
      }
    },
    /** The log as streams and consumers see it. */
    logClient: () => storeNamed(store).log,
  };
}

/** The answer's JSON, loosely typed: what it must be, the test says. */
// oxlint-disable-next-line typescript/no-explicit-any
export async function read(response: Response): Promise<any> {
  return response.json();
}

type Intercepted = "changed" | "head" | "read" | "sequence" | "sequenceTogether";

/** Puts something between a store's log and the callers of this method of it. `wrap` gets the real one to call or not. */
export function interceptLogMethod<Method extends Intercepted>(
  store: string,
  method: Method,
  wrap: (real: LogRpc[Method]) => LogRpc[Method],
) {
  const getByName = env.LOGS.getByName.bind(env.LOGS);
  return vi.spyOn(env.LOGS, "getByName").mockImplementation((name) => {
    const stub = getByName(name);
    if (name !== store) return stub;
    // A log with one segment never says that it has moved.
    const ask = (...given: never[]) => (stub[method] as (...given: never[]) => Promise<unknown>)(...given);
    const real = (method === "read" ? async (...given: never[]) => asRead((await ask(...given)) as LogPage) : ask) as LogRpc[Method];
    const faked = (...given: never[]) => (wrap(real) as (...given: never[]) => Promise<unknown>)(...withEvents(given));
    return new Proxy(stub, { get: (target, property) => (property === method ? faked : Reflect.get(target, property)) });
  });
}

/** Puts something between a store's catalog and the callers of this method of it. `wrap` gets the real one to call or not. */
export function interceptCatalog<Method extends keyof CatalogRpc>(
  store: string,
  method: Method,
  wrap: (real: CatalogRpc[Method]) => CatalogRpc[Method],
) {
  const getByName = env.CATALOGS.getByName.bind(env.CATALOGS);
  return vi.spyOn(env.CATALOGS, "getByName").mockImplementation((name) => {
    const stub = getByName(name);
    if (name !== store) return stub;
    const real = ((...given: never[]) =>
      (stub as unknown as Record<Method, (...given: never[]) => unknown>)[method](...given)) as CatalogRpc[Method];
    return new Proxy(stub, { get: (target, property) => (property === method ? wrap(real) : Reflect.get(target, property)) });
  });
}

/** What a log's client sends, with events instead of their strings. The log takes both. */
function withEvents<Given>(given: Given): Given {
  if (Array.isArray(given)) return given.map(withEvents) as Given;
  if (typeof given !== "object" || given === null) return given;
  if ("text" in given) return eventsOf(given as unknown as EventsText) as Given;
  return "events" in given ? { ...given, events: withEvents(given.events) } : given;
}

/** Puts something between a store's streams and their log, until `restore` is called. `sequence` gets the real one to call or not. */
export function interceptLog(
  store: string,
  sequence: (real: LogRpc["sequence"]) => LogRpc["sequence"],
): { restore: () => void; calls: StoredEvent[][] } {
  const calls: StoredEvent[][] = [];
  const spy = interceptLogMethod(store, "sequence", (real) => {
    const faked = sequence(real);
    return (stream, events) => {
      calls.push([...events]);
      return faked(stream, events);
    };
  });
  return { restore: () => spy.mockRestore(), calls };
}
