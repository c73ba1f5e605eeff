/**
 * The store as its clients see it: over HTTP, request by request. For the demo, the benchmarks and the e2e tests.
 *
 * Why not `headspring/client`: these ask for what it hides or leaves to the command line. The demo prints each request with its status, and
 * tests compare both; the benchmarks must not pay for the keys and repeats that make its writes safe; and consumers, webhooks and rebuilds
 * are an operator's work, for which it has no methods. Besides, a script in Node finds the package under its name only after a build.
 */

import { setTimeout as sleep } from "node:timers/promises";
import type { RecordedEvent } from "../src/core/event.ts";

export interface Answer<Body> {
  readonly status: number;
  readonly headers: Headers;
  /** After a success, of the caller's type; after a failure, a problem document. Undefined when there is none. */
  readonly body: Body;
}

/** The answer to a write. */
export interface Written {
  readonly version: number;
  readonly position?: number;
}

/** The shop's events: what all of them may carry. */
export type ShopEvent = RecordedEvent<
  string,
  { readonly order?: string; readonly quantity?: number; readonly lines?: readonly { readonly sku: string; readonly quantity: number }[] }
>;

interface LogPage {
  readonly events: readonly ShopEvent[];
  readonly next: number;
  readonly head: number;
}

export class Client {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  /** GET without, POST with a body, unless `method` says otherwise. */
  async call<Body>(path: string, body?: unknown, headers: Record<string, string> = {}, method?: string): Promise<Answer<Body>> {
    const response = await fetch(this.url + path, {
      method: method ?? (body === undefined ? "GET" : "POST"),
      headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: (text === "" ? undefined : JSON.parse(text)) as Body };
  }

  /** The body of a success. */
  async get<Body>(path: string, headers?: Record<string, string>): Promise<Body> {
    const { status, body } = await this.call<Body>(path, undefined, headers);
    if (status !== 200) throw new Error(`GET ${path} answered ${status} ${JSON.stringify(body)}`);
    return body;
  }

  /** The log after a position, to its head. */
  async log(after = 0): Promise<ShopEvent[]> {
    const events: ShopEvent[] = [];
    for (let from = after; ;) {
      const page = await this.get<LogPage>(`/log?after=${from}&limit=1000`);
      events.push(...page.events);
      if (page.next >= page.head) return events;
      from = page.next;
    }
  }
}

/** Looks again and again until there is something to see. */
export async function until<Seen>(what: string, look: () => Seen | undefined | Promise<Seen | undefined>, seconds = 60): Promise<Seen> {
  const deadline = Date.now() + seconds * 1_000;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${seconds} s`);
    await sleep(50);
  }
}
