/** What may be written: every kind of command and append, as a request that the verdict can find again in the log. */

import { REFUSED } from "../../scripts/payments.ts";
import type { Written } from "../../scripts/client.ts";
import type { Random } from "./random.ts";

/** One request to write, and its outcome. */
export interface Write {
  /** Its `Correlation-Id`: what it stored carries it. */
  readonly id: string;
  /** The stores have the same names and nothing else in common. */
  readonly store: string;
  readonly stream: string;
  /** The types of the events that it stores, all of them or none. */
  readonly types: readonly string[];
  readonly method: "POST" | "DELETE" | "PUT";
  readonly path: string;
  readonly body?: unknown;
  readonly headers: Readonly<Record<string, string>>;
  /** It may be sent again: it has a key, or its events have ids. */
  readonly repeatable: boolean;
  /**
   * `acknowledged`: a 2xx. `turned-down`: an answer that says that nothing was stored. `unknown`: the connection broke, or a 5xx;
   * it may be there, or not. `under-way`: not answered so far.
   */
  fate: "under-way" | "acknowledged" | "turned-down" | "unknown";
  /** The first success. */
  answer?: Written & { readonly events?: readonly { readonly id: string; readonly version: number; readonly position?: number }[] };
  /** All of that answer, to be compared with what a repeat gets. */
  first?: FirstAnswer;
  /** What each event of an import must be in the log. */
  readonly imported?: readonly object[];
  /** The last answer that was none: status and code. */
  problem?: string;
  /** The version that it was on condition of. */
  readonly expected?: number;
  /** The answer was 202: accepted, to be asked for later. */
  readonly asynchronous: boolean;
}

export interface FirstAnswer {
  readonly status: number;
  readonly etag: string | null;
  readonly body: Readonly<Record<string, unknown>>;
}

const AUTHORS = ["c1", "c2", "c3"];
const SKUS = ["apple", "pear", "plum", "fig", "quince", "melon", "grape", "peach"];
/** Streams that everybody writes to. */
const SHARED = 12;
const SHARES = {
  order: 20,
  receive: 12,
  count: 18,
  read: 18,
  note: 8,
  remind: 6,
  checkout: 4,
  delete: 2,
  memo: 8,
  erase: 4,
  import: 3,
};

/** Makes writes, one after the other; every one has a stream, a correlation and, if any, a key of its own. */
export class Writes {
  readonly #random: Random;
  readonly #name: string;
  #count = 0;
  /** Note streams that may be ended. */
  readonly #notes: string[] = [];
  /** Memo streams that may be erased. */
  readonly #memos: string[] = [];

  /** @param name that no other maker of writes has */
  constructor(random: Random, name: string) {
    this.#random = random;
    this.#name = name;
  }

