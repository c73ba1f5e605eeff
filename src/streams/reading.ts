/** What a stream shows to readers: pages of its events, and its state with what belongs to it. What is shown is settled first (promise 3). */

import type { App } from "../definitions/app.ts";
import { lift } from "../definitions/upcast.ts";
import type { StreamPage, StreamReadRequest, StreamState } from "../store/stream-reads.ts";
import { logger } from "../telemetry/logger.ts";
import type { Journal } from "./journal.ts";
import type { Outbox } from "./outbox.ts";
import type { StreamPlace } from "./place.ts";
import type { StateCache } from "./state.ts";
import { NO_STATE, currentText, earlierText } from "./state-text.ts";

interface Readable {
  readonly app: App;
  readonly place: StreamPlace;
  readonly journal: Journal;
  readonly outbox: Outbox;
  /** Undefined: the code has no rules of it. */
  readonly cache: StateCache | undefined;
}

export async function readPage({ app, place, journal, outbox }: Readable, request: StreamReadRequest): Promise<StreamPage> {
  const { head: version, deleted } = journal;
  await outbox.settle(version);
  if (deleted) return { version, deleted, events: [] };
  const { events: stored, next } = journal.events.page({ ...request, to: Math.min(request.to, version) });
  const events = stored.map((event) => lift(app, place.stream, event));
  const more = next === undefined ? {} : { next };
  const ends = [events[0]?.version, events.at(-1)?.version];
  if (!request.positions || ends[0] === undefined || ends[1] === undefined) return { version, events, ...more };
  const positionOf = await outbox.positions(Math.min(ends[0], ends[1]), Math.max(ends[0], ends[1]));
  return { version, events: events.map((event) => ({ ...event, position: positionOf(event.version) })), ...more };
}

/** The state now, or as of an earlier version. */
export async function readState({ place, journal, outbox, cache }: Readable, version?: number): Promise<StreamState> {
  const onError = (error: unknown) =>
    logger.error({ message: "a state could not be folded: initialState, evolve or an upcast threw", ...place }, error);
  const at = version === undefined ? undefined : Math.min(version, journal.head);
  const earlier = at === undefined || journal.deleted || !cache ? undefined : await earlierText(cache, at, onError);
  if (!earlier) await cache?.load();
  // From here on nothing comes in between: version, state and timers belong together.
  const { head, deleted } = journal;
  const shown = deleted || !cache ? NO_STATE : (earlier ?? currentText(cache, onError));
  const timers = journal.timers.all().map(({ command, key, due, data }) => ({ command, ...(key === "" ? {} : { key }), due, data }));
  await outbox.settle(journal.head);
  const waiting = outbox.firstWaiting(head);
  const [oldest] = waiting === undefined ? [] : journal.events.range(waiting, waiting);
  const unsequenced = oldest ? { unsequenced: { since: oldest.recordedAt, events: head - oldest.version + 1 } } : {};
  // Only a newer worker asks about an aggregate that this code does not have.
  const unknown = cache ? {} : { unavailable: `the code that ${place.stream} runs has no aggregate of this name yet` };
  return { version: at ?? head, head, deleted, timers, ...shown, ...unknown, ...unsequenced, log: outbox.log };
}
