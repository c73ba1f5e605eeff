/**
 * What a reader of the log wants: as an SQL condition for the table and, for the filters of subscriptions, as a test of an event in memory.
 * The two must agree; the property test of the subscriptions compares them.
 */

import { type LoggedEvent, categoryOf } from "../core/event.ts";
import type { FeedFilter, LogFilter } from "../store/log-protocol.ts";

/** Whether the filter may leave out many entries, so that a page must bound how many it examines. One stream is found by its index. */
export function isSparse({ types, categories, streams, id, since, until }: LogFilter): boolean {
  return [types, categories, streams, id, since, until].some((part) => part !== undefined);
}

/** The filter as further conditions of a `WHERE`, for the values of {@link bindingsOf}. */
export function conditionsOf({ types, categories, stream, streams, id, since, until }: LogFilter): string {
  return [
    types ? `AND type IN (SELECT value FROM json_each(?))` : "",
    categories ? `AND substr(stream, 1, instr(stream, '/') - 1) IN (SELECT value FROM json_each(?))` : "",
    stream === undefined ? "" : `AND stream = ?`,
    streams ? `AND stream IN (SELECT value FROM json_each(?))` : "",
    id === undefined ? "" : `AND id = ?`,
    since === undefined ? "" : `AND recorded_at >= ?`,
    until === undefined ? "" : `AND recorded_at < ?`,
  ].join(" ");
}

export function bindingsOf({ types, categories, stream, streams, id, since, until }: LogFilter): SqlStorageValue[] {
  return [
    ...(types ? [JSON.stringify(types)] : []),
    ...(categories ? [JSON.stringify(categories)] : []),
    ...(stream === undefined ? [] : [stream]),
    ...(streams ? [JSON.stringify(streams)] : []),
    ...(id === undefined ? [] : [id]),
    ...(since === undefined ? [] : [since]),
    ...(until === undefined ? [] : [until]),
  ];
}

/** Whether an event passes the filter. */
export function matches({ types, categories, stream, streams }: FeedFilter, event: Pick<LoggedEvent, "stream" | "type">): boolean {
  return (
    (types?.includes(event.type) ?? true) &&
    (categories?.includes(categoryOf(event.stream)) ?? true) &&
    (stream === undefined || stream === event.stream) &&
    (streams?.includes(event.stream) ?? true)
  );
}
