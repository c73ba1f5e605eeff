/**
 * What a reader of the log wants: as an SQL condition for the table and, for the filters of subscriptions, as a test of an event in memory.
 * The two must agree; the property test of the subscriptions compares them.
 */

import { type LoggedEvent, categoryOf } from "../core/event.ts";
import { correlationOf } from "../core/correlation.ts";
import type { FeedFilter, LogFilter } from "../store/log-protocol.ts";
import type { Narrowing } from "./pages.ts";

/** Whether the filter may leave out many entries, so that a page must bound how many it examines. One stream is found by its index. */
export function isSparse({ types, categories, streams, id, since, until, correlationId }: LogFilter): boolean {
  return [types, categories, streams, id, since, until, correlationId].some((part) => part !== undefined);
}

/** The filter as further conditions of a `WHERE`, for the values of {@link bindingsOf}. */
export function conditionsOf({ types, categories, stream, streams, id, since, until, correlationId }: LogFilter): string {
  return [
    types ? `AND type IN (SELECT value FROM json_each(?))` : "",
    categories ? `AND substr(stream, 1, instr(stream, '/') - 1) IN (SELECT value FROM json_each(?))` : "",
    stream === undefined ? "" : `AND stream = ?`,
    streams ? `AND stream IN (SELECT value FROM json_each(?))` : "",
    id === undefined ? "" : `AND id = ?`,
    since === undefined ? "" : `AND recorded_at >= ?`,
    until === undefined ? "" : `AND recorded_at < ?`,
    correlationId === undefined ? "" : `AND meta ->> '$.correlationId' = ?`,
  ].join(" ");
}

export function bindingsOf({ types, categories, stream, streams, id, since, until, correlationId }: LogFilter): SqlStorageValue[] {
  return [
    ...(types ? [JSON.stringify(types)] : []),
    ...(categories ? [JSON.stringify(categories)] : []),
    ...(stream === undefined ? [] : [stream]),
    ...(streams ? [JSON.stringify(streams)] : []),
    ...(id === undefined ? [] : [id]),
    ...(since === undefined ? [] : [since]),
    ...(until === undefined ? [] : [until]),
    ...(correlationId === undefined ? [] : [correlationId]),
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

/** The same for all that a page may be filtered by. */
export function passes(filter: LogFilter, event: LoggedEvent): boolean {
  const { id, since, until, correlationId } = filter;
  return (
    matches(filter, event) &&
    (id === undefined || id === event.id) &&
    (since === undefined || event.recordedAt >= since) &&
    (until === undefined || event.recordedAt < until) &&
    (correlationId === undefined || correlationOf(event) === correlationId)
  );
}

/** What is in the strings of a page if one of its events passes: in `kinds` as `page-text.ts` writes them, and in its head. */
export function narrowingOf({ types, categories, streams, id }: LogFilter): Narrowing {
  return {
    ...(types ? { kinds: types.map((type) => `/${JSON.stringify(type).slice(1)}`) } : {}),
    ...(categories ? { otherKinds: categories.map((category) => `${JSON.stringify(category).slice(0, -1)}/`) } : {}),
    ...(id === undefined ? {} : { heads: [JSON.stringify(id)] }),
    ...(streams ? { heads: streams.map((stream) => JSON.stringify(stream)) } : {}),
  };
}
