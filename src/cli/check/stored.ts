/** Reads a store's log, or a part of it, and has the code look at each event. */

import * as z from "zod";
import { type Connection, queryOf } from "../../client/connection.ts";
import { progressOf } from "../progress.ts";
import { answerOf, textOf, unexpected } from "./deployed.ts";
import type { EventProblem, Inspected } from "./inspect.ts";

/** Events of one request. Ours: some megabytes, and a progress bar that moves. */
const PIECE_EVENTS = 2_000;
/** Bytes of one answer: the store ends a piece after 64 MiB of events. Ours. */
const PIECE_BYTES = 160 * 1_048_576;
/** Events of a sample that are read in one place, and the most places. Ours: spread over the log without a request for every event. */
const SAMPLE_EVENTS = 100;
const SAMPLE_PLACES = 50;
/** Categories with types that are counted. Ours: far more than any app has; another program may answer with any number. */
const COUNTED_TYPES = 10_000;

export interface Part {
  /** About so many events, spread over the log. */
  readonly sample?: number;
  /** Only what the log has taken since: RFC 3339. */
  readonly since?: string;
}

/** Events of one type that the code cannot read, for the same reason. */
export interface Unreadable {
  readonly category: string;
  readonly type: string;
  readonly kind: EventProblem["kind"];
  count: number;
  readonly first: { readonly stream: string; readonly version: number; readonly position: number; readonly schemaVersion: number };
  readonly path: string;
  readonly what: string;
}

export interface Stored {
  readonly events: number;
  /** Every event of the log was read. */
  readonly isWhole: boolean;
  readonly unreadable: readonly Unreadable[];
  /** Events that were read, by category and type. */
  count(category: string, type?: string): number;
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const Line = z.object({
  position: z.int().positive(),
  stream: z.string().regex(/^[^/]+\/./s),
  type: z.string(),
  version: z.int().positive(),
  schemaVersion: z.int().positive().default(1),
  id: z.string(),
  meta: z.custom<object>(isObject),
  time: z.string(),
  recordedAt: z.string(),
  erased: z.boolean().default(false),
  data: z.custom<object>(isObject),
});
const End = z.object({ next: z.int().nonnegative() });

export async function readStored(connection: Connection, code: Inspected, head: number, part: Part): Promise<Stored> {
  const begin = part.since === undefined ? 0 : await positionAt(connection, part.since, head);
  const windows = windowsOf(begin, head, part.sample);
  const total = windows.reduce((sum, { after, to }) => sum + to - after, 0);
  const counts = new Map<string, Map<string, number>>();
  const unreadable = new Map<string, Unreadable>();
  const progress = progressOf("reading", "events");
  let [events, passed, types] = [0, 0, 0];
  try {
    for (const { after: first, to } of windows) {
      for (let after = first; after < to;) {
        progress.at(passed, total);
        const piece = await pieceOf(connection, after, to);
        for (const event of piece.events) {
          events++;
          const category = event.stream.slice(0, event.stream.indexOf("/"));
          const ofCategory = counts.get(category) ?? new Map<string, number>();
          if (ofCategory.has(event.type) || types++ < COUNTED_TYPES) {
            counts.set(category, ofCategory);
            ofCategory.set(event.type, (ofCategory.get(event.type) ?? 0) + 1);
          }
          const problem = code.problemWith({ ...event, category });
          if (problem) note(unreadable, category, event, problem);
        }
        passed += piece.next - after;
        after = piece.next;
      }
    }
  } finally {
    progress.end();
  }
  return {
    events,
    isWhole: total === head,
    unreadable: [...unreadable.values()],
    count(category, type) {
      const found = counts.get(category) ?? new Map<string, number>();
      return type === undefined ? [...found.values()].reduce((sum, one) => sum + one, 0) : (found.get(type) ?? 0);
    },
  };
}

/** Whether the store has events of a type, wherever they are. Undefined: it has looked through a part of a large log, and found none. */
export async function hasEvents(connection: Connection, category: string, type: string): Promise<boolean | undefined> {
  const query = queryOf({ category, type, limit: 1 });
  const page = await answerOf(connection, `/log${query}`, z.object({ events: z.array(z.unknown()), hasMore: z.boolean() }));
  return page.events.length > 0 || (page.hasMore ? undefined : false);
}

export async function hasStreams(connection: Connection, category: string): Promise<boolean> {
  const query = queryOf({ category, limit: 1 });
  const page = await answerOf(connection, `/log/streams${query}`, z.object({ streams: z.array(z.unknown()) }));
  return page.streams.length > 0;
}

interface Window {
  readonly after: number;
  readonly to: number;
}

/** The whole range, or places at the same distance from each other, the first and the last events among them. */
export function windowsOf(begin: number, head: number, sample = Number.POSITIVE_INFINITY): Window[] {
  const span = head - begin;
  if (span <= 0 || sample <= 0) return [];
  if (sample >= span) return [{ after: begin, to: head }];
  const places = Math.min(SAMPLE_PLACES, Math.max(1, Math.floor(sample / SAMPLE_EVENTS)));
  const size = Math.floor(sample / places);
  if (places === 1) return [{ after: head - size, to: head }];
  return Array.from({ length: places }, (_, index) => {
    const after = begin + Math.floor((index * (span - size)) / (places - 1));
    return { after, to: after + size };
  });
}

/** The position after which the log took everything at this time or later. */
async function positionAt(connection: Connection, since: string, head: number): Promise<number> {
  const page = z.object({ events: z.array(Line), next: z.int().nonnegative() });
  const { events, next } = await answerOf(connection, `/log${queryOf({ since, limit: 1 })}`, page);
  // A caller that may not see the first of them gets none, and how far there is none.
  return Math.min(events[0] ? events[0].position - 1 : next, head);
}

async function pieceOf(connection: Connection, after: number, to: number): Promise<{ events: z.infer<typeof Line>[]; next: number }> {
  const query = `after=${after}&to=${to}&limit=${PIECE_EVENTS}`;
  const lines = (await textOf(connection, `/log?${query}`, PIECE_BYTES, "application/x-ndjson")).split("\n").filter((line) => line !== "");
  const end = End.safeParse(parsed(lines.pop()));
  const events = lines.map((line) => {
    const event = Line.safeParse(parsed(line));
    if (!event.success) throw unexpected(`an event after position ${after} is not what a Headspring store answers`);
    return event.data;
  });
  // A log that does not move on would be read for ever.
  if (!end.success || end.data.next <= after || end.data.next > to) throw unexpected(`the log after position ${after} breaks off`);
  return { events, next: end.data.next };
}

function parsed(line: string | undefined): unknown {
  try {
    return JSON.parse(line ?? "") as unknown;
  } catch {
    return undefined;
  }
}

function note(
  unreadable: Map<string, Unreadable>,
  category: string,
  event: z.infer<typeof Line>,
  { kind, path, what }: EventProblem,
): void {
  const { type, stream, version, position, schemaVersion } = event;
  const key = JSON.stringify([category, type, kind]);
  const known = unreadable.get(key);
  if (known) known.count++;
  else unreadable.set(key, { category, type, kind, count: 1, first: { stream, version, position, schemaVersion }, path, what });
}
