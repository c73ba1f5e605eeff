/** The answers to a command: events, timers, nothing, or a refusal. What a processor sends is in `sending.ts`. */

import type * as z from "zod";
import { type Duration, type WholeDuration, milliseconds } from "./duration.ts";
import type { DataSchemas, Frozen, JsonValue, NewEvent, keys } from "./event.ts";
import type { DataAt, Declared, KeysOf, Made, NameAt, Several, name } from "./place.ts";

/** The command is fine and there is nothing to do. */
export interface Nothing {
  readonly kind: "nothing";
}

/** The command breaks a business rule. The answer is a 422 with `reason`; nothing is stored. */
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
  /** Milliseconds from the decision on. A timer has either this or `at`. */
  readonly delayMs?: number;
  /** Milliseconds since 1970. */
  readonly at?: number;
  readonly command: Command;
  /** Tells several timers for the same command apart; without it, the timer that has no key. */
  readonly key?: string;
  readonly data: Data;
  readonly [keys]?: Keys;
  readonly [name]?: Command;
}

/** Cancels a timer. Made by {@link cancel}. */
export interface Cancellation<Command extends string = string> {
  readonly kind: "cancel";
  readonly command: Command;
  readonly key?: string;
  readonly [name]?: Command;
}

/** Cancels every timer of the stream: what the end of a process does. */
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

/** Names the events that a place takes. */
export interface DeclaredEvent<Names extends string> extends Declared<Names> {
  readonly kind: "event";
  readonly type: string;
}

/** Names the commands that a place takes timers for. */
export interface DeclaredTimer<Names extends string> extends Declared<Names> {
  readonly kind: "after" | "cancel";
  readonly command: string;
}

/** What `decide` may combine in one answer. */
export type Part<Events extends DataSchemas, Commands extends DataSchemas> =
  | NewEventOf<Events>
  | TimerOf<Commands>
  | DeclaredEvent<keyof Events & string>
  | DeclaredTimer<keyof Commands & string>;

/** What `decide` answers. */
export type Decision<Events extends DataSchemas, Commands extends DataSchemas> =
  | Part<Events, Commands>
  | Several<Part<Events, Commands>>
  | Nothing
  | Refusal;

/**
 * Sends a command to this same stream after a while: sets a timer, which is kept with the stream and goes off once. There is one timer for
 * each command and key; setting it again moves it.
 *
 * @throws {TypeError} when the duration is not valid
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
 * Sends a command to this same stream at a time: sets a timer like {@link after}. A time in the past means now.
 *
 * @param date a Date, or a time as RFC 3339 writes it, with its offset
 * @throws {TypeError} when it is not a time
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

/**
 * Cancels the timer for a command, or the one with this key; does nothing if there is none.
 *
 * @example
 * ConfirmOrder: () => [event("OrderConfirmed", {}), cancel("ExpireOrder")]
 */
export function cancel<const Command extends string, Place = never>(
  command: NameAt<Place, "cancel", "command", Command>,
  options: TimerOptions = {},
): Made<Place, "cancel", "command", Command, Cancellation<Command>> {
  return { kind: "cancel", command, ...keyOf(options) } as never; // as of `event`
}

function keyOf({ key }: TimerOptions): TimerOptions {
  return key === undefined ? {} : { key };
}

/**
 * The command changes nothing, and that is not an error: typically it was carried out before.
 *
 * @example
 * ConfirmOrder: (state) => (state.status === "confirmed" ? nothing() : event("OrderConfirmed", {}))
 */
export function nothing(): Nothing {
  return { kind: "nothing" };
}

/**
 * Refuses the command.
 *
 * @param reason a stable code that callers can act on, for example `order-already-placed`
 * @param details JSON that helps the caller, for example what was available
 *
 * @example
 * PlaceOrder: (state, order) => (state.status === "new" ? event("OrderPlaced", order) : refuse("order-already-placed"))
 */
export function refuse(reason: string, details?: JsonValue): Refusal {
  return { kind: "refusal", reason, ...(details === undefined ? {} : { details }) };
}

/** What `decide` may use besides state and command. It never reads a clock or a random source itself. */
export interface DecideContext {
  /** The time of the decision; the events get it as `recordedAt`. */
  readonly now: Date;
  /** The stream's id within its category: `42` of `order/42`. */
  readonly id: string;
  /** The stream's version before this command. */
  readonly version: number;
  readonly commandId: string;
  /**
   * The sender of the command, over HTTP: the name of the token, or the subject of the JWT. Its events keep it in their `meta`. Absent: a timer or a processor sends it,
   * or the store runs without tokens (`npm start`).
   */
  readonly by?: string;
  /**
   * What the events of this command carry: the correlation id, which all events of one conversation share, and the id of what caused them.
   */
  readonly meta: { readonly correlationId: string; readonly causationId: string };
}
