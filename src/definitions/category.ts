/** A plain category: streams of events with schemas and no rules. Pure: this file knows no runtime. */

import type * as z from "zod";
import { EVENT_TYPE, requireName } from "../core/names.ts";
import type { DataSchemas } from "../core/event.ts";
import type { Schemas } from "../core/plain-schema.ts";
import { isObjectSchema } from "../core/zod-form.ts";

/** The fields that every one of these event types has, and whose values are strings or numbers: they can name a stream. */
type KeyField<Events extends DataSchemas> = [keyof Events] extends [never] ? never : NamingField<z.output<Events[keyof Events]>>;

/** `keyof` of a union gives the members that all its types have. Names that are not known (`string`) do not count. */
type NamingField<Data> = keyof {
  [Field in keyof Data as string extends Field ? never : Data[Field] extends string | number ? Field : never]: true;
} &
  string;

export interface CategoryDefinition<Events extends DataSchemas> {
  readonly description?: string;
  /**
   * The field of an event's data that names its stream, for facts that come without one (`POST /streams/{category}`). Without it each of
   * those facts gets a new stream.
   */
  readonly key?: NoInfer<KeyField<Events>>;
  /** Event types by name. */
  readonly events: Events;
}

/** A plain category, as {@link category} returns it: its name and schemas, with their types. */
export interface Category<Name extends string = string, Events extends DataSchemas = DataSchemas> {
  readonly kind: "plain";
  readonly name: Name;
  readonly description?: string;
  readonly key?: string;
  readonly events: Events;
}

/**
 * Declares a plain category. Facts are appended to its streams over HTTP or by processors.
 *
 * @throws {TypeError} when a name cannot be part of a route, or an event type does not have the key
 *
 * @example
 * export const reading = category("reading", {
 *   key: "sensor",
 *   events: { TemperatureRead: z.object({ sensor: z.string(), celsius: z.number() }) },
 * });
 */
export function category<const Name extends string, const Events extends Schemas<Events>>(
  name: Name,
  definition: CategoryDefinition<Events>,
): Category<Name, Events> {
  requireName("category", name);
  for (const type of Object.keys(definition.events)) requireName(`event type of category "${name}"`, type, EVENT_TYPE);
  for (const [type, schema] of Object.entries(definition.events)) {
    if (definition.key !== undefined && isObjectSchema(schema) && !(definition.key in schema.shape))
      throw new TypeError(`the key of category "${name}" is "${definition.key}", which event type "${type}" does not have`);
  }
  return { kind: "plain", name, ...definition };
}
