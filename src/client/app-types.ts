/** What an app has, read off its type: aggregates, categories, views and processes, by name, with their events and rows. Types only. */

import type * as z from "zod";
import type { Frozen, NewEvent } from "../core/event.ts";
import type { App } from "../definitions/app.ts";
import type { Category } from "../definitions/category.ts";
import type { Process } from "../definitions/processors/process.ts";
import type { Saga } from "../definitions/processors/saga.ts";
import type { SAGA_EVENTS } from "../definitions/processors/saga-state.ts";
import type { EventOf, Followed } from "../definitions/followed.ts";
import type { View } from "../definitions/views/view.ts";

/** Any app. */
// oxlint-disable-next-line typescript/no-explicit-any -- its parts are contravariant in what handlers take
export type AnyApp = App<any, any, any, any>;
/** Its aggregates. */
export type AggregatesOf<Of extends AnyApp> = Of extends App<infer Part, infer _Category, infer _View, infer _Processor> ? Part : never;
/** Its plain categories. */
export type CategoriesOf<Of extends AnyApp> = Of extends App<infer _Aggregate, infer Part, infer _View, infer _Processor> ? Part : never;
/** Its views. */
export type ViewsOf<Of extends AnyApp> = Of extends App<infer _Aggregate, infer _Category, infer Part, infer _Processor> ? Part : never;
/** Process managers and sagas. */
export type ProcessesOf<Of extends AnyApp> =
  Of extends App<infer _Aggregate, infer _Category, infer _View, infer Part> ? Extract<Part, Process> : never;
/** The part that has this name. */
export type Named<Part extends { readonly name: string }, Name extends string> = Extract<Part, { readonly name: Name }>;

/** The own events of a process. The type of a saga does not name them, for the names are the same in all. */
export type ProcessEvent<Of extends Process> = EventOf<Of extends Saga ? Followed<typeof SAGA_EVENTS> : Of>;

/** Types of events that the store adds to a process: which commands it has sent, their outcomes, and its end. */
export type Own = `$${string}`;

/** An event that a client may append to a plain category. */
export type NewEventOf<Of extends Category> = {
  [Type in keyof Of["events"] & string]:
    | {
        readonly type: Type;
        readonly data: Frozen<z.input<Of["events"][Type]>>;
        readonly id?: string;
        readonly time?: string;
        readonly meta?: object;
      }
    | NewEvent<Type, Frozen<z.input<Of["events"][Type]>>>;
}[keyof Of["events"] & string];

/** A row of a view, as clients get it. */
export type RowOf<Of extends View> = Frozen<z.output<Of["row"]>>;
/** The parameters of the named queries of a view, by the query's name. */
export type QueriesOf<Of extends View> =
  Of extends View<string, infer _Row, infer _From, infer Named> ? { readonly [Name in keyof Named]: Frozen<z.input<Named[Name]>> } : never;

/** Every event of the app's aggregates, categories and processes. */
export type AppEvent<Of extends AnyApp> = EventOf<AggregatesOf<Of> | CategoriesOf<Of>> | ProcessEvent<ProcessesOf<Of>>;