  next(store: string): Write {
    const random = this.#random;
    const id = `${this.#name}-${++this.#count}`;
    const shared = String(random.int(1, SHARED));
    switch (random.weighted(SHARES)) {
      case "order":
        return this.#command(id, store, "order", id, "PlaceOrder", { customer: "a customer", lines: this.#lines() }, ["OrderPlaced"]);
      case "receive":
        return this.#command(id, store, "product", random.pick(SKUS), "ReceiveStock", { quantity: random.int(1, 6) }, ["StockReceived"]);
      case "count": {
        const twice = random.chance(0.3);
        return this.#command(
          id,
          store,
          "counter",
          shared,
          twice ? "CountTwice" : "Count",
          {},
          twice ? ["Counted", "Counted"] : ["Counted"],
        );
      }
      case "read": {
        const events = Array.from({ length: random.int(1, 3) }, () => this.#event("Read", { value: random.int(0, 120) }));
        return this.#append(id, store, `reading/${shared}`, events);
      }
      case "note": {
        const stream = `note/${random.chance(0.5) ? shared : id}`;
        if (stream.endsWith(id)) this.#notes.push(`${store} ${stream}`);
        const events = Array.from({ length: random.int(1, 5) }, (_, at) => this.#event("Noted", { text: `${id}, ${at}` }));
        return this.#append(id, store, stream, events);
      }
      case "remind":
        return this.#command(id, store, "reminder", id, "Ask", { in: `${random.int(50, 4_000)}ms` }, ["Asked"]);
      case "checkout":
        return this.#write({
          id,
          store,
          stream: `checkout/${id}`,
          types: ["SagaStarted"],
          path: `/sagas/checkout/${id}`,
          body: { customer: "a customer", lines: this.#lines(), cents: random.chance(0.2) ? REFUSED : 1_000 },
          headers: this.#key(id, 1),
        });
      case "memo":
        return this.#memo(id, store);
      case "erase":
        return this.#erase(id, store);
      case "import":
        return this.#import(id, store);
      case "delete": {
        const [of, stream] = (this.#notes.shift() ?? `${store} note/${shared}-none`).split(" ") as [string, string];
        return this.#write({ id, store: of, stream, types: ["$deleted"], method: "DELETE", path: `/streams/${stream}`, headers: {} });
      }
    }
  }

  #memo(id: string, store: string): Write {
    const stream = `memo/${id}`;
    this.#memos.push(`${store} ${stream}`);
    const author = this.#random.pick(AUTHORS);
    const events = Array.from({ length: this.#random.int(1, 3) }, (_, at) => this.#event("Written", { author, text: `memo ${id}, ${at}` }));
    return this.#append(id, store, stream, events);
  }

  #erase(id: string, store: string): Write {
    const [of, stream] = (this.#memos.shift() ?? `${store} memo/none-${id}`).split(" ") as [string, string];
    const path = `/streams/${stream}?erase=true`;
    return this.#write({ id, store: of, stream, types: ["$deleted"], method: "DELETE", path, headers: {} });
  }

  /** Events of another store, with everything that an export has of them. */
  #import(id: string, store: string): Write {
    const stream = `note/imported-${id}`;
    const imported = Array.from({ length: this.#random.int(1, 8) }, (_, at) => ({
      id: this.#random.uuid(),
      stream,
      type: "Noted",
      data: { text: `${id}, ${at}`, price: this.#random.int(1, 9_999) / 100, none: null },
      meta: { correlationId: id, causationId: `elsewhere-${at}` },
      time: "2024-02-29T12:00:00.123456+05:30",
      schemaVersion: 1,
    }));
    const body = imported.map((event) => JSON.stringify(event)).join("\n");
    const types = imported.map(({ type }) => type);
    return this.#write({ id, store, stream, types, path: "/import", body, headers: {}, repeatable: true, imported });
  }

  #command(id: string, store: string, name: string, of: string, command: string, body: unknown, types: readonly string[]): Write {
    const asynchronous = this.#random.chance(0.1);
    const prefer = asynchronous ? { prefer: "respond-async" } : this.#patience();
    return this.#write({
      id,
      store,
      stream: `${name}/${of}`,
      types,
      path: `/aggregates/${name}/${of}/${command}`,
      body,
      headers: { ...prefer, ...this.#key(id, asynchronous ? 1 : 0.6) },
      asynchronous,
    });
  }

  #append(id: string, store: string, stream: string, events: readonly { type: string; id?: string }[]): Write {
    const types = events.map(({ type }) => type);
    const withIds = events.every(({ id }) => id !== undefined);
    const headers = { ...this.#patience(), ...this.#key(id, withIds ? 0.2 : 0.5) };
    return this.#write({ id, store, stream, types, path: `/streams/${stream}`, body: { events }, headers, repeatable: withIds });
  }

  #write(of: Omit<Write, "fate" | "method" | "repeatable" | "asynchronous"> & Partial<Write>): Write {
    const repeatable = of.headers["idempotency-key"] !== undefined || of.repeatable === true;
    const headers = { ...of.headers, "correlation-id": of.id };
    return { method: "POST", asynchronous: false, ...of, headers, repeatable, fate: "under-way" };
  }

  /** Half of them want to be acknowledged at once, when only an alarm guarantees that their events will reach the log. */
  #patience(): { prefer?: string } {
    const chance = this.#random.next();
    return chance < 0.5 ? { prefer: "wait=0" } : chance < 0.8 ? { prefer: "wait=10" } : {};
  }

  #key(id: string, chance: number): { "idempotency-key"?: string } {
    return this.#random.chance(chance) ? { "idempotency-key": `key-${id}` } : {};
  }

  #event(type: string, data: object): { type: string; data: object; id?: string } {
    return { type, data, ...(this.#random.chance(0.5) ? { id: this.#random.uuid() } : {}) };
  }

  #lines(): { sku: string; quantity: number }[] {
    const skus = new Set(Array.from({ length: this.#random.int(1, 3) }, () => this.#random.pick(SKUS)));
    return [...skus].map((sku) => ({ sku, quantity: this.#random.int(1, 3) }));
  }
}
