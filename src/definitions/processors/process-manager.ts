/**
 * A process manager: sees something through that takes several aggregates and some time. Each instance is a stream of its own; it gets
 * events by correlation, answers with commands, and hears their outcomes. Pure: this file knows no runtime.
 *
 * The names of the manager and its events are stored, and its name is part of the ids of the commands it sends: change them with care.
 */

import type * as z from "zod";
import type { DecideContext } from "../../core/command.ts";
import { type Retry, retryPolicy } from "../retry.ts";
import type { DataSchemas, Frozen, RecordedEvent } from "../../core/event.ts";
import type { PlainState } from "../../core/plain-state.ts";
import type { Schemas } from "../../core/plain-schema.ts";
import { EVENT_TYPE, requireName } from "../../core/names.ts";
import { type EventOf, type EventOfType, type Followed, requireKnownTypes } from "../followed.ts";
import { requireHandlers } from "../required.ts";
import type { Outcome } from "./process-events.ts";
import type {
  Accepted,
  AnyHandlers,
  CommandDataOf,
  CommandNameOf,
  DeclaredHandlers,
  Failed,
  HandlersLike,
  Led,
  ProcessAnswer,
  ProcessPart,
  Refused,
  Target,
} from "./process-handlers.ts";
import type { Answer } from "./process-answer.ts";
import { type Process, defineProcess } from "./process.ts";

type EvolveContext = Pick<RecordedEvent, "id" | "version" | "type" | "meta" | "time" | "recordedAt">;

// `NoInfer`: what handlers return must not widen the types that the schemas give.
export interface ProcessManagerDefinition<
  From extends Followed,
  Handled extends EventOf<From>["type"],
  To extends Target,
  Events extends DataSchemas,
  Commands extends DataSchemas,
  Timeouts extends DataSchemas,
  State,
  Accepting extends CommandNameOf<To> = CommandNameOf<To>,
  Refusing extends CommandNameOf<To> = CommandNameOf<To>,
  Failing extends CommandNameOf<To> = CommandNameOf<To>,
  On extends AnyHandlers<Handled> = AnyHandlers<Handled>,
> {
  readonly description?: string;
  /** The categories whose events it gets. */
  readonly from: From | readonly From[];
  /** The instance that each event goes to, by its stream's id; undefined: none. The first event to arrive begins the instance. */
  readonly correlate: { readonly [Type in Handled]: (event: EventOfType<From, Type>) => string | undefined };
  /** The aggregates that it sends commands to. */
  readonly to: To | readonly To[];
  /** Its own event types by name: what it remembers. */
  readonly events: Events;
  /** The state of an instance without events. Plain JSON; members that are `undefined` count as absent. */
  readonly initialState: () => State & NoInfer<PlainState<State>>;
  /** How each of its own events changes the state. Pure, synchronous, never throws. */
  readonly evolve: NoInfer<{
    readonly [Type in keyof Events]: (state: Frozen<State>, data: Frozen<z.output<Events[Type]>>, event: EvolveContext) => Frozen<State>;
  }>;
  /** What each event leads to: own events, commands by `send`, timers, `complete()`. Pure and synchronous. */
  readonly on: HandlersLike<On, Handled, From, State, ProcessPart<Events, To, Timeouts>>;
  /** What follows when a command was carried out, by the command's name. */
  readonly onAccepted?: {
    readonly [Command in Accepting]: NoInfer<
      (
        state: Frozen<State>,
        accepted: Accepted<CommandDataOf<To, Command>, Led<To, Command>>,
        context: DecideContext,
      ) => ProcessAnswer<Events, To, Timeouts>
    >;
  };
  /** What follows when a command was refused. */
  readonly onRefused?: {
    readonly [Command in Refusing]: NoInfer<
      (state: Frozen<State>, refused: Refused<CommandDataOf<To, Command>>, context: DecideContext) => ProcessAnswer<Events, To, Timeouts>
    >;
  };
  /** What follows when a command could not be carried out. */
  readonly onFailed?: {
    readonly [Command in Failing]: NoInfer<
      (state: Frozen<State>, failed: Failed<CommandDataOf<To, Command>>, context: DecideContext) => ProcessAnswer<Events, To, Timeouts>
    >;
  };
  /** Commands that any client may send it. */
  readonly commands?: Commands;
  /** Timers by name: what `after` may set, and the data that they carry. Nothing else can send them. */
  readonly timeouts?: Timeouts;
  /**
   * Replaces the source of `evolve` and `initialState` as their version: snapshots of another revision are ignored. Change it when you
   * change functions that they call.
   */
  readonly revision?: string | number;
  /** Where a new one begins in the log. Default: at its beginning. */
  readonly start?: "beginning" | "head";
  /**
   * How often and when to try again while a part of the store is unavailable. A handler that throws ends its instance. Default: 8 attempts,
   * 1 s doubling to 64 s.
   */
  readonly retry?: Retry;
}

declare const types: unique symbol;

/** A process manager. It can be followed and read, and can receive commands, like an aggregate. */
export interface ProcessManager<
  Name extends string = string,
  From extends Followed = Followed,
  To extends Target = Target,
  Events extends DataSchemas = DataSchemas,
  Commands extends DataSchemas = DataSchemas,
  Timeouts extends DataSchemas = DataSchemas,
> extends Process {
  readonly name: Name;
  readonly events: Events;
  readonly commands: Commands;
  /** For the compiler only. */
  readonly [types]?: { readonly from: From; readonly to: To; readonly timeouts: Timeouts };
}

