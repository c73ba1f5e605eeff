/**
 * Stores a piece of an import: the streams take their parts at the same time, and the log takes all of them in one call, in the order of
 * their lines. Three steps, so that nothing after a bad line is stored, and nothing comes into the log out of order:
 *
 * 1. every stream says whether it would take its part: a line that one refuses ends the piece before it; 2. every stream stores its part,
 * and keeps it from the log for the moment; 3. the log takes the piece, all or nothing. It also gets the earlier events of a stream that it
 * lacks.
 *
 * When a step fails, this worker keeps trying after it has answered. A crash of the worker itself leaves events in streams that the log
 * does not have: when the import is sent again, it finds them known, and brings them there.
 */

import { waitUntil } from "cloudflare:workers";
import { categoryOf, streamIdOf, type StoredEvent } from "../core/event.ts";
import { storedAs } from "../store/imported.ts";
import { within } from "../core/within.ts";
import { IMPORT_STREAMS_AT_ONCE } from "./limits.ts";
import { tryAgain } from "./try-again.ts";
import { WAIT_SECONDS } from "../core/limits.ts";
import type { SequencePart } from "../store/log-protocol.ts";
import type { HeldImport, ImportRefusal, ImportedEvent } from "../store/import-protocol.ts";
import { Problem } from "./problem.ts";
import { type HttpContext, storeOf } from "./request.ts";
import { writableStreamOf } from "./writable-stream.ts";

/** Calls that a piece of this many streams takes, if nothing comes in between. */
export function callsOfPiece(streams: number): number {
  return streams === 1 ? 2 : 2 * streams + 1;
}

/** Ours: each attempt found a stream behind in the log, which takes a call to find out and another to correct. */
const ATTEMPTS = 10;

export interface LineEvent {
  readonly line: number;
  readonly stream: string;
  readonly event: ImportedEvent;
}

export interface PieceOutcome {
  /** Lines that were taken, and how many of these events are new. */
  readonly taken: number;
  readonly imported: number;
  /** The first line that was not taken. `inside`: lines after it were, because a stream has changed in between. */
  readonly refused?: { readonly line: number; readonly problem: Problem; readonly inside: boolean };
}

/** One stream's part of a piece. */
interface Part {
  readonly stream: string;
  readonly events: ImportedEvent[];
  /** The number of each event's line. */
  readonly lines: number[];
}

export class PieceStore {
  readonly #context: HttpContext;
  /** Versions of streams in the log, as it has reported them during this request. */
  readonly #heads = new Map<string, number>();

  constructor(context: HttpContext) {
    this.#context = context;
  }

