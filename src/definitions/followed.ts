/** What consumers follow: aggregates and plain categories, and the types of the events they hold. */

import type * as z from "zod";
import { kindOf } from "../core/misfit.ts";
import type { DataSchemas, Frozen, RecordedEvent } from "../core/event.ts";

/** What readers of events need to know about an aggregate or a plain category. */
export interface Followed<Events extends DataSchemas = DataSchemas> {
  readonly name: string;
  readonly events: Events;
}

/**
 * Every event of an aggregate or a category, as readers get it: what a function of your own takes, or a program that receives a webhook.
 *
 * @example
 * function show(event: EventOf<typeof order>): string {
 *   return event.type === "OrderPlaced" ? `${event.stream}: ${event.data.lines.length} lines` : event.type;
 * }
 */
export type EventOf<From extends Followed> = From extends Followed
  ? { [Type in keyof From["events"] & string]: RecordedEvent<Type, Frozen<z.output<From["events"][Type]>>> }[keyof From["events"] & string]
  : never;

/** The events of these categories that have this type. */
export type EventOfType<From extends Followed, Type extends string> = Extract<EventOf<From>, { readonly type: Type }>;

/** @throws {TypeError} at start-up, when a consumer names an event that none of the categories that it follows has */
export function requireKnownTypes(consumer: string, from: readonly Followed[], types: readonly string[]): void {
  for (const source of from as readonly (Followed | undefined)[]) {
    // Typically one of two files that import each other.
    if (typeof source?.events !== "object")
      throw new TypeError(`${consumer} needs an aggregate or a category in its \`from\`, got ${kindOf(source)}`);
  }
  const known = new Set(from.flatMap((source) => Object.keys(source.events)));
  for (const type of types) {
    if (!known.has(type)) {
      throw new TypeError(`${consumer} handles "${type}", which none of the categories that it follows has (${[...known].join(", ")})`);
    }
  }
}
