/**
 * An aggregate: a category of streams with rules. Pure: this file knows no runtime.
 *
 * The names of the aggregate, its events and its commands are stored, and the schemas of its events describe what is stored. Change them
 * with care.
 */

import type * as z from "zod";
import { NAME, EVENT_TYPE, requireName } from "../core/names.ts";
import type { Code } from "../core/code-hash.ts";
import type { DecideContext, Decision, Nothing, Part, Refusal } from "../core/command.ts";
import type { DataSchemas, Frozen, RecordedEvent } from "../core/event.ts";
import type { PlainState } from "../core/plain-state.ts";
import type { Schemas } from "../core/plain-schema.ts";
import type { AtDeletion } from "../core/deletion.ts";
import type { MeantBy, Nobody, Undeclared } from "./handlers.ts";
import type { SentCommand } from "./other-code.ts";
import { requireHandlers } from "./required.ts";

type EvolveContext = Pick<RecordedEvent, "id" | "version" | "type" | "meta" | "time" | "recordedAt">;

/** How one event changes the state. */
type Evolver<State, Data> = (state: Frozen<State>, data: Frozen<Data>, event: EvolveContext) => Frozen<State>;

// `NoInfer`: the handlers' return values must not widen the literals of `State`.
interface Described<Events extends DataSchemas, Commands extends DataSchemas, Evolve> {
  readonly description?: string;
  /** Event types by name. The output of the schema is what is stored. */
  readonly events: Events;
  /** Commands by name. The body of the request is validated with the schema. */
  readonly commands: Commands;
  /** How each event changes the state. Pure, synchronous, never throws. */
  readonly evolve: Evolve;
  /**
   * Replaces the source of `evolve` and `initialState` as their version: snapshots of another revision are ignored. Change it when you
   * change functions that they call.
   */
  readonly revision?: string | number;
  /**
   * `"required"`: a client must say with each command which version of the stream it has read (`If-Match: "3"`, or `If-None-Match: *` for a
   * new stream), so that none overwrites what it has not seen; else 428. Timers and processors need not. Default: each request decides.
   */
  readonly ifMatch?: "required";
}

/** The handlers of an aggregate's events. */
type EvolveLike<Evolve, Events extends DataSchemas, State> = {
  readonly [Type in keyof Evolve]: Type extends keyof Events
    ? [Evolve[Type]] extends [Nobody]
      ? Evolve[Type]
      : NoInfer<EvolverLike<Evolve[Type], State, z.output<Events[Type]>>>
    : Undeclared<Type>;
};
/** Of one that makes another state: only what it makes, so that the compiler compares the states and does not write all parameters out. */
type EvolverLike<Handler, State, Data> = [Handler] extends [(...args: never) => infer Made]
  ? [Made] extends [Frozen<State>]
    ? Evolver<State, Data>
    : (...parameters: never) => Frozen<State>
  : Evolver<State, Data>;

/** The rules of an aggregate. */
type DecideLike<Decide, Events extends DataSchemas, Commands extends DataSchemas, State> = {
  readonly [Command in keyof Decide]: Command extends keyof Commands
    ? [Decide[Command]] extends [Nobody]
      ? Decide[Command]
      : (
          state: Frozen<State>,
          data: Frozen<z.output<Commands[Command]>>,
          context: DecideContext,
        ) => MeantBy<Decide[Command], Part<Events, Commands>, Nothing | Refusal>
    : Undeclared<Command>;
};
type AnyDecide<Commands extends DataSchemas> = { readonly [Command in keyof Commands]: unknown };

export interface AggregateDefinition<
  Events extends DataSchemas,
  Commands extends DataSchemas,
  State,
  Decide extends AnyDecide<Commands> = AnyDecide<Commands>,
  Evolve extends AnyDecide<Events> = AnyDecide<Events>,
