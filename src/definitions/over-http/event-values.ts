/** What expressions see of an event: the values that `eventScope` describes. */

import { type RecordedEvent, categoryOf, streamIdOf } from "../../core/event.ts";

// A type, not an interface: it goes where a record of anything is wanted.
// oxlint-disable-next-line typescript/consistent-type-definitions
export type EventValues = { readonly event: Readonly<Record<string, unknown>>; readonly data: unknown };

export function eventValues({ id, stream, version, position, type, data, meta, time }: RecordedEvent): EventValues {
  const event = { id, stream, streamId: streamIdOf(stream), category: categoryOf(stream), version, position, type, data, meta, time };
  return { event, data };
}
