/**
 * A page of the log for a reader that unpacks it: stored pages travel as they are, without being parsed here. Events are only looked at
 * where that is needed: in a page with other kinds than the reader wants, or with kinds that the code lifts; and in the first and the last
 * one, which may be meant in part.
 */

import { PAGE_BYTES } from "../core/limits.ts";
import { byteLength } from "../core/json.ts";
import { type LoggedEvent, bytesOf } from "../core/event.ts";
import { type PackedEvents, eventsOf, packed } from "../store/page-text.ts";
import type { LogReadRequest } from "../store/log-protocol.ts";
import type { PackedPage } from "../store/packed-page.ts";
import { matches } from "./filter.ts";
import type { StoredPage } from "./pages.ts";

/** Events of a page from which on it travels as it is. Ours: many small parts cost more than their events. */
const WHOLE_EVENTS = 8;

/** What a page is made of. */
export interface Stored {
  /** The positions that are examined. */
  readonly begin: number;
  readonly end: number;
  readonly head: number;
  /** The stored pages that have them. */
  readonly pages: Iterable<StoredPage>;
}

/** What the code does to events. */
export interface Lifting {
  readonly lift: (event: LoggedEvent) => LoggedEvent;
  /** Whether `lift` leaves every event of this kind (`category/type`) as it is. */
  readonly isAsStored: (kind: string) => boolean;
}

/** Whether a request asks for nothing but kinds of events. */
export function isPlain({ direction = "forward", stream, streams, id, since, until, correlationId }: LogReadRequest): boolean {
  return direction === "forward" && [stream, streams, id, since, until, correlationId].every((part) => part === undefined);
}

/** The same page as `LogTable.page` makes of a {@link isPlain} request, lifted. */
export function storedPage(request: LogReadRequest, { begin, end, head, pages }: Stored, { lift, isAsStored }: Lifting): PackedPage {
  const { limit, bytes = PAGE_BYTES } = request;
  const parts: PackedEvents[] = [];
  let [loose, count, size, last]: [LoggedEvent[], number, number, number] = [[], 0, 0, begin - 1];
  const pageTo = (next: number) => ({ packed: loose.length > 0 ? [...parts, packed(loose)] : parts, next, head });
  for (const page of pages) {
    const { first } = page;
    const isWhole = first >= begin && first + page.count - 1 <= end && page.count >= WHOLE_EVENTS && count + page.count <= limit;
    const kinds = isWhole ? Object.keys(JSON.parse(page.kinds) as object) : [];
    if (isWhole && !kinds.some((kind) => wants(request, kind))) continue;
    // A character is a byte or more.
    const fits = isWhole && size + page.body.length <= bytes && size + byteLength(page.body) <= bytes;
    if (fits && kinds.every((kind) => wants(request, kind) && isAsStored(kind))) {
      if (loose.length > 0) parts.push(packed(loose));
      parts.push({ first, head: page.head, body: page.body });
      [loose, count, size, last] = [[], count + page.count, size + byteLength(page.body), first + page.count - 1];
      continue;
    }
    for (const event of eventsOf(page, first)) {
      if (event.position < begin || event.position > end || !matches(request, event)) continue;
      size += bytesOf(event);
      if (count === limit || (size > bytes && count > 0)) return pageTo(last);
      loose.push(lift(event));
      [count, last] = [count + 1, event.position];
    }
  }
  return pageTo(end);
}

/** Whether the reader wants events of a kind: `category/type`. */
function wants(request: LogReadRequest, kind: string): boolean {
  const slash = kind.indexOf("/") + 1;
  return matches(request, { stream: kind.slice(0, slash), type: kind.slice(slash) });
}
