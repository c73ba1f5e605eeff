/**
 * A page of the log as it is stored: the events of a commit, one after another, as two strings. Both are read back without parsing any data:
 * what is looked at is in the head, and the body is cut where the head says.
 *
 * The form is stored (docs/stored-formats.md): add optional members, change nothing.
 */

import { type LoggedEvent, type StoredEvent, categoryOf } from "../core/event.ts";

/** An event and its stream. */
export interface Entry {
  readonly stream: string;
  readonly event: StoredEvent;
}

/** What few events have. */
interface Rest {
  /** `time` */
  readonly t?: string;
  /** `erased` */
  readonly e?: 1;
  /** `trace` */
  readonly r?: string;
  /** `unlifted`. On the way only, never stored. */
  readonly u?: string;
}

/**
 * One event: stream, version, id, type, version of its schema, when it was recorded, characters of its data, of its meta, the rest. Stream
 * and type are 0 if they are those of the event before, and the time is given as the milliseconds since that event's.
 */
type Line = readonly [string | 0, number, string, string | 0, number, number, number, number, Rest?];

export interface PageText {
  readonly head: string;
  readonly body: string;
}

/** For each kind of event, `category/type`, the place of its last event in the page: 0 is the first. */
export function kindsText(entries: readonly Entry[]): string {
  const last = new Map<string, number>();
  for (const [place, { stream, event }] of entries.entries()) {
    const next = entries[place + 1];
    // Most follow one of their own kind: only the last one of them counts.
    if (next?.stream !== stream || next.event.type !== event.type) last.set(kindOf(stream, event.type), place);
  }
  return JSON.stringify(Object.fromEntries(last));
}

export function pageText(entries: readonly Entry[]): PageText {
  let body = "";
  let before = { stream: "", type: "", recordedAt: 0 };
  const lines = entries.map(({ stream, event }): Line => {
    const { version, id, type, schemaVersion, recordedAt, data, meta } = event;
    body += data + meta;
    const sameStream = stream === before.stream ? 0 : stream;
    const sameType = type === before.type ? 0 : type;
    const passed = recordedAt - before.recordedAt;
    before = { stream, type, recordedAt };
    const rest = restOf(event);
    const line = [sameStream, version, id, sameType, schemaVersion, passed, data.length, meta.length] as const;
    return rest ? [...line, rest] : line;
  });
  return { head: JSON.stringify(lines), body };
}

/** The events of a page, whose first has this position. */
export function eventsOf({ head, body }: PageText, first: number): LoggedEvent[] {
  let [at, stream, type, recordedAt] = [0, "", "", 0];
  return (JSON.parse(head) as Line[]).map(
    ([anotherStream, version, id, anotherType, schemaVersion, passed, ofData, ofMeta, rest], place) => {
      if (anotherStream !== 0) stream = anotherStream;
      if (anotherType !== 0) type = anotherType;
      recordedAt += passed;
      const data = body.slice(at, at + ofData);
      const meta = body.slice(at + ofData, at + ofData + ofMeta);
      at += ofData + ofMeta;
      const event = { position: first + place, stream, version, id, type, data, meta, time: rest?.t ?? null, recordedAt, schemaVersion };
      return rest
        ? {
            ...event,
            ...(rest.e ? { erased: true } : {}),
            ...(rest.r === undefined ? {} : { trace: rest.r }),
            ...(rest.u === undefined ? {} : { unlifted: rest.u }),
          }
        : event;
    },
  );
}

/** How a page's `kinds` name an event's kind. No category has a `/`. */
export function kindOf(stream: string, type: string): string {
  return `${categoryOf(stream)}/${type}`;
}

function restOf({ time, erased, trace, unlifted }: StoredEvent): Rest | undefined {
  if (time === null && !erased && !trace && unlifted === undefined) return undefined;
  return {
    ...(time === null ? {} : { t: time }),
    ...(erased ? { e: 1 } : {}),
    ...(trace ? { r: trace } : {}),
    ...(unlifted === undefined ? {} : { u: unlifted }),
  };
}

/** Events on their way between objects: two strings, which cost a fraction of what as many objects do. */
export interface PackedEvents extends PageText {
  readonly first: number;
  /** The position of each, if there are others between them. */
  readonly positions?: readonly number[];
}

export function packed(events: readonly LoggedEvent[]): PackedEvents {
  const first = events[0]?.position ?? 0;
  const { head, body } = pageText(events.map((event) => ({ stream: event.stream, event })));
  const areTogether = events.every(({ position }, place) => position === first + place);
  return { head, body, first, ...(areTogether ? {} : { positions: events.map(({ position }) => position) }) };
}

export function unpacked(events: PackedEvents): LoggedEvent[] {
  const all = eventsOf(events, events.first);
  const { positions } = events;
  return positions ? all.map((event, place) => ({ ...event, position: positions[place] ?? 0 })) : all;
}
