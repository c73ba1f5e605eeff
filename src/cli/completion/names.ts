/** The names that a store has, for completion: asked for once each, in a short time, and none where it does not answer. */

import * as z from "zod";
import { type Connection, queryOf } from "../../client/connection.ts";
import { boundedText } from "../../core/bounded-text.ts";

/** Bytes of an answer. Ours: a list of names is far shorter. */
const ANSWER_BYTES = 4 * 1_048_576;
/** Streams that are offered. Ours: more than fit on a screen. */
const STREAMS = 100;

const Events = z.array(z.object({ type: z.string() }));
const App = z.object({
  categories: z.array(
    z.object({
      name: z.string(),
      kind: z.string(),
      description: z.string().optional(),
      events: Events,
      commands: z.array(z.string()).optional(),
    }),
  ),
  views: z.array(
    z.object({
      name: z.string(),
      description: z.string().optional(),
      columns: z.array(z.string()),
      queries: z.array(z.string()).optional(),
    }),
  ),
});
const Consumers = z.object({ consumers: z.array(z.object({ name: z.string(), kind: z.string(), status: z.string() })) });
const Sources = z.object({ sources: z.array(z.object({ name: z.string(), kind: z.string(), status: z.string().optional() })) });
const Webhooks = z.object({ webhooks: z.array(z.object({ id: z.string(), status: z.string(), description: z.string().optional() })) });
const Streams = z.object({ streams: z.array(z.object({ stream: z.string() })) });
const Stores = z.object({ stores: z.array(z.object({ name: z.string() })) });

/** A name, and what it is. */
export interface Name {
  readonly name: string;
  readonly what?: string | undefined;
}

export class Names {
  readonly #store: Connection;
  readonly #service: Connection;
  readonly #signal: AbortSignal;
  #app: Promise<z.infer<typeof App>> | undefined;

  /** @param signal ends what takes too long */
  constructor(store: Connection, service: Connection, signal: AbortSignal) {
    this.#store = store;
    this.#service = service;
    this.#signal = signal;
  }

  async categories(kind?: "aggregate" | "plain"): Promise<Name[]> {
    const { categories } = await this.#parts();
    return categories
      .filter((one) => kind === undefined || one.kind === kind)
      .map((one) => ({ name: one.name, what: one.description ?? (one.kind === "aggregate" ? "aggregate" : "category") }));
  }

  /** @param category without it those of all categories */
  async eventTypes(category?: string): Promise<Name[]> {
    const { categories } = await this.#parts();
    const types = new Map<string, string[]>();
    for (const { name, events } of categories) {
      if (category !== undefined && name !== category) continue;
      for (const { type } of events) types.set(type, [...(types.get(type) ?? []), name]);
    }
    return [...types].map(([name, of]) => ({ name, what: of.join(", ") }));
  }

  async commands(aggregate: string): Promise<Name[]> {
    const { categories } = await this.#parts();
    return (categories.find(({ name }) => name === aggregate)?.commands ?? []).map((name) => ({ name }));
  }

  async views(): Promise<Name[]> {
    return (await this.#parts()).views.map(({ name, description }) => ({ name, what: description ?? "view" }));
  }

  async columns(view: string): Promise<string[]> {
    return (await this.#parts()).views.find(({ name }) => name === view)?.columns ?? [];
  }

  async queries(view: string): Promise<Name[]> {
    return ((await this.#parts()).views.find(({ name }) => name === view)?.queries ?? []).map((name) => ({ name }));
  }

  /** Streams of a category that begin like this: `order/4`. */
  async streams(category: string, beginning: string): Promise<Name[]> {
    const after = beginning === `${category}/` ? undefined : beginning;
    const { streams } = await this.#ask(this.#store, `/log/streams${queryOf({ category, after, limit: STREAMS })}`, Streams);
    return streams.map(({ stream }) => ({ name: stream }));
  }

  async consumers(): Promise<Name[]> {
    const { consumers } = await this.#ask(this.#store, "/consumers", Consumers);
    return consumers.map(({ name, kind, status }) => ({ name, what: `${kind}, ${status}` }));
  }

  async sources(): Promise<Name[]> {
    const { sources } = await this.#ask(this.#store, "/sources", Sources);
    return sources.map(({ name, kind, status }) => ({ name, what: status === undefined ? kind : `${kind}, ${status}` }));
  }

  async webhooks(): Promise<Name[]> {
    const { webhooks } = await this.#ask(this.#store, "/webhooks", Webhooks);
    return webhooks.map(({ id, status, description }) => ({ name: id, what: description ?? status }));
  }

  async stores(): Promise<Name[]> {
    return (await this.#ask(this.#service, "/stores", Stores)).stores;
  }

  #parts(): Promise<z.infer<typeof App>> {
    return (this.#app ??= this.#ask(this.#store, "/app", App));
  }

  async #ask<Schema extends z.ZodType>(connection: Connection, path: string, schema: Schema): Promise<z.output<Schema>> {
    const response = await connection.open(path, { signal: this.#signal });
    const text = await boundedText(response.body!, ANSWER_BYTES, () => new Error("too long for a list of names"), new TextDecoder());
    return schema.parse(JSON.parse(text));
  }
}
