/**
 * Stores a piece of an import. First every stream says whether it would take its part: a line that one refuses ends the piece before it, so
 * that nothing after a bad line is stored. Then all of it is stored together (`store/together.ts`).
 *
 * When that fails, this worker keeps trying after it has answered. A crash of the worker itself leaves events in streams that the log does
 * not have: when the import is sent again, it finds them known, and brings them there.
 */

import { waitUntil } from "cloudflare:workers";
import { categoryOf, streamIdOf } from "../core/event.ts";
import type { ImportRefusal, ImportedEvent } from "../store/import-protocol.ts";
import { StoreLate, TogetherWriter, atOnce, callsTogether, known } from "../store/together.ts";
import { Problem } from "./problem.ts";
import { type HttpContext, storeOf } from "./request.ts";
import { tryAgain } from "./try-again.ts";
import { writableStreamOf } from "./writable-stream.ts";

/** Calls that a piece of this many streams takes, if nothing comes in between. */
export function callsOfPiece(streams: number): number {
  return callsTogether(streams) + (streams === 1 ? 0 : streams);
}

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
  readonly #writer: TogetherWriter;

  constructor(context: HttpContext) {
    this.#context = context;
    this.#writer = new TogetherWriter({ hold: (stream, part) => this.#stream(stream).holdImport(part), log: () => storeOf(context).log });
  }

  /** @throws {Problem} 503 when the log does not take it: then the streams have it, and the import has to be sent again */
  async store(events: readonly LineEvent[]): Promise<PieceOutcome> {
    const parts = partsOf(events);
    if (parts.length === 0) return { taken: 0, imported: 0 };
    if (parts.length === 1) return this.#storeParts(events, parts);
    const refusals = await atOnce(parts, async (part) =>
      refusedLine(part, await known(this.#stream(part.stream).checkImport(part.events)).catch(refuseLate)),
    );
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
      return refuseLate(error);
    }
  }

  async #tryParts(events: readonly LineEvent[], parts: readonly Part[]): Promise<PieceOutcome> {
    const order = events.map(({ stream }) => stream);
    const held = await this.#writer.store(order, parts);
    const answers = parts.map((part) => ({ part, answer: held.get(part.stream) }));
    const refused = earliest(answers.map(({ part, answer }) => refusedLine(part, answer?.refused)));
    return {
      taken: answers.reduce((sum, { answer }) => sum + (answer?.versions.length ?? 0), 0),
      imported: answers.reduce((sum, { answer }) => sum + (answer?.stored ?? 0), 0),
      // A single stream takes nothing after a line that it refuses.
      ...(refused ? { refused: { ...refused, inside: parts.length > 1 } } : {}),
    };
  }

  #stream(stream: string): ReturnType<typeof writableStreamOf> {
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

function refusedLine({ stream, lines }: Part, refusal: ImportRefusal | undefined): PieceOutcome["refused"] {
  if (!refusal) return undefined;
  const line = lines[refusal.index] ?? lines[0] ?? 0;
  const code = refusal.outcome === "deleted" ? "stream-deleted" : "idempotency-conflict";
  return { line, problem: new Problem(code, `${stream}: ${refusal.detail}`, { line }), inside: false };
}

function earliest(refused: readonly PieceOutcome["refused"][]): PieceOutcome["refused"] {
  return refused.reduce((first, other) => (first && (!other || first.line < other.line) ? first : other), undefined);
}

/** @throws {Problem} instead of {@link StoreLate} */
function refuseLate(error: unknown): never {
  if (!(error instanceof StoreLate)) throw error;
  const problem = new Problem(
    "unavailable",
    "a part of the store did not answer in time; send the import again",
    {},
    { "retry-after": "5" },
  );
  problem.cause = error.cause;
  throw problem;
}
