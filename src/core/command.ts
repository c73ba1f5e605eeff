/**
 * What answers a command: events, nothing, or a refusal. And what a processor sends: commands and facts.
 */

import type { z } from "zod";
import { type Duration, type WholeDuration, milliseconds } from "./duration.ts";
import type { DataSchemas, Frozen, JsonValue, NewEvent, keys } from "./event.ts";
import type { DataAt, KeysOf, Made, NameAt, Several } from "./place.ts";
import { withoutUnknown } from "./strict-schema.ts";

/** The command is fine and there is nothing to do. */
export interface Nothing {
  readonly kind: "nothing";
}

/** The command breaks a rule of the business. It becomes a 422 with `reason`; nothing is stored. */
export interface Refusal {
  readonly kind: "refusal";
  readonly reason: string;
  readonly details?: JsonValue;
}

/** Any event of these types, as `decide` may return it. */
export type NewEventOf<Events extends DataSchemas> = {
  [Type in keyof Events & string]: NewEvent<Type, Frozen<z.input<Events[Type]>>>;
}[keyof Events & string];

/** A command that the stream sends to itself later. Made by {@link after} and {@link at}. */
export interface Timer<Command extends string = string, Data = unknown, Keys = KeysOf<Data>> {
  readonly kind: "after";
  /** Milliseconds from the decision on. Either this is there or `at`. */
  readonly delayMs?: number;
  /** Milliseconds since 1970. */
  readonly at?: number;
  readonly command: Command;
  /** Which of several timers for the command; without it, the one that has no key. */
  readonly key?: string;
  readonly data: Data;
  readonly [keys]?: Keys;
}

/** Takes a timer back. Made by {@link cancel}. */
export interface Cancellation<Command extends string = string> {
  readonly kind: "cancel";
  readonly command: Command;
  readonly key?: string;
}

/** Takes every timer of the stream back: what the end of a process does. */
export interface CancelAll {
  readonly kind: "cancel-all";
}

export interface TimerOptions {
  /** Tells timers for the same command apart: an aggregate with parts has one for each part. At most 256 bytes. */
  readonly key?: string;
}

/** Any timer for these commands, as `decide` may set it. */
export type TimerOf<Commands extends DataSchemas> = {
  [Command in keyof Commands & string]: Timer<Command, Frozen<z.input<Commands[Command]>>> | Cancellation<Command>;
}[keyof Commands & string];

/** What `decide` may put together in one answer. */
type Part<Events extends DataSchemas, Commands extends DataSchemas> = NewEventOf<Events> | TimerOf<Commands>;

/** What `decide` answers. */
export type Decision<Events extends DataSchemas, Commands extends DataSchemas> =
  | Part<Events, Commands>
  | Several<Part<Events, Commands>>
  | Nothing
  | Refusal;

/**
 * Sends a command to this very stream after a while: a timer, kept with the stream and fired once by its alarm.
 * There is one timer for each command and key; setting it again moves it.
 *
 * @throws {TypeError} when the duration is not one
 *
 * @example
 * PlaceOrder: (state, order) => [event("OrderPlaced", order), after("30m", "ExpireOrder", {})]
 *
 * @example
 * ReserveSeat: (state, { seat }) => [event("SeatReserved", { seat }), after("10m", "FreeSeat", { seat }, { key: seat })]
 */
export function after<const Delay extends Duration, const Command extends string, const Data extends object, Place = never>(
  delay: WholeDuration<Delay>,
  command: NameAt<Place, "after", "command", Command>,
  data: DataAt<Place, "after", "command", Command, Data>,
  options: TimerOptions = {},
): Made<Place, "after", "command", Command, Timer<Command, Data>> {
  return { kind: "after", delayMs: milliseconds(delay), command, data, ...keyOf(options) } as never; // as of `event`
}

/**
 * Sends a command to this very stream at a time: a timer like that of {@link after}. A time in the past means now.
 *
 * @param date a Date, or a time as RFC 3339 writes it, with its offset
 * @throws {TypeError} when it is no time
 *
 * @example
 * Book: (state, { room, from }) => [event("Booked", { room, from }), at(from, "OpenRoom", { room }, { key: room })]
 */
