/** What the tests of webhooks share: an outside that answers as the test says, and a look into a webhook's books. */

import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import type { LogRpc } from "../../../src/store/log-protocol.ts";
import type { Cursor } from "../../../src/deliveries/cursor.ts";
import { quietStore } from "../delivery/support.ts";
import { interceptLogMethod, read } from "../support.ts";

export interface Delivery {
  readonly url: string;
  readonly headers: Headers;
  readonly body: string;
  /** Aborted when the sender does not wait any longer. */
  readonly signal: AbortSignal;
  /** The event's. */
  readonly stream: string;
  readonly version: number;
}

/** Somebody who receives deliveries, and answers them with 204 unless told otherwise. */
class Endpoint {
  readonly received: Delivery[] = [];
  answer: (delivery: Delivery) => Response | Promise<Response> = () => new Response(null, { status: 204 });
}

/** By URL, so that what is still under way for one test does not reach another. */
const endpoints = new Map<string, Endpoint>();

/** Puts an endpoint at this URL, instead of the network. */
export function endpointAt(url: string): Endpoint {
  const endpoint = new Endpoint();
  endpoints.set(url, endpoint);
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const request = new Request(input, init);
    const body = await request.text();
    const { stream, version } = JSON.parse(body).data;
    const delivery = { url: request.url, headers: request.headers, signal: request.signal, body, stream, version };
    const addressee = endpoints.get(request.url) ?? new Endpoint();
    addressee.received.push(delivery);
    return addressee.answer(delivery);
  });
  return endpoint;
}

/** Stops the clock that deliveries are scheduled by, and takes the chance out of it; hands over the hands. */
export function clock() {
  let now = Date.now();
  vi.spyOn(Math, "random").mockReturnValue(0);
  vi.spyOn(Date, "now").mockImplementation(() => now);
  return { now: () => now, pass: (ms: number) => void (now += ms) };
}

/** Puts something between a store's consumers and their log. `read` gets the real one to call or not. */
export function interceptReads(store: string, read: (real: LogRpc["read"]) => LogRpc["read"]) {
  return interceptLogMethod(store, "read", read);
}

/** One line of a webhook's books. */
export interface Line {
  readonly position: number;
  readonly stream: string;
  readonly run: number;
  readonly type: string;
  readonly status: "pending" | "delivered" | "parked" | "skipped";
  readonly attempts: number;
  readonly next_attempt_at: number | null;
  readonly response: number | null;
  readonly error: string | null;
  readonly excerpt: string | null;
}

function tablesOf({ sql }: DurableObjectStorage): unknown[] {
  return sql
    .exec(`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'`)
    .toArray()
    .map(({ name }) => name);
}

/** A quiet store with one webhook. */
export async function subscribed(name: string, subscription: object = {}) {
  const store = quietStore(name);
  const url = `http://${store.store}.test/hook`;
  const endpoint = endpointAt(url);
  const created = await read(await store.post("/webhooks", { url, ...subscription }));
  const object = env.WEBHOOKS.getByName(`${store.store}/${created.id}`);
  return {
    ...store,
    webhook: created as { id: string; url: string; secret: string },
    object,
    endpoint,
    /** What came, as `stream/version`. */
    received: () => endpoint.received.map(({ stream, version }) => `${stream}/${version}`),
    wake: (id: string = created.id) => store.wake(id),
    report: () => store.json(`/webhooks/${created.id}`),
    /** Ends the object, as a crash would: what is not stored is lost. */
    evict: () => evictDurableObject(object),
    storage: <Seen>(look: (storage: DurableObjectStorage) => Seen) => runInDurableObject(object, (_instance, { storage }) => look(storage)),
    /** Runs the object's alarm now. */
    alarm: () => runDurableObjectAlarm(object),
    ledger: () =>
      runInDurableObject(object, (_instance, { storage }) =>
        tablesOf(storage).includes("deliveries")
          ? (storage.sql.exec(`SELECT * FROM deliveries ORDER BY run, position`).toArray() as unknown as Line[])
          : [],
      ),
    armed: () => runInDurableObject(object, async (_instance, { storage }) => (await storage.getAlarm()) !== null),
    /** What is stored of how far it is. */
    progress: () => runInDurableObject(object, (_instance, { storage }) => storage.kv.get<Cursor>("progress")),
    tables: () => runInDurableObject(object, (_instance, { storage }) => tablesOf(storage)),
  };
}
