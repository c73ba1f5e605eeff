/** One stream of a store: its commands, appends, events and state. */

import { PAGE_EVENTS } from "../core/limits.ts";
import { type Connection, type Incoming, type RequestOptions, queryOf } from "./connection.ts";
import { newKey } from "./key.ts";
import { HeadspringError } from "./problem.ts";
import type { Sent } from "./outcome.ts";
import type { Accepted, Refused, Stored, StreamReadOptions, WriteOptions } from "./types.ts";

export class StreamHandle {
  readonly #connection: Connection;
  /** `category/id`, encoded. */
  readonly #path: string;

  constructor(connection: Connection, category: string, id: string) {
    this.#connection = connection;
    this.#path = `${encodeURIComponent(category)}/${encodeURIComponent(id)}`;
  }

  async command(name: string, data?: unknown, options?: WriteOptions): Promise<Accepted | Refused> {
    try {
      return (await this.#write(this.#pathOf(name), data, options)) as Accepted;
    } catch (error) {
      if (!(error instanceof HeadspringError && error.code === "command-refused")) throw error;
      const { reason, details } = error.problem as unknown as Refused;
      return { ok: false, reason, ...(details === undefined ? {} : { details }) };
    }
  }

  /** A command whose outcome is left for later. */
  async send(name: string, data?: unknown, options?: WriteOptions): Promise<Sent> {
    return (await this.#post(this.#pathOf(name), data, options, "respond-async")).body;
  }

  append(events: object | readonly object[], options?: WriteOptions): Promise<Stored> {
    const list = (Array.isArray(events) ? events : [events]) as Record<string, unknown>[];
    // What `event(…)` makes has a `kind`, which is no member of an event over HTTP.
    return this.#write(`/streams/${this.#path}`, { events: list.map(({ kind: _kind, ...event }) => event) }, options);
  }

  async *events({ from, to, direction, types, signal }: StreamReadOptions = {}): AsyncGenerator<unknown, void> {
    const query = queryOf({ from, to, direction, type: types, limit: PAGE_EVENTS, positions: true });
    for await (const { body } of this.#connection.pages(`/streams/${this.#path}${query}`, { signal })) yield* body.events;
  }

  async state({ version, signal }: RequestOptions & { readonly version?: number } = {}): Promise<unknown> {
    try {
      return (await this.#connection.send(`/aggregates/${this.#path}${queryOf({ version })}`, { signal })).body;
    } catch (error) {
      if (error instanceof HeadspringError && error.code === "unknown-stream") return undefined;
      throw error;
    }
  }

  #pathOf(command: string): string {
    return `/aggregates/${this.#path}/${encodeURIComponent(command)}`;
  }

  async #write(path: string, data?: unknown, options: WriteOptions = {}): Promise<Stored> {
    const answer = await this.#post(path, data, options, options.wait === undefined ? undefined : `wait=${options.wait}`);
    return { ok: true, ...answer.body, replayed: answer.headers.get("idempotent-replayed") === "true" };
  }

  #post(path: string, body: unknown = {}, options: WriteOptions = {}, prefer?: string): Promise<Incoming> {
    const { ifMatch, idempotencyKey = newKey(), correlationId, signal } = options;
    const headers = {
      "idempotency-key": idempotencyKey,
      ...(ifMatch === undefined
        ? {}
        : ifMatch === "absent"
          ? { "if-none-match": "*" }
          : { "if-match": ifMatch === "*" ? "*" : `"${ifMatch}"` }),
      ...(correlationId === undefined ? {} : { "correlation-id": correlationId }),
      ...(prefer === undefined ? {} : { prefer }),
    };
    return this.#connection.send(path, { method: "POST", headers, body, signal });
  }
}
