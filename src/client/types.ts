/** What a client of an app can do, from the type of the app: `createClient<typeof app>`. What the app has is in `app-types.ts`. Types only. */

import type * as z from "zod";
import type { DataSchemas, Frozen, JsonValue, RecordedEvent } from "../core/event.ts";
import type { Aggregate, AnyAggregate } from "../definitions/aggregate.ts";
import type { Category } from "../definitions/category.ts";
import type { Process } from "../definitions/processors/process.ts";
import type { EventOf } from "../definitions/followed.ts";
import type {
  AggregatesOf,
  AnyApp,
  AppEvent,
  CategoriesOf,
  Named,
  NewEventOf,
  Own,
  ProcessEvent,
  ProcessesOf,
  QueriesOf,
  RowOf,
  ViewsOf,
} from "./app-types.ts";
import type { CallOptions, Called, RequestOptions } from "./connection.ts";
import type { LogOptions } from "./log.ts";
import type { Outcome, OutcomeOptions, Sent } from "./outcome.ts";
import type { ViewReader } from "./view-types.ts";

/** A command or an append that was carried out. */
export interface Stored<Type extends string = string> {
  readonly ok: true;
  /** `category/id` */
  readonly stream: string;
  /** The stream's version after it. */
  readonly version: number;
  /** The position of its last event, if the log had it in time. Views take the whole result as `after`, with or without one. */
  readonly position?: number;
  readonly events: readonly { readonly id: string; readonly type: Type; readonly version: number; readonly position?: number }[];
  /** It is the first answer to the same request: nothing was stored now. */
  readonly replayed: boolean;
}

export interface Accepted<Type extends string = string> extends Stored<Type> {
  readonly commandId: string;
}

/** A business rule has refused the command. Nothing is stored. */
export interface Refused {
  readonly ok: false;
  /** The code that the aggregate's `refuse` has. */
  readonly reason: string;
  readonly details?: JsonValue;
}

export interface WriteOptions extends RequestOptions {
  /**
   * The version that the stream must have; `*`: it must exist; `absent`: it must not exist. Else the error has the code `version-conflict`.
   */
  readonly ifMatch?: number | "*" | "absent";
  /** Tells this write from others. Default: a new one, so that it is safe to repeat what got no answer. Give your own to be safe across restarts of your program. */
  readonly idempotencyKey?: string;
  /** Names the conversation that its events belong to. */
  readonly correlationId?: string;
  /** Seconds that the answer waits for its position in the log, at most 30. Default: as long as it usually takes. */
  readonly wait?: number;
}

export interface StreamReadOptions extends RequestOptions {
  /** Bounds of the versions, both included. */
  readonly from?: number;
  readonly to?: number;
  readonly direction?: "forward" | "backward";
  /** Only events of these types. */
  readonly types?: readonly string[];
}

/** What every stream can do. */
interface AnyStream<Event> {
  /** Its events as a loop, read page by page. */
  events(options?: StreamReadOptions): AsyncIterable<Event>;
}

type CommandArguments<Input, Options> =
  // oxlint-disable-next-line typescript/no-generated-empty-object-type -- data without a field that must be there
  Record<never, never> extends Input ? [data?: Input, options?: Options] : [data: Input, options?: Options];

/** A method for each command. */
export type Commands<Of extends DataSchemas, Type extends string, Options> = {
  readonly [Command in keyof Of & string]: (...data: CommandArguments<z.input<Of[Command]>, Options>) => Promise<Accepted<Type> | Refused>;
};

/** The same of a client, which may leave the outcome for later. One signature: with two, each mistake would be two errors. */
type ClientCommands<Of extends DataSchemas, Type extends string> = {
  readonly [Command in keyof Of & string]: <Async extends true | undefined = undefined>(
    ...data: CommandArguments<z.input<Of[Command]>, CommandOptions<Async>>
  ) => Promise<[Async] extends [true] ? Sent : Accepted<Type> | Refused>;
};

