/**
 * How events are stored: an append is a page, which is the columns of its events in one text. A column in which all events have the same value
 * holds it once.
 *
 * JSON stays as it is. The separators are control characters, which no JSON text contains: within strings they are escaped, and between
 * values JSON has no such space.
 */

import { type StoredEvent, bytesOf } from "../core/event.ts";
import { PAGE_EVENT_BYTES, STREAM_PAGE_BYTES } from "./limits.ts";

const COLUMN = "\u001D";
const VALUE = "\u001E";

/** Events that one row has: those of one append, or a part of them. */
export interface Page {
  /** The version of its first event. */
  readonly first: number;
  readonly count: number;
  /** The version of the first event that was stored together with them. */
  readonly append: number;
  readonly text: string;
}

/** The pages of one append. `events` follow each other. */
export function pagesOf(events: readonly StoredEvent[]): Page[] {
  const [{ version: append } = { version: 0 }] = events;
  return parts(events).map((part) => ({ first: part[0]?.version ?? append, count: part.length, append, text: textOf(part) }));
}

/** The events in parts, each of which fits in a row. */
function parts(events: readonly StoredEvent[]): (readonly StoredEvent[])[] {
  // A code unit is at most three bytes: most appends need not be measured.
  const characters = events.reduce((sum, { data, meta }) => sum + data.length + meta.length, 0);
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

/** The content of a page. The order of the columns is stored: add further ones at the end. */
export function textOf(events: readonly StoredEvent[]): string {
  return [
    column(events, ({ id }) => id),
    column(events, ({ type }) => type),
    column(events, ({ data }) => data),
    column(events, ({ meta }) => meta),
    column(events, ({ recordedAt }) => String(recordedAt)),
    column(events, ({ schemaVersion }) => String(schemaVersion)),
    column(events, ({ time }) => time ?? ""),
    column(events, ({ trace }) => trace ?? ""),
    column(events, ({ erased }) => (erased ? "1" : "")),
  ].join(COLUMN);
}

function column(events: readonly StoredEvent[], valueOf: (event: StoredEvent) => string): string {
  const values = events.map(valueOf);
  for (const value of values) {
    if (value.includes(VALUE) || value.includes(COLUMN)) throw new Error("an event has a control character where it may have none");
  }
  const [first = ""] = values;
  return values.every((value) => value === first) ? first : values.join(VALUE);
}

/** The events of a page. */
export function eventsOf({ first, count, text }: Page): StoredEvent[] {
  const columns = text.split(COLUMN).map((one) => (count > 1 && one.includes(VALUE) ? one.split(VALUE) : one));
  const [ids, types, datas, metas, recordedAts, schemaVersions, times, traces, erasures] = columns;
  return Array.from({ length: count }, (_, at) => ({
    version: first + at,
    id: valueAt(ids, at),
    type: valueAt(types, at),
    data: valueAt(datas, at),
    meta: valueAt(metas, at),
    time: valueAt(times, at) || null,
    recordedAt: Number(valueAt(recordedAts, at)),
    schemaVersion: Number(valueAt(schemaVersions, at)),
    erased: valueAt(erasures, at) === "1",
    trace: valueAt(traces, at) || null,
  }));
}

function valueAt(one: string | readonly string[] | undefined, at: number): string {
  return typeof one === "string" ? one : (one?.[at] ?? "");
}

/** The same page, without the content of the events before a version. */
export function blanked(page: Page, before: number): Page {
  const events = eventsOf(page).map((event) =>
    event.version < before ? { ...event, data: "{}", meta: "{}", trace: null, erased: true } : event,
  );
  return { ...page, text: textOf(events) };
}
