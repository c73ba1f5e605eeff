/** The events of a preview: events of the log, and such as were never written. */

import * as z from "zod";
import type { FilterOfConsumer, JsonObject, LoggedEvent, RecordedEvent } from "../core/event.ts";
import { newId } from "../core/ids.ts";
import { MAX_POSITION } from "../core/limits.ts";
import { EVENT_TYPE, NAME, UUID, streamIdProblem } from "../core/names.ts";
import type { Store } from "../store/store.ts";
import { type Found, lookBack } from "../views/look-back.ts";
import { EventIn, JsonObject as JsonObjectIn } from "./append.ts";
import { requireWithin } from "./log-query.ts";

const Position = z.int().positive().max(MAX_POSITION);

/** An event that need not exist, in the form that the log shows events in. */
const PreviewEvent = z.strictObject({
  stream: z.string().refine((stream) => streamProblem(stream) === undefined, { error: ({ input }) => streamProblem(String(input)) ?? "" }),
  type: z.string().regex(EVENT_TYPE),
  data: JsonObjectIn,
  id: z.string().regex(UUID, "a UUID").toLowerCase().optional(),
  version: Position.optional(),
  position: Position.optional(),
  meta: JsonObjectIn.default({}),
  time: EventIn.shape.time,
  recordedAt: EventIn.shape.time,
  schemaVersion: z.int().positive().default(1),
});

/** What messages call the forms of an event. */
export const EVENT_FORMS = "the position of an event in the log, or an event: {stream, type, data}";

export const GivenEvent = z.union([Position, PreviewEvent], EVENT_FORMS);
export type GivenEvent = z.output<typeof GivenEvent>;

function streamProblem(stream: string): string | undefined {
  const slash = stream.indexOf("/");
  if (slash < 0 || !NAME.test(stream.slice(0, slash))) return "a stream is `category/id`";
  return streamIdProblem(stream.slice(slash + 1));
}

/** The event at a position of the log. @throws {Problem} when it is beyond the head */
export async function loggedAt(store: Store, position: number, head: number): Promise<LoggedEvent> {
  requireWithin("event", position, head);
  const { events } = await store.log.read({ after: position - 1, to: position, limit: 1 });
  const [logged] = events;
  if (!logged) throw new Error(`the log has no event at ${position}`);
  return logged;
}

/** As if it came next. */
export function recordedOf(given: Exclude<GivenEvent, number>, head: number, next = 1): RecordedEvent {
  const {
    id = newId(),
    version = next,
    position = head + 1,
    recordedAt = new Date().toISOString(),
    time = recordedAt,
    meta,
    ...rest
  } = given;
  return { id, version, position, recordedAt, time, meta: meta as JsonObject, ...rest };
}

/** The latest events of the log that a definition follows, the latest first. */
export function latestFor(store: Store, filter: FilterOfConsumer, last: number): Promise<Found> {
  return lookBack(store.log, { filter, before: null, wanted: last });
}
