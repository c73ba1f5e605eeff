/** What a processor sends: commands for aggregates, and facts for plain categories. */

import type * as z from "zod";
import type { DataSchemas, Frozen, NewEvent } from "./event.ts";
import type { name } from "./place.ts";
import { withoutUnknown } from "./strict-schema.ts";

/** A command on its way to an aggregate, as a processor returns it. Made by {@link send}. */
export interface SendAction<Target extends string = string, Command extends string = string> {
  readonly kind: "send";
  readonly aggregate: Target;
  readonly id: string;
  readonly command: Command;
  readonly data: unknown;
  /** The data has no member that the command's schema does not declare. */
  readonly exact?: true;
  readonly [name]?: Target;
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

/** What {@link send} needs to know about its target. Every aggregate provides it. */
export interface CommandTarget<Name extends string = string, Commands extends DataSchemas = DataSchemas> {
  readonly name: Name;
  readonly commands: Commands;
}

/** What {@link append} needs to know about its target. Every plain category provides it. */
export interface FactTarget<Name extends string = string, Events extends DataSchemas = DataSchemas> {
  readonly kind: "plain";
  readonly name: Name;
  readonly events: Events;
}

/**
 * A command for an aggregate. Members of the data that the command's schema does not declare are left out.
 *
 * @example
 * OrderPlaced: (event) => event.data.lines.map((line) => send(product, line.sku, "ReserveStock", { order: event.stream, quantity: line.quantity }))
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
