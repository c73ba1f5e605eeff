/**
 * A client of a store, for browsers, Node and Workers. Everything is typed by the app, of which only the type is imported: no code of the
 * app, and none of zod, becomes part of a page.
 */

import { type CallOptions, type ClientOptions, Connection } from "./connection.ts";
import { type LogOptions, readLog } from "./log.ts";
import { members } from "./members.ts";
import { type OutcomeOptions, type Sent, outcomeOf } from "./outcome.ts";
import { StreamHandle } from "./stream.ts";
import type { Client, WriteOptions } from "./types.ts";
import type { AnyApp } from "./app-types.ts";
import { ViewHandle } from "./views.ts";

/**
 * A client of a store.
 *
 * Commands and appends carry an idempotency key and are repeated until they have an answer; so are reads. What a business rule refuses is a
 * value; everything else that fails is a {@link HeadspringError} with a `code`.
 *
 * @param url where the store is: `https://…`
 *
 * @example
 * import type { app } from "./app.ts";
 *
 * const shop = createClient<typeof app>("https://shop.example.com", { token });
 * const placed = await shop.order("42").PlaceOrder({ lines: [{ sku: "apple", quantity: 2 }] }, { ifMatch: 0 });
 * if (!placed.ok) console.log(placed.reason);
 * const row = await shop.views["ready-orders"].get("42", { after: placed }); // shows its own write
 * for await (const change of shop.views.stock.live({ "available.lt": 5 })) console.log(change);
 * for await (const event of shop.log({ types: ["OrderPlaced"], after: 0 })) console.log(event.position, event.data);
 */
export function createClient<Of extends AnyApp>(url: string, options: ClientOptions = {}): Client<Of> {
  const connection = new Connection(url, options);
  const streams = members((category) => (id: string) => stream(new StreamHandle(connection, category, id)));
  const own: Readonly<Record<string, unknown>> = {
    streams,
    views: members((name) => new ViewHandle(connection, name)),
    outcome: (of: Sent, outcomeOptions?: OutcomeOptions) => outcomeOf(connection, of, outcomeOptions),
    request: (path: string, callOptions?: CallOptions) => connection.call(path, callOptions),
    log: (logOptions: LogOptions = {}) => readLog(connection, logOptions),
  };
  return members((name) => own[name] ?? (streams as Readonly<Record<string, unknown>>)[name]) as Client<Of>;
}

/** The handle's own methods, and a command for each other name. */
function stream(handle: StreamHandle): object {
  const own: Readonly<Record<string, unknown>> = {
    append: handle.append.bind(handle),
    events: handle.events.bind(handle),
    state: handle.state.bind(handle),
  };
  return members(
    (name) =>
      own[name] ??
      ((data?: unknown, options?: WriteOptions & { readonly respondAsync?: true }) =>
        options?.respondAsync ? handle.send(name, data, options) : handle.command(name, data, options)),
  );
}

export { type Outbox, type OutboxOptions, createOutbox } from "./outbox.ts";
export type { OutboxStorage } from "./outbox-queue.ts";
export type { OutboxCommand, OutboxWriteOptions } from "./outbox-types.ts";
export { HeadspringError } from "./problem.ts";
export type { CallOptions, Called, ClientOptions, RequestOptions } from "./connection.ts";
export type { LogOptions } from "./log.ts";
export type { Outcome, OutcomeOptions, Sent } from "./outcome.ts";
export type { Reached } from "./reached.ts";
export type { Accepted, AggregateStream, Client, PlainStream, Refused, Stored, StreamReadOptions, WriteOptions } from "./types.ts";
export type { Change, Conditions, LiveOptions, Page, RowOptions, ViewOptions, ViewReader } from "./view-types.ts";