export function at<const Command extends string, const Data extends object, Place = never>(
  date: Date | string,
  command: NameAt<Place, "after", "command", Command>,
  data: DataAt<Place, "after", "command", Command, Data>,
  options: TimerOptions = {},
): Made<Place, "after", "command", Command, Timer<Command, Data>> {
  const isTime = typeof date !== "string" || RFC_3339.test(date);
  const ms = isTime ? new Date(date).getTime() : Number.NaN;
  if (Number.isNaN(ms)) {
    throw new TypeError(`the timer for ${command} is set to ${String(date)}, which is not a time: use a Date, or RFC 3339 with an offset`);
  }
  return { kind: "after", at: ms, command, data, ...keyOf(options) } as never; // as of `event`
}

const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/i;

/** Takes back the timer for a command, or the one with this key; without one it does nothing. */
export function cancel<const Command extends string, Place = never>(
  command: NameAt<Place, "cancel", "command", Command>,
  options: TimerOptions = {},
): Made<Place, "cancel", "command", Command, Cancellation<Command>> {
  return { kind: "cancel", command, ...keyOf(options) } as never; // as of `event`
}

function keyOf({ key }: TimerOptions): TimerOptions {
  return key === undefined ? {} : { key };
}

/** The command changes nothing, and that is not an error: typically it has been carried out before. */
export function nothing(): Nothing {
  return { kind: "nothing" };
}

/**
 * Refuses the command.
 *
 * @param reason a stable code that callers can act on, for example `order-already-placed`
 * @param details JSON that helps the caller, for example what was available
 */
export function refuse(reason: string, details?: JsonValue): Refusal {
  return { kind: "refusal", reason, ...(details === undefined ? {} : { details }) };
}

/** What `decide` may know beside state and command. It never reads a clock or a random source itself. */
export interface DecideContext {
  /** The time of the decision; the events get it as `recordedAt`. */
  readonly now: Date;
  /** The stream's id within its category: `42` of `order/42`. */
  readonly id: string;
  /** The stream's version before this command. */
  readonly version: number;
  readonly commandId: string;
  /** What the events of this command carry: the conversation that it belongs to, and the id of what caused it. */
  readonly meta: { readonly correlationId: string; readonly causationId: string };
}

/** A command on its way to an aggregate, as a processor returns it. Made by {@link send}. */
export interface SendAction<Target extends string = string, Command extends string = string> {
  readonly kind: "send";
  readonly aggregate: Target;
  readonly id: string;
  readonly command: Command;
  readonly data: unknown;
  /** The data has no member that the command's schema does not know. */
  readonly exact?: true;
}

/** An event on its way to a plain stream, as a processor returns it. Made by {@link append}. */
export interface AppendAction<Target extends string = string, Type extends string = string> {
  readonly kind: "append";
  readonly category: Target;
  readonly id: string;
  readonly event: NewEvent<Type>;
  /** When it happened: RFC 3339. Without it, when it is stored. */
  readonly time?: string;
}

/** What the target of {@link send} must tell of itself. Every aggregate does. */
export interface CommandTarget<Name extends string = string, Commands extends DataSchemas = DataSchemas> {
  readonly name: Name;
  readonly commands: Commands;
}

/** What the target of {@link append} must tell of itself. Every plain category does. */
export interface FactTarget<Name extends string = string, Events extends DataSchemas = DataSchemas> {
  readonly kind: "plain";
  readonly name: Name;
  readonly events: Events;
}

/**
 * A command for an aggregate. Members of the data that the command does not have are left out.
 *
 * @example
 * OrderPlaced: (event) => event.data.lines.map((line) => send(product, line.sku, "ReserveStock", line))
 */
export function send<const Name extends string, Commands extends DataSchemas, const Command extends keyof Commands & string>(
  aggregate: CommandTarget<Name, Commands>,
  id: string,
  command: Command,
  data: Frozen<z.input<Commands[Command]>>,
): SendAction<Name, Command> {
  const schema = Object.hasOwn(aggregate.commands, command) ? aggregate.commands[command] : undefined;
  const known = schema ? withoutUnknown(schema, data) : { data, exact: false };
  return { kind: "send", aggregate: aggregate.name, id, command, data: known.data, ...(known.exact ? { exact: true } : {}) };
}

/**
 * An event for a stream of a plain category.
 *
 * @example
 * OrderReady: (event) => append(shipments, event.data.region, "ShipmentDue", { order: event.stream })
 */
export function append<const Name extends string, Events extends DataSchemas, const Type extends keyof Events & string>(
  category: FactTarget<Name, Events>,
  id: string,
  type: Type,
  data: Frozen<z.input<Events[Type]>>,
): AppendAction<Name, Type> {
  return { kind: "append", category: category.name, id, event: { kind: "event", type, data } };
}
