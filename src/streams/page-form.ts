/** How events are stored: an append is a page, or several if it is long. The form of a page's content is that of `store/events-text.ts`. */

import { type StoredEvent, bytesOf, charactersOf } from "../core/event.ts";
import { type EventsText, eventsOf, textOf } from "../store/events-text.ts";
import { PAGE_EVENT_BYTES, STREAM_PAGE_BYTES } from "./limits.ts";

/** Events that one row has: those of one append, or a part of them. */
export interface Page extends EventsText {
  /** The version of the first event that was stored together with them. */
  readonly append: number;
}

/** The pages of one append. `events` follow each other. */
export function pagesOf(events: readonly StoredEvent[]): Page[] {
  const [{ version: append } = { version: 0 }] = events;
  return parts(events).map((part) => ({ first: part[0]?.version ?? append, count: part.length, append, text: textOf(part) }));
}

/** The events in parts, each of which fits in a row. */
function parts(events: readonly StoredEvent[]): (readonly StoredEvent[])[] {
  // A code unit is at most three bytes: most appends need not be measured.
  const characters = events.reduce((sum, event) => sum + charactersOf(event), 0);
  if (3 * characters + PAGE_EVENT_BYTES * events.length <= STREAM_PAGE_BYTES) return events.length > 0 ? [events] : [];
  const all: StoredEvent[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const event of events) {
    const more = bytesOf(event) + PAGE_EVENT_BYTES;
    if (bytes + more > STREAM_PAGE_BYTES) {
      all.push([]);
      bytes = 0;
    }
    all.at(-1)?.push(event);
    bytes += more;
  }
  return all;
}

/** The same page, without the content of the events before a version. */
export function blanked(page: Page, before: number): Page {
  const events = eventsOf(page).map((event) =>
    event.version < before ? { ...event, data: "{}", meta: "{}", trace: null, erased: true } : event,
  );
  return { ...page, text: textOf(events) };
}