type Handler = (state: unknown, input: unknown, context: DecideContext) => Answer;
type Handlers = Readonly<Record<string, Handler | undefined>>;

/**
 * Declares a process manager.
 *
 * @param name names the category of its instances: `checkout` for `checkout/42`
 * @throws {TypeError} when a name could not be carried by the routes, an event is not declared, or a handler is missing
 *
 * @example
 * export const reservation = processManager("reservation", {
 *   from: order,
 *   to: [product, order],
 *   correlate: { OrderPlaced: ({ stream }) => streamIdOf(stream) },
 *   events: { Begun: z.object({}) },
 *   initialState: () => ({ begun: false }),
 *   evolve: { Begun: () => ({ begun: true }) },
 *   on: {
 *     OrderPlaced: (state, { stream, data }) =>
 *       state.begun ? nothing() : [event("Begun", {}), send(product, data.sku, "ReserveStock", { order: streamIdOf(stream), quantity: 1 })],
 *   },
 *   onAccepted: { ReserveStock: (_state, { data }) => [send(order, data.order, "ConfirmOrder", {}), complete()] },
 *   onRefused: { ReserveStock: (_state, { data, reason }) => [send(order, data.order, "RejectOrder", { reason }), complete()] },
 * });
 */
export function processManager<
  const Name extends string,
  From extends Followed,
  const Handled extends EventOf<From>["type"],
  To extends Target,
  const Events extends Schemas<Events>,
  State,
  const Accepting extends CommandNameOf<To>,
  const Refusing extends CommandNameOf<To>,
  const Failing extends CommandNameOf<To>,
  On extends AnyHandlers<Handled>,
  // Not by a name, such as `None`: the declarations of a project that uses the package could not say it.
  // oxlint-disable-next-line typescript/no-empty-object-type
  const Commands extends Schemas<Commands> = {},
  // oxlint-disable-next-line typescript/no-empty-object-type
  const Timeouts extends Schemas<Timeouts> = {},
>(
  name: Name,
  definition: ProcessManagerDefinition<From, Handled, To, Events, Commands, Timeouts, State, Accepting, Refusing, Failing, On> &
    NoInfer<DeclaredHandlers<To, Events, Commands, Timeouts, State>>,
): ProcessManager<Name, From, To, Events, Commands, Timeouts> {
  requireName("process manager", name);
  const { from, to, correlate, events, commands = {}, timeouts = {}, description, initialState, revision, start, retry } = definition;
  const followed: readonly From[] = Array.isArray(from) ? from : [from];
  const targets: readonly To[] = Array.isArray(to) ? to : [to];
  for (const type of Object.keys(events)) requireName(`event type of process manager "${name}"`, type, EVENT_TYPE);
  for (const type of Object.keys(events)) {
    if (type.startsWith("$"))
      throw new TypeError(`event type "${type}" of process manager "${name}": types that begin with $ are the store's own`);
  }
  for (const command of [...Object.keys(commands), ...Object.keys(timeouts)]) requireName(`command of process manager "${name}"`, command);
  for (const timeout of Object.keys(timeouts)) {
    if (Object.hasOwn(commands, timeout)) throw new TypeError(`"${timeout}" is a command and a timeout of process manager "${name}"`);
  }
  requireKnownTypes(`process manager "${name}"`, followed, Object.keys(correlate));
  // The handlers were typed one by one; from here on they get inputs by name alone.
  const handlers = definition as unknown as Readonly<
    Record<"on" | "evolve" | "decide" | "onTimeout" | "onAccepted" | "onRefused" | "onFailed", Handlers | undefined>
  >;
  const owner = `process manager "${name}"`;
  requireHandlers(owner, "evolve", events, handlers.evolve);
  requireHandlers(owner, "decide", commands, handlers.decide);
  requireHandlers(owner, "onTimeout", timeouts, handlers.onTimeout);
  const answer = (kind: keyof typeof handlers, key: string, state: unknown, input: unknown, context: DecideContext) =>
    handlerOf(handlers[kind], key)?.(state, input, context);
  return defineProcess({
    name,
    followed,
    initialState,
    ...(description === undefined ? {} : { description }),
    ...(revision === undefined ? {} : { revision }),
    ...(start === undefined ? {} : { start }),
    events,
    commands,
    timeouts,
    evolve: definition.evolve as never,
    correlate: new Map(Object.entries(correlate)) as never,
    onEvent: (state, event, context) => answer("on", event.type, state, event, context),
    onCommand: (state, command, data, context) => answer("decide", command, state, data, context),
    onTimeout: (state, timeout, data, context) => answer("onTimeout", timeout, state, data, context),
    onOutcome: (state, sent, outcome, context) =>
      answer(HANDLER_OF[outcome.outcome], sent.command, state, { ...sent, ...outcome }, context),
    wantsEvents: ({ command }) => handlerOf(handlers.onAccepted, command) !== undefined,
    targets: new Set(targets.map((target) => target.name)),
    ...(retry === undefined ? {} : { retry: retryPolicy(`process manager "${name}"`, retry) }),
  }) as unknown as ProcessManager<Name, From, To, Events, Commands, Timeouts>;
}

const HANDLER_OF = { accepted: "onAccepted", refused: "onRefused", failed: "onFailed" } as const satisfies Record<
  Outcome["outcome"],
  string
>;

function handlerOf(handlers: Handlers | undefined, key: string): Handler | undefined {
  return handlers && Object.hasOwn(handlers, key) ? handlers[key] : undefined;
}