> extends Described<Events, Commands, EvolveLike<Evolve, Events, State>> {
  /** What each command leads to: events and timers, `nothing()` or `refuse(…)`. Pure and synchronous. */
  readonly decide: DecideLike<Decide, Events, Commands, State>;
  /**
   * Commands that only timers and processors send. For clients they do not exist. (A set: those of another aggregate, spread into this
   * one.)
   */
  readonly internal?: readonly NoInfer<keyof Commands & string>[] | ReadonlySet<string>;
  /** The state of a stream without events. Plain JSON; members that are `undefined` count as absent. */
  readonly initialState: () => State & NoInfer<PlainState<State>>;
}

/** An aggregate, as {@link aggregate} returns it: its name, schemas and rules, with their types. */
export interface Aggregate<
  Name extends string = string,
  Events extends DataSchemas = DataSchemas,
  Commands extends DataSchemas = DataSchemas,
  State = unknown,
> extends Described<Events, Commands, { readonly [Type in keyof Events]: Evolver<State, z.output<Events[Type]>> }> {
  readonly kind: "aggregate";
  readonly decide: {
    readonly [Command in keyof Commands]: (
      state: Frozen<State>,
      data: Frozen<z.output<Commands[Command]>>,
      context: DecideContext,
    ) => Decision<Events, Commands>;
  };
  readonly name: Name;
  readonly initialState: () => State;
  /** The code that folds the state, where that is not `evolve` and `initialState` themselves: for the hash that snapshots carry. */
  readonly folds?: Code;
  /** Its commands that only timers and processors send; no route takes them. */
  readonly internal?: ReadonlySet<string>;
  /** Processes only: what to know before an instance is deleted. */
  readonly atDeletion?: (state: State) => AtDeletion;
  /**
   * Processes only: why it leaves an input to another version of the app's code. Undefined: it takes the input.
   *
   * @param takes whether this code has a command that the instance sent
   */
  readonly foreign?: (state: State, command: string, data: unknown, takes: (sent: SentCommand) => boolean) => string | undefined;
}

/** Any aggregate, whatever its types. `any` because its functions are contravariant in the state: no narrower type fits all. */
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyAggregate = Aggregate<string, any, any, any>;

/**
 * Declares an aggregate.
 *
 * @param name names the category of its streams: `order` for `order/42`
 * @throws {TypeError} when a name cannot be part of a route, `internal` names a command that is not declared, or a handler is missing
 *
 * @example
 * export const counter = aggregate("counter", {
 *   events: { Counted: z.object({ by: z.number().int() }) },
 *   commands: { Count: z.object({ by: z.number().int().positive() }) },
 *   initialState: () => ({ total: 0 }),
 *   evolve: { Counted: (state, { by }) => ({ total: state.total + by }) },
 *   decide: { Count: (_state, { by }) => event("Counted", { by }) },
 * });
 */
export function aggregate<
  const Name extends string,
  const Events extends Schemas<Events>,
  const Commands extends Schemas<Commands>,
  State,
  Decide extends AnyDecide<Commands>,
  Evolve extends AnyDecide<Events>,
>(name: Name, definition: AggregateDefinition<Events, Commands, State, Decide, Evolve>): Aggregate<Name, Events, Commands, State> {
  requireName("aggregate", name);
  for (const type of Object.keys(definition.events)) requireName(`event type of aggregate "${name}"`, type, EVENT_TYPE);
  for (const command of Object.keys(definition.commands)) requireName(`command of aggregate "${name}"`, command, NAME);
  requireHandlers(`aggregate "${name}"`, "evolve", definition.events, definition.evolve);
  requireHandlers(`aggregate "${name}"`, "decide", definition.commands, definition.decide);
  const { internal, ...rules } = definition;
  const unknown = [...(internal ?? [])].find((command) => !Object.hasOwn(definition.commands, command));
  if (unknown !== undefined)
    throw new TypeError(`aggregate "${name}" has the internal command "${unknown}", which its \`commands\` does not declare`);
  return {
    kind: "aggregate",
    name,
    ...(rules as unknown as Omit<Aggregate<Name, Events, Commands, State>, "kind" | "name">),
    ...(internal ? { internal: new Set(internal) } : {}),
  };
}