interface CommandOptions<Async extends true | undefined> extends WriteOptions {
  /** The answer waits for neither the log nor a refusal: the result is a {@link Sent}, whose outcome the client's `outcome` looks up. */
  readonly respondAsync?: Async;
}

interface WithState<State> {
  /** Its state, now or as of a version; undefined: there is no such stream. */
  state(
    options?: RequestOptions & { readonly version?: number },
  ): Promise<{ readonly stream: string; readonly version: number; readonly state: Frozen<State> } | undefined>;
}

/** A stream of an aggregate: a method for each command, and its state. */
export type AggregateStream<Of extends AnyAggregate> =
  Of extends Aggregate<string, infer Events, infer Declared, infer State>
    ? AnyStream<EventOf<Of>> & ClientCommands<Declared, keyof Events & string> & WithState<State>
    : never;

/** An instance of a process manager, whose declared commands are methods, or of a saga, which has `Start`. */
export type ProcessStream<Of extends Process> = AnyStream<ProcessEvent<Of> | RecordedEvent<Own>> &
  ClientCommands<Of["commands"], ProcessEvent<Of>["type"] | Own> &
  WithState<unknown>;

/** A stream of a plain category. */
export interface PlainStream<Of extends Category> extends AnyStream<EventOf<Of>>, Appendable<Of, WriteOptions> {}

export interface Appendable<Of extends Category, Options> {
  /** Appends one event, or several together. */
  append(events: NewEventOf<Of> | readonly NewEventOf<Of>[], options?: Options): Promise<Stored<keyof Of["events"] & string>>;
}

/** The parts of a client that are no streams. */
interface ClientParts<Of extends AnyApp> {
  readonly views: {
    readonly [Name in ViewsOf<Of>["name"]]: ViewReader<RowOf<Named<ViewsOf<Of>, Name>>, QueriesOf<Named<ViewsOf<Of>, Name>>>;
  };
  /**
   * The outcome of a command, for 30 days: of one with `respondAsync`, or with an `idempotencyKey`, which is its id.
   *
   * @throws {HeadspringError} `unknown-command-id`
   * @example
   * const sent = await shop.order("42").PlaceOrder(order, { respondAsync: true });
   * const { status } = await shop.outcome(sent, { wait: 10 });
   */
  outcome(of: Sent, options?: OutcomeOptions): Promise<Outcome>;
  /**
   * Any other call of the store, with the client's address, token and repetitions.
   *
   * @param path after the store's address, with its query: `/consumers/stock/pause`
   * @throws {HeadspringError} when the answer is an error
   * @example
   * const { body } = await shop.request("/consumers/stock/pause", { method: "POST" });
   */
  request(path: string, options?: CallOptions): Promise<Called>;
  /** Events of the log as a loop, in order. By default it goes on with what happens, and resumes by itself. */
  log<const Type extends AppEvent<Of>["type"] = AppEvent<Of>["type"]>(
    options?: LogOptions<Type>,
  ): AsyncIterable<Extract<AppEvent<Of>, RecordedEvent<Type>>>;
}

type Streams<Of extends AnyApp> = {
  readonly [Name in AggregatesOf<Of>["name"]]: (id: string) => AggregateStream<Named<AggregatesOf<Of>, Name>>;
} & { readonly [Name in CategoriesOf<Of>["name"]]: (id: string) => PlainStream<Named<CategoriesOf<Of>, Name>> } & {
  readonly [Name in ProcessesOf<Of>["name"]]: (id: string) => ProcessStream<Named<ProcessesOf<Of>, Name>>;
};

/** A client of an app: `client.order("42").PlaceOrder(…)`, `client.views.orders.get("42")`, `client.log()`. */
export type Client<Of extends AnyApp> = ClientParts<Of> &
  Omit<Streams<Of>, keyof ClientParts<Of>> & {
    /** Streams by category: also of categories named like another member of the client. */
    readonly streams: Streams<Of>;
  };
