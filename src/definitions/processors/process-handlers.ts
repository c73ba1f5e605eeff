/** What the handlers of a process manager get, and what they may answer: types derived from the schemas of its targets. */

import type * as z from "zod";
import type { DecideContext, DeclaredEvent, DeclaredTimer, NewEventOf, Nothing, Refusal, TimerOf } from "../../core/command.ts";
import type { SendAction } from "../../core/sending.ts";
import type { DataSchemas, Frozen, JsonObject } from "../../core/event.ts";
import type { Declared, Several } from "../../core/place.ts";
import type { MeantBy, Nobody, Undeclared } from "../handlers.ts";
import type { EventOfType, Followed } from "../followed.ts";
import type { Completion } from "./process-answer.ts";

/** What senders of commands need to know about an aggregate, process manager or saga. */
export interface Target<Commands extends DataSchemas = DataSchemas> extends Followed {
  readonly commands: Commands;
}

/** Commands that these aggregates take. */
export type CommandTo<To extends Target> = To extends Target
  ? { [Command in keyof To["commands"] & string]: SendAction<To["name"], Command> }[keyof To["commands"] & string]
  : never;

/** Their names. */
export type CommandNameOf<To extends Target> = CommandTo<To>["command"];

/** The data of the commands that have this name. */
export type CommandDataOf<To extends Target, Command extends string> = To extends Target
  ? Command extends keyof To["commands"]
    ? z.input<To["commands"][Command]>
    : never
  : never;

/** A command that was sent, as handlers of its outcome get it. */
export interface Sent<Data = JsonObject> {
  readonly commandId: string;
  readonly aggregate: string;
  /** The id of the target stream, within its category. */
  readonly id: string;
  readonly command: string;
  readonly data: Data;
}

/** An event that a command led to. */
export type Led<To extends Target, Command extends string> = To extends Target
  ? Command extends keyof To["commands"]
    ? {
        [Type in keyof To["events"] & string]: {
          readonly type: Type;
          readonly version: number;
          readonly data: z.output<To["events"][Type]>;
        };
      }[keyof To["events"] & string]
    : never
  : never;

/** The target has carried the command out. */
export interface Accepted<Data = JsonObject, Event = unknown> extends Sent<Data> {
  /** The target's version after it. */
  readonly version: number;
  readonly events: readonly Event[];
}

/** The target's rules refused the command. */
export interface Refused<Data = JsonObject> extends Sent<Data> {
  /** The code that the target gave. */
  readonly reason: string;
  readonly details?: unknown;
}

/** The command could not be carried out. */
export interface Failed<Data = JsonObject> extends Sent<Data> {
  readonly reason:
    | "invalid-command"
    | "unknown-aggregate"
    | "unknown-command"
    | "invalid-stream-id"
    | "stream-deleted"
    | "skipped"
    | "version-conflict"
    | "command-failed";
  readonly detail?: string;
}

/** What handlers of inputs may answer. */
export type ProcessAnswer<Events extends DataSchemas, To extends Target, Timeouts extends DataSchemas> =
  | ProcessPart<Events, To, Timeouts>
  | Several<ProcessPart<Events, To, Timeouts>>
  | Nothing
  | undefined
  | void;

export type ProcessPart<Events extends DataSchemas, To extends Target, Timeouts extends DataSchemas> =
  | NewEventOf<Events>
  | CommandTo<To>
  | TimerOf<Timeouts>
  | Completion
  | DeclaredEvent<keyof Events & string>
  | DeclaredTarget<To["name"]>
  | DeclaredTimer<keyof Timeouts & string>;

/** Names those that a process sends to. */
interface DeclaredTarget<Names extends string> extends Declared<Names> {
  readonly kind: "send";
  readonly aggregate: string;
}

/** Handlers of these events, whatever they are. */
export type AnyHandlers<Handled extends string> = { readonly [Type in Handled]: unknown };

/** The handlers of events, each checked as `definitions/handlers.ts` says. */
export type HandlersLike<On, Handled extends string, From extends Followed, State, Part> = {
  readonly [Type in keyof On]: Type extends Handled
    ? [On[Type]] extends [Nobody]
      ? On[Type]
      : (
          state: Frozen<State>,
          event: EventOfType<From, Type>,
          context: DecideContext,
        ) => MeantBy<On[Type], Part, Nothing | undefined | void>
    : Undeclared<Type>;
};

/** Nothing is declared. */
// oxlint-disable-next-line typescript/no-empty-object-type -- it means: no names at all
type None = {};

/** Handlers that exist exactly when what they handle is declared. */
export type DeclaredHandlers<
  To extends Target,
  Events extends DataSchemas,
  Commands extends DataSchemas,
  Timeouts extends DataSchemas,
  State,
> = IfDeclared<
  Commands,
  "decide",
  {
    readonly [Command in keyof Commands]: (
      state: Frozen<State>,
      data: Frozen<z.output<Commands[Command]>>,
      context: DecideContext,
    ) => ProcessAnswer<Events, To, Timeouts> | Refusal;
  }
> &
  IfDeclared<
    Timeouts,
    "onTimeout",
    {
      readonly [Timeout in keyof Timeouts]: (
        state: Frozen<State>,
        data: Frozen<z.output<Timeouts[Timeout]>>,
        context: DecideContext,
      ) => ProcessAnswer<Events, To, Timeouts>;
    }
  >;

type IfDeclared<Declared, Name extends string, Handlers> = [keyof Declared] extends [never]
  ? { readonly [Key in Name]?: None }
  : { readonly [Key in Name]: Handlers };
