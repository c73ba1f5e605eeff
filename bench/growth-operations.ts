/**
 * What must cost the same however long the log is, and what the log is filled with: for `npm run bench:growth`, and for the test that watches
 * over it.
 */

import type { SequencePart } from "../src/store/log-protocol.ts";

/** A store whose log is filled, and how to ask it. */
export interface Grown {
  /** A request that must succeed. */
  readonly ask: (path: string) => Promise<unknown>;
  /** A command to this stream of {@link COUNTER}. */
  readonly command: (id: string) => Promise<unknown>;
  /** Events in the log, about. */
  readonly events: number;
  /** Events of the stream `long`, at least. */
  readonly length: number;
  /** A moment at which the log was shorter. */
  readonly since: string;
}

/** The parts of a store whose rows are counted. */
export const PARTS = ["stream", "log", "d1"] as const;
export type Part = (typeof PARTS)[number];

interface Operation {
  readonly what: string;
  readonly run: (store: Grown) => Promise<unknown>;
}

/** An aggregate. Its stream `long` grows with the log. */
export const COUNTER = "counter";
/** A plain category that nobody follows: nearly all of the log. */
export const FILLER = "sample";
/** Events of the filler that share a correlation id, one after another. */
const CONVERSATION = 3;

/** It examines a bounded number of events, and then says how far it came. */
export const RARE = "a page of a category that is rare";

export const OPERATIONS: readonly Operation[] = [
  { what: "a command to a stream that is there", run: ({ command }) => command("known") },
  { what: "a command to a new stream", run: ({ command, events }) => command(`new-${events}`) },
  { what: "a command to a long stream", run: ({ command }) => command("long") },
  { what: "an aggregate's state", run: ({ ask }) => ask(`/aggregates/${COUNTER}/long`) },
  {
    what: "100 events of a long stream",
    run: ({ ask, length }) => ask(`/streams/${COUNTER}/long?from=${Math.ceil(length / 4)}&limit=100`),
  },
  { what: "100 events from the middle of the log", run: ({ ask, events }) => ask(`/log?after=${middleOf(events)}&limit=100`) },
  { what: "the last 100 events of the log", run: ({ ask }) => ask(`/log?direction=backward&limit=100`) },
  { what: RARE, run: ({ ask, events }) => ask(`/log?category=${COUNTER}&after=${middleOf(events)}&limit=100`) },
  { what: "one stream, in the log", run: ({ ask, events }) => ask(`/log?stream=${FILLER}/7&after=${middleOf(events)}&limit=1`) },
  { what: "a correlation", run: ({ ask, events }) => ask(`/log?correlationId=${conversationOf(middleOf(events))}`) },
  { what: "what the log took since a time", run: ({ ask, since }) => ask(`/log?since=${encodeURIComponent(since)}&limit=1`) },
  { what: "names of 100 streams", run: ({ ask }) => ask(`/log/streams?category=${FILLER}&after=${FILLER}/1&limit=100`) },
];

/** Events of the filler by their numbers, each stream in its turn. */
export function filling(from: number, to: number, streams: number): SequencePart[] {
  const parts = new Map<number, { stream: string; after: number; events: SequencePart["events"][number][] }>();
  const recordedAt = Date.now();
  for (let number = from; number < to; number++) {
    const [id, after] = [number % streams, Math.floor(number / streams)];
    const part = parts.get(id) ?? { stream: `${FILLER}/${id}`, after, events: [] };
    parts.set(id, part);
    part.events.push({
      version: after + 1,
      id: `0198c2a6-1111-7abc-8def-${number.toString(16).padStart(12, "0")}`,
      type: "Read",
      data: `{"value":${number}}`,
      meta: `{"correlationId":"${conversationOf(number)}"}`,
      time: null,
      recordedAt,
      schemaVersion: 1,
    });
  }
  return [...parts.values()];
}

function conversationOf(number: number): string {
  return `c-${Math.floor(number / CONVERSATION)}`;
}

function middleOf(events: number): number {
  return Math.floor(events / 2);
}
