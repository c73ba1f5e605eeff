/** What may reach a process in a test, besides events: outcomes of its commands, timers, commands from clients. */

import type { TimerOptions } from "../core/command.ts";
import type { SendAction } from "../core/sending.ts";
import type { JsonObject, JsonValue, NewEvent } from "../core/event.ts";
import type { Made, NameAt } from "../core/place.ts";
import type { Outcome } from "../definitions/processors/process-events.ts";
import type { On } from "./recorded.ts";

/** The outcome of a command that the process has sent. Made by {@link accepted}, {@link refused} and {@link failed}. */
export interface OutcomeInput<Sent extends SendAction = SendAction> {
  readonly kind: "outcome";
  readonly sent: Sent;
  readonly outcome: DistributiveOmit<Outcome, "commandId">;
}
type DistributiveOmit<Union, Key extends PropertyKey> = Union extends unknown ? Omit<Union, Key> : never;

/** A timer has gone off. Made by {@link timeout}. */
export interface TimeoutInput<Timeout extends string = string> {
  readonly kind: "timeout";
  readonly timeout: Timeout;
  readonly key?: string;
}

/** A command from a client. Made by {@link told}. */
export interface CommandInput<Command extends string = string> {
  readonly kind: "command";
  readonly command: Command;
  readonly data: unknown;
}

export type AnyInput = On | OutcomeInput | TimeoutInput | CommandInput;

/**
 * The target has carried the command out, with these events.
 *
 * @example
 * given(reservation, on("order/1", event("OrderPlaced", { sku: "tea" })))
 *   .when(accepted(send(product, "tea", "ReserveStock", { order: "1", quantity: 1 })))
 *   .then(send(order, "1", "ConfirmOrder", {}), complete());
 */
export function accepted<Sent extends SendAction>(
  sent: Sent,
  ...events: readonly NewEvent<string, unknown, PropertyKey>[]
): OutcomeInput<Sent> {
  const stored = events.map(({ type, data }, index) => ({ type, version: index + 1, data: data as Record<string, unknown> }));
  return { kind: "outcome", sent, outcome: { outcome: "accepted", version: Math.max(1, events.length), events: stored } };
}

/**
 * The target has refused the command.
 *
 * @example
 * given(reservation, on("order/1", event("OrderPlaced", { sku: "tea" })))
 *   .when(refused(send(product, "tea", "ReserveStock", { order: "1", quantity: 1 }), "not-enough"))
 *   .then(send(order, "1", "RejectOrder", { reason: "not-enough" }), complete());
 */
export function refused<Sent extends SendAction>(sent: Sent, reason: string, details?: JsonValue): OutcomeInput<Sent> {
  return { kind: "outcome", sent, outcome: { outcome: "refused", reason, ...(details === undefined ? {} : { details }) } };
}

/**
 * The command could not be carried out: it is invalid, or nothing takes it, or `decide` threw.
 *
 * @example
 * given(reservation, on("order/1", event("OrderPlaced", { sku: "tea" })))
 *   .when(failed(send(product, "tea", "ReserveStock", { order: "1", quantity: 1 }), "unknown-command"))
 *   .thenNothing();
 */
export function failed<Sent extends SendAction>(sent: Sent, reason: string): OutcomeInput<Sent> {
  return { kind: "outcome", sent, outcome: { outcome: "failed", reason } };
}

/**
 * The timer with this name, and this key if it has one, goes off; it must have been set.
 *
 * @example
 * given(stay, on("order/1", event("OrderPlaced", {}))).when(timeout("Overdue")).then(complete());
 */
export function timeout<const Timeout extends string, Place = never>(
  timeout: NameAt<Place, "timeout", "timeout", Timeout>,
  { key }: TimerOptions = {},
): Made<Place, "timeout", "timeout", Timeout, TimeoutInput<Timeout>> {
  return { kind: "timeout", timeout, ...(key === undefined ? {} : { key }) } as never; // the conditional type says what it is
}

/**
 * A client sends the process a command.
 *
 * @example
 * given(stay, on("order/1", event("OrderPlaced", {}))).when(told("Cancel", {})).then(complete());
 */
export function told<const Command extends string, Place = never>(
  command: NameAt<Place, "command", "command", Command>,
  data: JsonObject,
): Made<Place, "command", "command", Command, CommandInput<Command>> {
  return { kind: "command", command, data } as never; // the conditional type says what it is
}
