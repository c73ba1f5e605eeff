/** The events behind a row: those at which the view's own functions name its key. */

import { type LoggedEvent, categoryOf, toRecorded } from "../core/event.ts";
import { streamIdProblem } from "../core/names.ts";
import { liftFor, problemFor } from "../definitions/upcast.ts";
import { isKeyedByStream } from "../definitions/views/keys.ts";
import { type View, filterOfView } from "../definitions/views/view.ts";
import { touchesOf } from "../rows/fold.ts";
import type { Store } from "../store/store.ts";
import { generationsOf } from "./generations.ts";
import { LOOK_BACK_PAGES } from "./limits.ts";
import { type Found, lookBack } from "./look-back.ts";

export interface RowEvents {
  readonly key: string;
  /** Only events before this position. */
  readonly before: number;
  readonly limit: number;
  /** The categories, among those that the view follows, whose events may be shown. */
  readonly categories: readonly string[];
}

const NONE: Found = { events: [], scannedTo: 1 };

/** The latest first, and one more than the limit if there is one. Rows that are named like streams are found by the streams' index. */
export async function rowEvents(store: Store, view: View, { key, before, limit, categories }: RowEvents): Promise<Found> {
  if (categories.length === 0) return NONE;
  const { skipped } = await generationsOf(store, view);
  const followed = filterOfView(view);
  const isWanted = (event: LoggedEvent) => !skipped.has(event.position) && touches(view, followed.types, event, key);
  const search = { before, wanted: limit + 1, isWanted };
  const streams = streamsOf(view, key, categories);
  if (!streams) return lookBack(store.log, { ...search, filter: { ...followed, categories } });
  const found: Found[] = [];
  const pages = Math.max(1, Math.floor(LOOK_BACK_PAGES / streams.length));
  for (const stream of streams) found.push(await lookBack(store.log, { ...search, pages, filter: { stream } }));
  // Only what was examined in all of them is known to be complete.
  const scannedTo = Math.max(1, ...found.map((one) => one.scannedTo));
  const events = found.flatMap((one) => one.events.filter(({ position }) => position >= scannedTo));
  return { events: events.toSorted((a, b) => b.position - a.position), scannedTo };
}

/** The streams whose events alone make the row; undefined: the key does not tell. */
function streamsOf(view: View, key: string, categories: readonly string[]): string[] | undefined {
  if (view.ownRows && view.ownKey === "stream") return categories.includes(categoryOf(key)) ? [key] : [];
  if (!isKeyedByStream(view)) return undefined;
  return streamIdProblem(key) === undefined ? categories.map((category) => `${category}/${key}`) : [];
}

function touches(view: View, types: readonly string[] | undefined, logged: LoggedEvent, key: string): boolean {
  if (types && !types.includes(logged.type)) return false;
  // Nothing else is left of it: what made the row of a stream was this.
  if (logged.erased) return (view.ownRows || isKeyedByStream(view)) && (types !== undefined || !logged.type.startsWith("$"));
  const event = liftFor(view.followed, logged);
  if (problemFor(view.followed, event)) return false;
  const [touch] = touchesOf(view, [toRecorded(event)]).touches;
  return touch?.keys.includes(key) ?? false;
}
