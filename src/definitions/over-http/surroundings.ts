/**
 * What a definition over HTTP may name: categories and views, of code or of the store. They are looked up before the definition is checked
 * or compiled. Pure.
 */

import type { JsonSchema } from "../../schemas/json-schema.ts";
import type { Followed } from "../followed.ts";
import type { View } from "../views/view.ts";

/** A category, wherever it was declared. */
export interface CategoryShape {
  readonly name: string;
  readonly kind: "plain" | "aggregate";
  /** Only the declared types are accepted. */
  readonly strict: boolean;
  /** JSON Schemas of what is stored, by event type. */
  readonly events: Readonly<Record<string, JsonSchema>>;
  /** The property of an event's data that names its stream. */
  readonly key?: string;
  /** The type of a fact that is sent as its data alone. */
  readonly factType?: string;
  /** What consumers lift its events by: the code's category, or one without schemas. */
  readonly source: Followed;
}

/** A name that does not exist (any more) is absent. */
export interface Surroundings {
  readonly categories: ReadonlyMap<string, CategoryShape>;
  readonly views: ReadonlyMap<string, View>;
}
