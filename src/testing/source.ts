/** When a change, then what a source appends: by the engine's own code, with the category's schema. */

import type { NewEventOf } from "../core/command.ts";
import type { JsonObject } from "../core/event.ts";
import type { Category } from "../definitions/category.ts";
import type { SourceInCode } from "../definitions/sources/source.ts";
import { eventsOf } from "../sources/change-events.ts";
import { fromCode } from "../store/plain-category.ts";
import { type On, asStored, dataOf } from "./recorded.ts";
import { same } from "./same.ts";

/** The event that a source makes of a change: the sentence ends here. */
export interface WhenSource<To extends Category = Category> {
  /** This event, on this stream. */
  thenAppends(event: On<`${To["name"]}/${string}`, NewEventOf<To["events"]>>): void;
  /** The change is of no concern. */
  thenNothing(): void;
  /** The source stops at the change, with this in its error. */
  thenFails(message: string): void;
}

export function whenSource<To extends Category>(source: SourceInCode<string, never, To>, change: object): WhenSource<To> {
  const sentence = `${source.name}: when ${JSON.stringify(change)}`;
  const making = { source, category: fromCode(source.category), salt: "test", skipped: new Set<string>() };
  // What a kind of sources gives is plain JSON.
  const value = JSON.parse(JSON.stringify(change)) as JsonObject;
  const { events, failed } = eventsOf(making, [{ id: "change", position: "change", value }]);
  const made = events.map(({ stream, event: { type, data } }) => ({ stream, type, data: JSON.parse(data) as unknown }));
  const actual = failed ? { failed: failed.message } : made;
  return {
    thenAppends({ stream, event }) {
      const data = dataOf([source.category], source.category.name, event);
      same(sentence, actual, asStored([{ stream, type: event.type, data }]));
    },
    thenNothing: () => same(sentence, actual, []),
    thenFails(message) {
      same(sentence, failed?.message.includes(message) ? { failed: message } : actual, { failed: message });
    },
  };
}
