/** The events of a test: checked by their schemas, as they are when an event is stored. */

import type { NewEventOf } from "../core/command.ts";
import { type DataSchema, type NewEvent, type RecordedEvent, categoryOf } from "../core/event.ts";
import { derivedId } from "../core/ids.ts";
import type { Made, NameAt } from "../core/place.ts";
import { fitting } from "../core/misfit.ts";
import type { Followed } from "../definitions/followed.ts";
import { schemaVersionOf } from "../definitions/upcast.ts";

/**
 * The time of everything in a test that does not set one. RFC 3339.
 *
 * @example
 * given(totals, on("counter/1", event("Counted", { by: 2 }), { time: NOW })).thenRows([{ counter: "1", total: 2 }]);
 */
export const NOW = "2026-01-01T00:00:00.000Z";

/** What a test may set for an event besides its type and data. */
export type Facts = Partial<Pick<RecordedEvent, "id" | "meta" | "time" | "recordedAt">>;

/** Any new event, whatever its data. */
type AnyNewEvent = NewEvent<string, unknown, PropertyKey>;

/** An event on a stream. Made by {@link on}. */
export interface On<Stream extends string = string, Event extends AnyNewEvent = AnyNewEvent> {
  readonly kind: "on";
  readonly stream: Stream;
  readonly event: Event;
  readonly facts: Facts;
}

/** Any event of these categories, on a stream of the category that declares it. */
export type OnStreamOf<From extends Followed> = From extends Followed ? On<`${From["name"]}/${string}`, NewEventOf<From["events"]>> : never;

/**
 * An event on a stream, as views and reactors get it.
 *
 * @param facts what matters to the test besides type and data, for example the time
 *
 * @example
 * on("order/42", event("OrderReady", { customer: "a customer", lines }), { time: "2026-11-21T06:00:00Z" })
 */
export function on<const Stream extends string, Event extends AnyNewEvent, Place = never>(
  stream: NameAt<Place, "on", "stream", Stream>,
  event: Event,
  facts: Facts = {},
): Made<Place, "on", "stream", Stream, On<Stream, Event>, On<Stream, Event>> {
  return { kind: "on", stream, event, facts } as never; // as of `event`
}

/** The events as the log would return them: versions by stream, positions in the given order. */
export function recorded(followed: readonly Followed[], given: readonly On[]): RecordedEvent[] {
  const versions = new Map<string, number>();
  return given.map(({ stream, event, facts }, index) => {
    const version = (versions.get(stream) ?? 0) + 1;
    versions.set(stream, version);
    return asStored({
      id: derivedId(stream, version),
      stream,
      version,
      position: index + 1,
      type: event.type,
      data: dataOf(followed, categoryOf(stream), event),
      meta: {},
      time: facts.recordedAt ?? NOW,
      recordedAt: NOW,
      schemaVersion: schemaVersionOf(schemaOf(followed, categoryOf(stream), event.type)),
      ...facts,
    });
  });
}

/**
 * The event's data as its schema stores it.
 *
 * @throws {TypeError} when no source of that name has such an event, or the data does not fit
 */
export function dataOf(followed: readonly Followed[], category: string, { type, data }: AnyNewEvent): unknown {
  return fitting(`event \`${type}\` of \`${category}\``, "data", schemaOf(followed, category, type), data);
}

function schemaOf(followed: readonly Followed[], category: string, type: string): DataSchema {
  const source = followed.find(({ name }) => name === category);
  if (!source) throw new TypeError(`"${category}" is not one of ${followed.map(({ name }) => name).join(", ")}`);
  const schema = Object.hasOwn(source.events, type) ? source.events[type] : undefined;
  if (!schema) throw new TypeError(`${category} has no event type "${type}" (${Object.keys(source.events).join(", ")})`);
  return schema;
}

/**
 * The value as storage would return it, and frozen: a handler that changes its input, or keeps what JSON cannot hold, fails here instead of
 * in production.
 */
export function asStored<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value), (_key, part: unknown) => Object.freeze(part));
}
