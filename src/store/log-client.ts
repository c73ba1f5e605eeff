/** A store's log, as all other parts see it: one log, however many segments it has. It follows them for every method of the protocol alike. */

import type { Objects } from "./env.ts";
import { type EventsText, eventsText } from "./events-text.ts";
import { LOG_METHODS, type LogMethod, type LogRpc, type Sequenced, type SequencedTogether } from "./log-protocol.ts";
import { asRead } from "./packed-page.ts";
import { MOVED_TO, type PackedPart, type SegmentRpc, hasMoved, segmentName } from "./segment.ts";

/** The last segment of each log that this isolate knows of. A number that is out of date costs one call more. */
const lastSegments = new Map<string, number>();

const METHODS = Object.keys(LOG_METHODS) as LogMethod[];

/** The protocol, with events as they travel. */
interface Calls extends Omit<LogRpc, "fetch" | "sequence" | "sequenceTogether"> {
  readonly sequence: (stream: string, events: EventsText) => Promise<Sequenced>;
  readonly sequenceTogether: (parts: readonly PackedPart[]) => Promise<SequencedTogether>;
}

/** A segment as the client uses it. The protocol has the types of what its methods take and answer. */
type Segment = Record<LogMethod, (...given: readonly unknown[]) => Promise<unknown>> & Pick<LogRpc, "fetch">;

export function logClient(segments: Objects<SegmentRpc>, store: string): LogRpc {
  /** Asks the last segment; that may have changed since. */
  async function ask<Answer>(question: (segment: Segment) => Promise<Answer>, movedTo: (answer: Answer) => number | undefined) {
    for (;;) {
      const segment = segments.getByName(segmentName(store, lastSegments.get(store) ?? 1));
      const answer = await question(segment as unknown as Segment);
      const next = movedTo(answer);
      if (next === undefined) return answer;
      lastSegments.set(store, next);
    }
  }

  const calls = METHODS.map((method) => [
    method,
    (...given: readonly unknown[]) =>
      ask(
        (segment) => segment[method](...given),
        (answer) => (hasMoved(answer) ? answer.movedTo : undefined),
      ),
  ]);
  const { read, sequence, sequenceTogether, ...others } = Object.fromEntries(calls) as unknown as Calls;
  return {
    ...others,
    sequence: (stream, events) => sequence(stream, eventsText(events)),
    sequenceTogether: (parts) => sequenceTogether(parts.map(({ events, ...part }) => ({ ...part, events: eventsText(events) }))),
    read: async (request) => asRead(await read({ ...request, packed: true })),
    fetch: (request) =>
      ask(
        (segment) => segment.fetch(request.clone()),
        ({ headers }) => (headers.has(MOVED_TO) ? Number(headers.get(MOVED_TO)) : undefined),
      ),
  };
}