  /** @throws {Problem} 503 when the log does not take it: then the streams have it, and the import has to be sent again */
  async store(events: readonly LineEvent[]): Promise<PieceOutcome> {
    const parts = partsOf(events);
    if (parts.length === 0) return { taken: 0, imported: 0 };
    if (parts.length === 1) return this.#storeParts(events, parts);
    const refusals = await atOnce(parts, async (part) => refusedLine(part, await known(this.#stream(part).checkImport(part.events))));
    const refused = earliest(refusals);
    if (!refused) return this.#storeParts(events, parts);
    const before = await this.store(events.filter(({ line }) => line < refused.line));
    return before.refused ? before : { ...before, refused };
  }

  /**
   * Once streams may have stored something of a piece, it is finished: by the next try, and by this worker if the client does not come
   * back.
   */
  async #storeParts(events: readonly LineEvent[], parts: readonly Part[]): Promise<PieceOutcome> {
    try {
      return await this.#tryParts(events, parts);
    } catch (error) {
      waitUntil(tryAgain(() => this.#tryParts(events, parts)));
      throw error;
    }
  }

  async #tryParts(events: readonly LineEvent[], parts: readonly Part[]): Promise<PieceOutcome> {
    const held = new Map<string, HeldImport>();
    const hold = async (part: Part) => {
      const inLog = this.#heads.get(part.stream);
      const answer = await known(this.#stream(part).holdImport({ events: part.events, ...(inLog === undefined ? {} : { inLog }) }));
      const first = held.get(part.stream);
      // What is known at the second call was new at the first.
      held.set(part.stream, first ? { ...first, inLog: answer.inLog, older: answer.older } : answer);
    };
    await atOnce(parts, hold);
    for (let attempt = 0; ; attempt++) {
      const { log, unready } = sequenceOf(events, parts, held);
      const behind = await this.#sequence(unready.length > 0 ? unready : log);
      if (behind.size === 0 && unready.length === 0) break;
      if (attempt === ATTEMPTS) throw late();
      const again = new Set([...behind, ...unready.map(({ stream }) => stream)]);
      await atOnce(
        parts.filter(({ stream }) => again.has(stream)),
        hold,
      );
    }
    const answers = parts.map((part) => ({ part, answer: held.get(part.stream) }));
    const refused = earliest(answers.map(({ part, answer }) => refusedLine(part, answer?.refused)));
    return {
      taken: answers.reduce((sum, { answer }) => sum + (answer?.versions.length ?? 0), 0),
      imported: answers.reduce((sum, { answer }) => sum + (answer?.stored ?? 0), 0),
      // A single stream takes nothing after a line that it refuses.
      ...(refused ? { refused: { ...refused, inside: parts.length > 1 } } : {}),
    };
  }

  /** Returns the streams of which the log lacks something; then it has taken nothing. */
  async #sequence(parts: readonly SequencePart[]): Promise<Set<string>> {
    const { log } = storeOf(this.#context);
    const answer = await within(WAIT_SECONDS * 1_000, log.sequenceTogether(parts), () => {
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

  #stream({ stream }: Part): ReturnType<typeof writableStreamOf> {
    return writableStreamOf(this.#context, categoryOf(stream), streamIdOf(stream));
  }
}

function partsOf(events: readonly LineEvent[]): Part[] {
  const parts = new Map<string, Part>();
  for (const { line, stream, event } of events) {
    const part = parts.get(stream) ?? { stream, events: [], lines: [] };
    part.events.push(event);
    part.lines.push(line);
    parts.set(stream, part);
  }
  return [...parts.values()];
}

/**
 * What the log should take, in the order of the lines. `unready`: streams of which it needs so many older events first that these are sent
 * separately.
 */
function sequenceOf(
  events: readonly LineEvent[],
  parts: readonly Part[],
  held: ReadonlyMap<string, HeldImport>,
): { log: SequencePart[]; unready: SequencePart[] } {
  const ways = new Map(parts.map((part) => [part.stream, wayOf(part, held.get(part.stream))]));
  const unready = [...ways.values()].flatMap(({ isWhole, older }) => (isWhole ? [] : [older]));
  const log: (SequencePart & { events: StoredEvent[] })[] = [];
  for (const { stream } of events) {
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
function wayOf({ stream, events }: Part, answer: HeldImport | undefined) {
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

function refusedLine({ stream, lines }: Part, refusal: ImportRefusal | undefined): PieceOutcome["refused"] {
  if (!refusal) return undefined;
  const line = lines[refusal.index] ?? lines[0] ?? 0;
  const code = refusal.outcome === "deleted" ? "stream-deleted" : "idempotency-conflict";
  return { line, problem: new Problem(code, `${stream}: ${refusal.detail}`, { line }), inside: false };
}

function earliest(refused: readonly PieceOutcome["refused"][]): PieceOutcome["refused"] {
  return refused.reduce((first, other) => (first && (!other || first.line < other.line) ? first : other), undefined);
}

function late(cause?: unknown): Problem {
  const problem = new Problem(
    "unavailable",
    "a part of the store did not answer in time; send the import again",
    {},
    { "retry-after": "5" },
  );
  problem.cause = cause;
  return problem;
}

/** During a deployment an object may have code that does not know the call. */
async function known<Answer>(answer: Promise<Answer>): Promise<Answer> {
  return answer.catch((error: unknown) => {
    throw error instanceof Error && error.message.includes("does not implement the method") ? late(error) : error;
  });
}

/** Does something for each item, some at the same time. Returns the results in the order of the items. */
async function atOnce<Item, Result>(items: readonly Item[], work: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  const waiting = items.entries();
  const worker = async () => {
    for (const [index, item] of waiting) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: IMPORT_STREAMS_AT_ONCE }, worker));
  return results;
}
