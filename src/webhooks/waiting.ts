/**
 * What waits: streams behind an event that has failed (lanes), and deliveries that failed for their next attempt (retries).
 * In memory; the lanes also in their table. What writes is called inside a transaction of the books.
 */

import { WEBHOOK_FAILING_STREAMS } from "../core/limits.ts";
import { type Key, deliveryId } from "./delivery-id.ts";
import { type Lane, LaneTable } from "./lane-table.ts";
import type { Retry } from "./ledger.ts";
import type { Turn } from "./turn.ts";

/** Whether a delivery of the stream is under way, of which there is never a second one. */
type IsUnderWay = (run: number, stream: string) => boolean;

export interface Blocked {
  readonly streams: number;
  /** When the first of them began to wait. */
  readonly since: number;
  /** Since when as many wait as may; undefined: fewer do. */
  readonly fullSince?: number;
}

export class Waiting {
  readonly #table: LaneTable;
  readonly #lanes = new Map<string, Lane>();
  readonly #retries = new Map<string, Retry>();
  /** Lanes that differ from what the table has. */
  readonly #unsaved = new Set<Lane>();

  constructor(sql: SqlStorage, retries: readonly Retry[]) {
    this.#table = new LaneTable(sql);
    for (const lane of this.#table.all()) this.#lanes.set(laneKey(lane.run, lane.stream), lane);
    for (const retry of retries) this.tryAgain(retry);
  }

  /** As many streams wait. */
  get streams(): number {
    return this.#lanes.size;
  }

  /** As many streams wait as may: nothing more is taken from the log until one of them has ended. */
  get isFull(): boolean {
    return this.#lanes.size >= WEBHOOK_FAILING_STREAMS;
  }

  /** How many streams wait, and since when (milliseconds since 1970); undefined: none does. */
  get blocked(): Blocked | undefined {
    const times = [...this.#lanes.values()].map(({ since }) => since).toSorted((a, b) => a - b);
    const [since] = times;
    if (since === undefined) return undefined;
    // Those that had been taken when it became full may come on top.
    const fullSince = times[WEBHOOK_FAILING_STREAMS - 1];
    return { streams: times.length, since, ...(fullSince === undefined ? {} : { fullSince }) };
  }

  /** Deliveries that have failed and will be tried again. */
  get retries(): number {
    return this.#retries.size;
  }

  /** Events that wait behind those, and were not tried so far. */
  get behind(): number {
    return [...this.#lanes.values()].reduce((sum, { behind }) => sum + behind, 0);
  }

  get isUnsaved(): boolean {
    return this.#unsaved.size > 0;
  }

  laneOf(run: number, stream: string): Lane | undefined {
    return this.#lanes.get(laneKey(run, stream));
  }

  lanes(): Lane[] {
    return [...this.#lanes.values()];
  }

  retryAt(key: Key): Retry | undefined {
    return this.#retries.get(deliveryId(key));
  }

  tryAgain(retry: Retry): void {
    this.#retries.set(deliveryId(retry), retry);
  }

  /** It has ended. */
  forget(key: Key): void {
    this.#retries.delete(deliveryId(key));
  }

  /** Those of the retries that it picks are due now. */
  hurry(picks: (retry: Retry) => boolean): void {
    for (const retry of this.#retries.values()) if (picks(retry)) retry.nextAttemptAt = 0;
  }

  /** When the next attempt at something that failed is due (milliseconds since 1970). */
  nextDue(isUnderWay: IsUnderWay): number | undefined {
    let next = Number.POSITIVE_INFINITY;
    for (const { run, stream, nextAttemptAt } of this.#retries.values()) {
      if (nextAttemptAt < next && !isUnderWay(run, stream)) next = nextAttemptAt;
    }
    for (const { run, stream, head } of this.#lanes.values()) if (head === undefined && !isUnderWay(run, stream)) next = 0;
    return next === Number.POSITIVE_INFINITY ? undefined : next;
  }

  /** Something that failed and is due, or what waited behind something that has ended. */
  dueTurn(now: number, isUnderWay: IsUnderWay): Turn | undefined {
    for (const lane of this.#lanes.values()) {
      const { run, stream, head } = lane;
      if (head === undefined && !isUnderWay(run, stream)) return { kind: "again", run, stream, position: undefined, lane };
    }
    for (const { run, stream, position, nextAttemptAt } of this.#retries.values()) {
      if (nextAttemptAt > now || isUnderWay(run, stream)) continue;
      const lane = this.laneOf(run, stream);
      return { kind: "again", run, stream, position, ...(lane?.head === position ? { lane } : {}) };
    }
    return undefined;
  }

  /** One more event waits in a lane. Kept with the next `save`. */
  queue(lane: Lane, position: number): void {
    if (position <= lane.seen) return; // counted before a crash
    lane.seen = position;
    lane.behind += 1;
    this.#unsaved.add(lane);
  }

  /** A stream waits for an event that has failed. */
  block(turn: Turn, position: number, now: number): void {
    const { run, stream, lane } = turn;
    if (turn.kind === "fresh") {
      const behind = turn.window.waitingOf(stream);
      const seen = behind.at(-1)?.position ?? position;
      const made = { run, stream, head: position, after: position, seen, behind: behind.length, since: now };
      this.#lanes.set(laneKey(run, stream), made);
      this.#keep(made);
      turn.item.state = "settled";
      for (const item of behind) item.state = "settled";
    } else if (lane && lane.head === undefined) {
      lane.head = position;
      lane.after = position;
      lane.behind = Math.max(0, lane.behind - 1);
      this.#keep(lane);
    }
  }

  /** What its stream waited for has ended. */
  advance(lane: Lane, position: number): void {
    if (lane.head === undefined) lane.behind = Math.max(0, lane.behind - 1);
    lane.head = undefined;
    lane.after = position;
    if (lane.after >= lane.seen) this.end(lane);
    else this.#keep(lane);
  }

  /** Nothing is left behind what this lane waited for. */
  end(lane: Lane): void {
    this.#lanes.delete(laneKey(lane.run, lane.stream));
    this.#unsaved.delete(lane);
    this.#table.remove(lane);
  }

  /** What waits in a run behind a position does not wait any more: it comes again, as part of another run. */
  cut(run: number, position: number): void {
    for (const [id, retry] of this.#retries) if (retry.run === run && retry.position > position) this.#retries.delete(id);
    for (const lane of this.lanes().filter((one) => one.run === run)) {
      // Of a lane whose head is behind the position, all that is before it is on the books.
      if ((lane.head ?? lane.after + 1) > position) this.end(lane);
      else this.#shorten(lane, position);
    }
  }

  /** Stores what differs from what is stored. */
  save(): void {
    for (const lane of this.#unsaved) this.#table.save(lane);
    this.#unsaved.clear();
  }

  #shorten(lane: Lane, position: number): void {
    lane.seen = Math.min(lane.seen, position);
    if (lane.head === lane.seen) lane.behind = 0;
    this.#keep(lane);
  }

  #keep(lane: Lane): void {
    this.#table.save(lane);
    this.#unsaved.delete(lane);
  }
}

function laneKey(run: number, stream: string): string {
  return `${run}/${stream}`;
}
