/**
 * A stream's events as one string: what a page of the stream is stored as, and how events travel between the worker, their stream and the
 * log (`core/columns.ts`).
 */

import { columnsOf, columnsText, valueAt } from "../core/columns.ts";
import type { StoredEvent } from "../core/event.ts";
import { rememberingLast } from "../core/remembering-last.ts";

/** Events in a string. Their versions follow each other. */
export interface EventsText {
  /** The version of the first. */
  readonly first: number;
  readonly count: number;
  /** Stored (docs/stored-formats.md). */
  readonly text: string;
}

/** The order of the columns is stored: add further ones at the end. */
export function textOf(events: readonly StoredEvent[]): string {
  return columnsText([
    events.map(({ id }) => id),
    events.map(({ type }) => type),
    events.map(({ data }) => data),
    events.map(({ meta }) => meta),
    events.map(({ recordedAt }) => String(recordedAt)),
    events.map(({ schemaVersion }) => String(schemaVersion)),
    events.map(({ time }) => time ?? ""),
    events.map(({ trace }) => trace ?? ""),
    events.map(({ erased }) => (erased ? "1" : "")),
  ]);
}

/** The events of a string. */
export function eventsOf({ first, count, text }: EventsText): StoredEvent[] {
  const [ids, types, datas, metas, recordedAts, schemaVersions, times, traces, erasures] = columnsOf(text, count);
  const events: StoredEvent[] = [];
  for (let at = 0; at < count; at++) {
    events.push({
      version: first + at,
      id: valueAt(ids, at),
      type: valueAt(types, at),
      data: valueAt(datas, at),
      meta: valueAt(metas, at),
      time: valueAt(times, at) || null,
      recordedAt: timeOf(valueAt(recordedAts, at)),
      schemaVersion: versionOf(valueAt(schemaVersions, at)),
      erased: valueAt(erasures, at) === "1",
      trace: valueAt(traces, at) || null,
    });
  }
  return events;
}

/** Most columns of numbers have one. */
const timeOf = rememberingLast((text: string) => Number(text));
const versionOf = rememberingLast((text: string) => Number(text));

/** Events as a string, to be sent. Their versions follow each other. */
export function eventsText(events: readonly StoredEvent[]): EventsText {
  return { first: events[0]?.version ?? 0, count: events.length, text: textOf(events) };
}
