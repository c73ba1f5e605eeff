/**
 * Stores events of many streams together: the streams take their parts at the same time, and the log takes all of them in one call, in the
 * given order. Two steps, so that nothing comes into the log out of order:
 *
 * 1. every stream stores its part, and keeps it from the log for the moment; 2. the log takes all of it, or nothing. It also gets the earlier
 * events of a stream that it lacks.
 *
 * A crash in between leaves events in streams that the log does not have. When the same events are stored again, they are found known, and
 * are brought there.
 */

import type { StoredEvent } from "../core/event.ts";
import { WAIT_SECONDS } from "../core/limits.ts";
import { makeRoom } from "../core/make-room.ts";
import { within } from "../core/within.ts";
import type { HeldImport, ImportPart, ImportedEvent } from "./import-protocol.ts";
import { storedAs } from "./imported.ts";
import { STREAMS_AT_ONCE, STREAMS_REMEMBERED } from "./limits.ts";
import type { LogRpc, SequencePart } from "./log-protocol.ts";

/** Ours: each attempt found a stream behind in the log, which takes a call to find out and another to correct. */
const ATTEMPTS = 10;

/** A part of the store did not answer in time, or has older code: store the same again. */
export class StoreLate extends Error {
  override readonly name = "StoreLate";
}

/** Calls that it takes to store events of this many streams, if nothing comes in between. */
export function callsTogether(streams: number): number {
  return streams + 1;
}

/** Events of one stream. */
export interface StreamPart {
  readonly stream: string;
  readonly events: readonly ImportedEvent[];
}

export interface StreamsAndLog {
  readonly hold: (stream: string, part: ImportPart) => Promise<HeldImport>;
  readonly log: () => Pick<LogRpc, "sequenceTogether">;
}

export class TogetherWriter {
  readonly #with: StreamsAndLog;
  /** Versions of streams in the log, as it has reported them so far. */
  readonly #heads = new Map<string, number>();

  constructor(streamsAndLog: StreamsAndLog) {
    this.#with = streamsAndLog;
  }

  /**
   * @param order the stream of each event, in the order that the log will have
   * @param parts the same events by stream
   * @param firstStands an event with a known id is the same event, whatever its content is now
   * @returns what each stream has taken
   * @throws {StoreLate} when the log does not take it: then the streams have it, and it has to be stored again
   */
  async store(order: Iterable<string>, parts: readonly StreamPart[], firstStands = false): Promise<Map<string, HeldImport>> {
    const streams = [...order];
    const held = new Map<string, HeldImport>();
    const hold = async ({ stream, events }: StreamPart) => {
      const inLog = this.#heads.get(stream);
      const part = { events, ...(inLog === undefined ? {} : { inLog }), ...(firstStands ? { firstStands } : {}) };
      const answer = await known(this.#with.hold(stream, part));
      const first = held.get(stream);
      // What is known at the second call was new at the first.
      held.set(stream, first ? { ...first, inLog: answer.inLog, older: answer.older } : answer);
    };
    makeRoom(this.#heads, STREAMS_REMEMBERED);
    await atOnce(parts, hold);
    for (let attempt = 0; ; attempt++) {
      const { log, unready } = sequenceOf(streams, parts, held);
      const behind = await this.#sequence(unready.length > 0 ? unready : log);
      if (behind.size === 0 && unready.length === 0) return held;
      if (attempt === ATTEMPTS) throw late();
      const again = new Set([...behind, ...unready.map(({ stream }) => stream)]);
      await atOnce(
        parts.filter(({ stream }) => again.has(stream)),
        hold,
      );
    }
  }

  /** Returns the streams of which the log lacks something; then it has taken nothing. */
  async #sequence(parts: readonly SequencePart[]): Promise<Set<string>> {
    const answer = await within(WAIT_SECONDS * 1_000, this.#with.log().sequenceTogether(parts), () => {
      throw new Error("the log did not answer in time");
    }).catch((error: unknown) => {
      throw late(error);
    });
    if (answer.diverged !== undefined) throw new Error(`the log has other events of ${answer.diverged} than the stream`);
    const behind = new Set<string>();
    for (const [index, { stream, after }] of parts.entries()) {
      const head = answer.heads[index] ?? 0;
      this.#heads.set(stream, head);
      if (!answer.taken && head < after) behind.add(stream);
    }
    if (!answer.taken && behind.size === 0) throw late();
    return behind;
  }
}

/**
 * What the log should take, in the given order. `unready`: streams of which it needs so many older events first that these are sent
 * separately.
 */
function sequenceOf(
  order: readonly string[],
  parts: readonly StreamPart[],
  held: ReadonlyMap<string, HeldImport>,
): { log: SequencePart[]; unready: SequencePart[] } {
  const ways = new Map(parts.map((part) => [part.stream, wayOf(part, held.get(part.stream))]));
  const unready = [...ways.values()].flatMap(({ isWhole, older }) => (isWhole ? [] : [older]));
  const log: (SequencePart & { events: StoredEvent[] })[] = [];
  for (const stream of order) {
    const way = ways.get(stream);
    const version = way?.versions.next().value;
    if (!way || version === undefined || version < way.next) continue;
    const last = log.at(-1);
    const part = last?.stream === stream ? last : { stream, after: way.next - 1, events: [] };
    if (part !== last) log.push(part);
    // Those between the last one and this were stored before, in any order.
    for (; way.next <= version; way.next++) part.events.push(way.content.get(way.next) as StoredEvent);
    way.isSent = true;
  }
  // The log must have everything of the other streams: the same call finds that out.
  for (const [stream, { isSent, last }] of ways) if (!isSent) log.push({ stream, after: last, events: [] });
  return { log, unready };
}

/** A stream's way into the log: the events that the log lacks, by version. */
function wayOf({ stream, events }: StreamPart, answer: HeldImport | undefined) {
  const { versions = [], before = 0, recordedAt = 0, inLog = 0, older = [] } = answer ?? {};
  const content = new Map(older.map((event) => [event.version, event]));
  for (const [index, version] of versions.entries()) {
    const event = events[index];
    if (event && version > before && !content.has(version)) content.set(version, storedAs(event, version, recordedAt));
  }
  const last = Math.max(0, ...versions);
  let isWhole = true;
  for (let version = inLog + 1; version <= last && isWhole; version++) isWhole = content.has(version);
  const part: SequencePart = { stream, after: inLog, events: older };
  return { versions: versions.values(), next: inLog + 1, last, content, isWhole, older: part, isSent: false };
}

function late(cause?: unknown): StoreLate {
  return new StoreLate("a part of the store did not answer in time", { cause });
}

/** During a deployment an object may have code that does not know the call. */
export async function known<Answer>(answer: Promise<Answer>): Promise<Answer> {
  return answer.catch((error: unknown) => {
    throw error instanceof Error && error.message.includes("does not implement the method") ? late(error) : error;
  });
}

/** Does something for each item, some at the same time. Returns the results in the order of the items. */
export async function atOnce<Item, Result>(items: readonly Item[], work: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  const waiting = items.entries();
  const worker = async () => {
    for (const [index, item] of waiting) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: STREAMS_AT_ONCE }, worker));
  return results;
}
