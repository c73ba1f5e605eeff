/**
 * What waits: streams blocked by a failed event, and failed deliveries that wait for their next attempt. In memory; blocked streams also in
 * their table. Every method that writes is called inside a transaction of the ledger.
 */

import { WEBHOOK_FAILING_STREAMS } from "./limits.ts";
import { type Key, deliveryId } from "./delivery-id.ts";
import { type BlockedStream, BlockedTable } from "./blocked-table.ts";
import type { Retry } from "./delivery-table.ts";
import type { Attempt } from "./attempt.ts";

/** Whether a delivery of the stream is under way: there is never a second one. */
type IsUnderWay = (run: number, stream: string) => boolean;

export interface BlockedSummary {
  readonly streams: number;
  /** When the first of them began to wait. */
  readonly since: number;
  /** Since when as many wait as are allowed; undefined: fewer do. */
  readonly fullSince?: number;
}

export class Waiting {
  readonly #table: BlockedTable;
  readonly #blocked = new Map<string, BlockedStream>();
  readonly #retries = new Map<string, Retry>();
  /** Blocked streams that differ from what the table has. */
  readonly #unsaved = new Set<BlockedStream>();

  constructor(sql: SqlStorage, retries: readonly Retry[]) {
    this.#table = new BlockedTable(sql);
    for (const blocked of this.#table.all()) this.#blocked.set(keyOf(blocked.run, blocked.stream), blocked);
    for (const retry of retries) this.tryAgain(retry);
  }

  /** The number of streams that wait. */
  get streams(): number {
    return this.#blocked.size;
  }

  /** As many streams wait as are allowed: nothing more is taken from the log until one of them has ended. */
  get isFull(): boolean {
    return this.#blocked.size >= WEBHOOK_FAILING_STREAMS;
  }

  /** How many streams wait, and since when (milliseconds since 1970); undefined: none does. */
  get summary(): BlockedSummary | undefined {
    const times = [...this.#blocked.values()].map(({ since }) => since).toSorted((a, b) => a - b);
    const [since] = times;
    if (since === undefined) return undefined;
    // Streams of events that had been taken before it became full may be added.
    const fullSince = times[WEBHOOK_FAILING_STREAMS - 1];
    return { streams: times.length, since, ...(fullSince === undefined ? {} : { fullSince }) };
  }

  /** Deliveries that have failed and will be tried again. */
  get retries(): number {
    return this.#retries.size;
  }

  /** Events that wait behind those, and have not been tried yet. */
  get behind(): number {
    return [...this.#blocked.values()].reduce((sum, { behind }) => sum + behind, 0);
  }

  get isUnsaved(): boolean {
    return this.#unsaved.size > 0;
  }

  blockedOf(run: number, stream: string): BlockedStream | undefined {
    return this.#blocked.get(keyOf(run, stream));
  }

  blockedStreams(): BlockedStream[] {
    return [...this.#blocked.values()];
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

  /** The retries that it picks are due now. */
  hurry(picks: (retry: Retry) => boolean): void {
    for (const retry of this.#retries.values()) if (picks(retry)) retry.nextAttemptAt = 0;
  }

  /** When the next attempt for a failed delivery is due (milliseconds since 1970). */
  nextDue(isUnderWay: IsUnderWay): number | undefined {
    let next = Number.POSITIVE_INFINITY;
    for (const { run, stream, nextAttemptAt } of this.#retries.values()) {
      if (nextAttemptAt < next && !isUnderWay(run, stream)) next = nextAttemptAt;
    }
    for (const { run, stream, head } of this.#blocked.values()) if (head === undefined && !isUnderWay(run, stream)) next = 0;
    return next === Number.POSITIVE_INFINITY ? undefined : next;
  }

  /** A failed delivery that is due, or an event that waited behind a delivery that has ended. */
  dueAttempt(now: number, isUnderWay: IsUnderWay): Attempt | undefined {
    for (const blocked of this.#blocked.values()) {
      const { run, stream, head } = blocked;
      if (head === undefined && !isUnderWay(run, stream)) return { kind: "again", run, stream, position: undefined, blocked };
    }
    for (const { run, stream, position, nextAttemptAt } of this.#retries.values()) {
      if (nextAttemptAt > now || isUnderWay(run, stream)) continue;
      const blocked = this.blockedOf(run, stream);
      return { kind: "again", run, stream, position, ...(blocked?.head === position ? { blocked } : {}) };
    }
    return undefined;
  }

  /** One more event waits in a blocked stream. Stored with the next `save`. */
  queue(blocked: BlockedStream, position: number): void {
    if (position <= blocked.seen) return; // counted before a crash
    blocked.seen = position;
    blocked.behind += 1;
    this.#unsaved.add(blocked);
  }

  /** A stream waits for an event that has failed. */
  block(attempt: Attempt, position: number, now: number): void {
    const { run, stream, blocked } = attempt;
    if (attempt.kind === "fresh") {
      const behind = attempt.window.waitingOf(stream);
      const seen = behind.at(-1)?.position ?? position;
      const made = { run, stream, head: position, after: position, seen, behind: behind.length, since: now };
      this.#blocked.set(keyOf(run, stream), made);
      this.#keep(made);
      attempt.item.state = "settled";
      for (const item of behind) item.state = "settled";
    } else if (blocked && blocked.head === undefined) {
      blocked.head = position;
      blocked.after = position;
      blocked.behind = Math.max(0, blocked.behind - 1);
      this.#keep(blocked);
    }
  }

  /** The event that its stream waited for has ended. */
  advance(blocked: BlockedStream, position: number): void {
    if (blocked.head === undefined) blocked.behind = Math.max(0, blocked.behind - 1);
    blocked.head = undefined;
    blocked.after = position;
    if (blocked.after >= blocked.seen) this.end(blocked);
    else this.#keep(blocked);
  }

  /** Nothing is left behind the event that this blocked stream waited for. */
  end(blocked: BlockedStream): void {
    this.#blocked.delete(keyOf(blocked.run, blocked.stream));
    this.#unsaved.delete(blocked);
    this.#table.remove(blocked);
  }

  /** Events of a run after a position do not wait any more: they come again, as part of another run. */
  cut(run: number, position: number): void {
    for (const [id, retry] of this.#retries) if (retry.run === run && retry.position > position) this.#retries.delete(id);
    for (const blocked of this.blockedStreams().filter((one) => one.run === run)) {
      // If a blocked stream's head is after the position, everything before the head is in the ledger.
      if ((blocked.head ?? blocked.after + 1) > position) this.end(blocked);
      else this.#shorten(blocked, position);
    }
  }

  /** Stores what differs from what is stored. */
  save(): void {
    for (const blocked of this.#unsaved) this.#table.save(blocked);
    this.#unsaved.clear();
  }

  #shorten(blocked: BlockedStream, position: number): void {
    blocked.seen = Math.min(blocked.seen, position);
    if (blocked.head === blocked.seen) blocked.behind = 0;
    this.#keep(blocked);
  }

  #keep(blocked: BlockedStream): void {
    this.#table.save(blocked);
    this.#unsaved.delete(blocked);
  }
}

function keyOf(run: number, stream: string): string {
  return `${run}/${stream}`;
}
