/** A reactor: answers events with commands and facts, and keeps no state. Pure: this file knows no runtime. */

import { requireName } from "../names.ts";
import { type EventOf, type EventOfType, type Source, requireKnownTypes } from "../source.ts";
import type { AppendAction, SendAction } from "../command.ts";
import type { RecordedEvent } from "../event.ts";

/** What a processor may answer. */
export type Action = SendAction | AppendAction;
export type Actions = Action | readonly Action[] | undefined | void;

export interface ReactorDefinition<From extends Source> {
  readonly description?: string;
  /** Whose events it answers. */
  readonly from: From | readonly From[];
  /** One handler for each event type of interest. Pure and synchronous: after a crash it may run again. */
  readonly on: NoInfer<{
    readonly [Type in EventOf<From>["type"]]?: (event: EventOfType<From, Type>) => Actions;
  }>;
}

/** A reactor, as the engine sees it. */
export interface Reactor<Name extends string = string, From extends Source = Source> {
  readonly kind: "processor";
  readonly name: Name;
  readonly description?: string;
  readonly sources: readonly From[];
  readonly handlers: ReadonlyMap<string, (event: RecordedEvent) => Actions>;
  readonly start?: "beginning" | "head";
}

/**
 * Declares a reactor.
 *
 * Its name is part of the ids derived from it: renaming it makes it a new reactor, whose reactions happen again.
 *
 * @throws {TypeError} when the name is not valid or an event is not declared
 *
 * @example
 * export const reserveStock = reactor("reserve-stock", {
 *   from: order,
 *   on: { OrderPlaced: (event) => event.data.lines.map((line) => send(product, line.sku, "ReserveStock", line)) },
 * });
 */
export function reactor<const Name extends string, From extends Source>(
  name: Name,
  definition: ReactorDefinition<From>,
): Reactor<Name, From> {
  requireName("reactor", name);
  const { from, on, ...rest } = definition;
  const sources: readonly From[] = Array.isArray(from) ? from : [from];
  requireKnownTypes(`reactor "${name}"`, sources, Object.keys(on));
  // The handlers were typed one by one; from here on events reach them by their type's name alone.
  const handlers = new Map(Object.entries(on as unknown as Record<string, (event: RecordedEvent) => Actions>));
  return { kind: "processor", name, sources, handlers, ...rest };
}
