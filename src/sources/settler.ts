/**
 * Settles changes: appends their events to the source's category, and keeps in the ledger how far that is. It writes to streams, the log and
 * the ledger, and knows nothing of the outside.
 */

import { categoryOf, streamIdOf } from "../core/event.ts";
import { type Change, SourceStopped } from "../definitions/sources/kind.ts";
import type { Source } from "../definitions/sources/source.ts";
import type { PlainCategory } from "../store/plain-category.ts";
import type { Store } from "../store/store.ts";
import { type StreamPart, TogetherWriter } from "../store/together.ts";
import { logger } from "../telemetry/logger.ts";
import { type ChangeEvent, eventsOf } from "./change-events.ts";
import { ChangeMistake } from "./change-mistake.ts";
import { type Place, type SourceLedger, withoutAhead } from "./ledger.ts";
import { PIECE_STREAMS, RUN_CALLS } from "./limits.ts";

/** Calls to objects that a run has left: those that are made are taken off. */
export interface Calls {
  calls: number;
}

/** One for each source object: it remembers which events the log has. */
export class Settler {
  readonly #store: Store;
  readonly #ledger: SourceLedger;
  readonly #plan: "free" | "paid";
  /** One for all pieces: a stream that does not hear that the log has its events would send them once more. */
  readonly #writer: TogetherWriter;

  constructor(store: Store, ledger: SourceLedger, plan: "free" | "paid") {
    this.#store = store;
    this.#ledger = ledger;
    this.#plan = plan;
    this.#writer = new TogetherWriter({
      hold: (stream, part) => store.stream(categoryOf(stream), streamIdOf(stream)).holdImport(part),
      log: () => store.log,
    });
  }

  /**
   * Settles changes, a piece at a time. False: the calls of this run are used up before their end.
   *
   * @param end what is kept with the last of them
   * @throws {ChangeMistake} at the first that cannot be stored, once all before it are
   */
  async settle(source: Source, changes: readonly Change[], allowance: Calls, end: Partial<Place> = {}): Promise<boolean> {
    // One category for all of them: it may change or be retired between two portions.
    const category = await this.#categoryOf(source);
    const skipped = new Set(this.#ledger.skipped.map(({ change }) => change));
    const { events, settled, failed } = eventsOf({ source, category, salt: this.#ledger.salt, skipped }, changes);
    const pieces = piecesOf(events, Math.min(PIECE_STREAMS, RUN_CALLS[this.#plan] - 1));
    let through = 0;
    for (const [index, piece] of pieces.entries()) {
      const calls = new Set(piece.map(({ stream }) => stream)).size + 1;
      if (index > 0 && calls > allowance.calls) return false;
      allowance.calls -= calls;
      const counts = await this.#append(piece);
      const isLast = index === pieces.length - 1;
      const next = isLast ? settled.length : settled.indexOf(piece.at(-1)?.change as Change) + 1;
      this.#note(settled.slice(through, next), counts, isLast && !failed ? end : undefined);
      through = next;
    }
    if (pieces.length === 0 && settled.length > 0) this.#note(settled, { appended: 0, ended: 0 }, failed ? undefined : end);
    if (failed) throw new ChangeMistake(failed.change.position, failed.message);
    return true;
  }

  /** @param end undefined: changes of the same portion follow */
  #note(settled: readonly Change[], { appended, ended }: Pick<Place, "appended" | "ended">, end: Partial<Place> | undefined): void {
    const place = this.#ledger.place;
    const last = settled.at(-1);
    this.#ledger.settle({
      ...withoutAhead(place),
      ...(last ? { position: last.position, ...(end ? {} : { ahead: last.id }) } : {}),
      changes: place.changes + settled.length,
      appended: place.appended + appended,
      ended: place.ended + ended,
      progressAt: Date.now(),
      ...end,
    });
  }

  async #append(piece: readonly ChangeEvent[]): Promise<Pick<Place, "appended" | "ended">> {
    const byStream = Map.groupBy(piece, ({ stream }) => stream);
    const parts: StreamPart[] = [...byStream].map(([stream, ones]) => ({ stream, events: ones.map(({ event }) => event) }));
    const order = piece.map(({ stream }) => stream);
    const held = await this.#writer.store(order, parts, true);
    let [appended, ended] = [0, 0];
    for (const { stream, events } of parts) {
      const { stored = 0, versions = [], refused } = held.get(stream) ?? {};
      appended += stored;
      // Another outcome than `deleted` is not possible: the first content stands.
      if (refused?.outcome === "deleted") {
        ended += events.length - versions.length;
        logger.warn({ message: "a source read changes for a stream that was deleted; they are dropped", store: this.#store.name, stream });
      } else if (refused) throw new Error(`${stream} answered ${refused.outcome}`);
    }
    return { appended, ended };
  }

  async #categoryOf({ to }: Source): Promise<PlainCategory> {
    const found = await this.#store.definitions.category(to);
    if (found === undefined) throw new SourceStopped(`the category ${to}, which the source feeds, is not declared`);
    if (found.status === "retired") throw new SourceStopped(`the category ${to}, which the source feeds, was retired`);
    if (found.status === "removed") throw new SourceStopped(`the category ${to}, which the source feeds, is no longer in the code`);
    return found.category;
  }
}

/** Cuts events so that no piece is of more streams than this. */
function piecesOf(events: readonly ChangeEvent[], most: number): ChangeEvent[][] {
  const pieces: ChangeEvent[][] = [];
  let streams = new Set<string>();
  for (const event of events) {
    const last = pieces.at(-1);
    const isNew = !streams.has(event.stream);
    if (last && !(isNew && streams.size >= most)) last.push(event);
    else {
      pieces.push([event]);
      streams = new Set();
    }
    streams.add(event.stream);
  }
  return pieces;
}
