/** A plain category: streams of events with schemas and no rules. Pure: this file knows no runtime. */

import { EVENT_TYPE, requireName } from "../names.ts";
import type { DataSchemas } from "../event.ts";

export interface CategoryDefinition<Events extends DataSchemas> {
  readonly description?: string;
  /** Event types by name. */
  readonly events: Events;
}

export interface Category<Name extends string = string, Events extends DataSchemas = DataSchemas> extends CategoryDefinition<Events> {
  readonly kind: "plain";
  readonly name: Name;
}

/**
 * Declares a plain category. Facts are appended to its streams over HTTP or by processors.
 *
 * @throws {TypeError} when a name could not be carried by the routes
 *
 * @example
 * export const reading = category("reading", {
 *   events: { TemperatureRead: z.object({ celsius: z.number() }) },
 * });
 */
export function category<const Name extends string, const Events extends DataSchemas>(
  name: Name,
  definition: CategoryDefinition<Events>,
): Category<Name, Events> {
  requireName("category", name);
  for (const type of Object.keys(definition.events)) requireName(`event type of category "${name}"`, type, EVENT_TYPE);
  return { kind: "plain", name, ...definition };
}
