/**
 * The delivery state: what is to be delivered, what waits for what, and the outcomes. It is kept in memory, and stored as far as a crash
 * must not lose it (promise 6). Synchronous throughout; writes that belong together are one transaction.
 */

import type { LoggedEvent } from "../core/event.ts";
import { WEBHOOK_WINDOW_EVENTS } from "./limits.ts";
import { Feeds } from "./feeds.ts";
import type { BlockedStream } from "./blocked-table.ts";
import { DeliveryTable } from "./delivery-table.ts";
import type { Feed, Cursor } from "./cursor.ts";
import type { Outcome } from "../store/delivery-protocol.ts";
import { LedgerRecord } from "./ledger-record.ts";
import { Pruning } from "./pruning.ts";
import { delayAfter } from "./schedule.ts";
import { Statistics } from "./statistics.ts";
import type { Attempt } from "./attempt.ts";
import { Waiting } from "./waiting.ts";
import type { Window } from "./window.ts";

export class Ledger {
  readonly feeds: Feeds;
  readonly waits: Waiting;
  readonly table: DeliveryTable;
  readonly statistics: Statistics;
  readonly #record: LedgerRecord;
  readonly #pruning: Pruning;

  private constructor(storage: DurableObjectStorage, progress: Cursor) {
    this.feeds = new Feeds(progress);
    this.#record = new LedgerRecord(storage, this.feeds.own.settled);
    this.table = new DeliveryTable(storage.sql);
    this.waits = new Waiting(storage.sql, this.table.retries());
    this.statistics = new Statistics(progress);
    this.#pruning = new Pruning(storage.sql, progress.prunedAt);
  }

  /** Opens the ledger; undefined: there is none. */
  static open(storage: DurableObjectStorage): Ledger | undefined {
    const progress = LedgerRecord.read(storage);
    return progress && new Ledger(storage, progress);
  }

  /** The first entry: begins after a position of the log. Call it inside a transaction. */
  static begin(storage: DurableObjectStorage, position: number): void {
    const progress: Cursor = { feeds: [{ run: 0, settled: position }], runs: 0, health: {}, prunedAt: Date.now() };
    LedgerRecord.begin(storage, progress);
  }

  /** The storage failed: what is in memory may not be what is stored. Close this ledger, and open it again. */
  get isBroken(): boolean {
    return this.#record.isBroken;
  }

  /** Deliveries that have not ended. */
  get pending(): number {
    return this.waiting + this.waits.retries;
  }

  /** Those of them that have not been tried yet. */
  get waiting(): number {
    return this.feeds.size + this.waits.behind;
  }

  isKnown(run: number, position: number): boolean {
    return this.table.find({ run, position }) !== undefined;
  }

  /** Takes what was read. If a stream waits, only the position of its last event and the number of its events are kept. */
  admit(window: Window, events: readonly LoggedEvent[], next: number): void {
    const { run } = window;
    const known = this.table.known(run, window.taken, next);
    const admitted = events.filter(({ position, stream }) => {
      if (known.has(position) || window.has(position)) return false;
      const blocked = this.waits.blockedOf(run, stream);
      if (blocked) this.waits.queue(blocked, position);
      return blocked === undefined;
    });
    window.add(admitted, next);
    this.#record.isBehind = true;
    // How much is read again after a crash is bounded, and so is the cost of storing.
    const { own } = this.feeds;
    if (this.#record.isFar(own.settled, WEBHOOK_WINDOW_EVENTS / 5) || this.waits.isUnsaved || window !== own) this.save();
  }

  /** Records the outcome of an attempt in the ledger, the blocked stream and the endpoint's health, in one transaction. */
  settle(attempt: Attempt, event: LoggedEvent, outcome: Outcome, now: number): void {
    const key = { run: attempt.run, position: event.position };
    const before = this.waits.retryAt(key);
    const attempts = (before?.attempts ?? 0) + 1;
    this.#record.isBehind = true;
    if (outcome.delivered) {
      const downSince = this.statistics.arrived(now);
      // The endpoint is back: deliveries that failed only because it was away need not wait for their schedule.
      if (downSince !== undefined) this.waits.hurry(({ at, isOwn }) => at >= downSince && !isOwn);
      return this.#end(attempt, event, "delivered", attempts, outcome, now);
    }
    const isOwn = outcome.ownFault === true || (before !== undefined && this.statistics.health.hasTakenSince(before.at));
    this.statistics.failed(event, outcome, now, isOwn);
    const delay = delayAfter(attempts, Math.random());
    if (delay === undefined) return this.#end(attempt, event, "parked", attempts, outcome, now);
    const { stream, position } = event;
    const nextAttemptAt = now + Math.max(delay, outcome.retryAfterMs ?? 0);
    if (this.#isOutOfScope(attempt, position)) {
      if (attempt.kind === "fresh") attempt.item.state = "settled";
      return;
    }
    this.#record.transaction(() => {
      this.table.record(key, event, "pending", attempts, outcome, now, nextAttemptAt);
      this.waits.tryAgain({ ...key, stream, attempts, nextAttemptAt, at: now, isOwn });
      this.waits.block(attempt, position, now);
      this.#put();
    });
  }

  /** Skips an event that must not be sent. */
  skip(attempt: Attempt, position: number, type: string, error: string): void {
    const attempts = this.waits.retryAt({ run: attempt.run, position })?.attempts ?? 0;
    this.#end(
      attempt,
      { stream: attempt.stream, position, type },
      "skipped",
      attempts,
      { delivered: false, error, durationMs: 0 },
      Date.now(),
    );
  }

  /** Nothing is left behind what this blocked stream waited for. */
  endBlocked(blocked: BlockedStream): void {
    this.waits.end(blocked);
    this.#endReplays();
  }

  /** Gives up what these streams wait for, so that they continue. */
  park(lanes: readonly BlockedStream[], reason: string): void {
    this.#record.isBehind = true;
    this.#record.transaction(() => {
      for (const blocked of lanes) {
        if (blocked.head === undefined) continue;
        const key = { run: blocked.run, position: blocked.head };
        this.table.park(key, reason);
        this.statistics.count("parked");
        this.waits.forget(key);
        this.waits.advance(blocked, blocked.head);
      }
    });
    this.#endReplays();
  }

  /** A replay of the log up to `end`. */
  addReplay(feed: Omit<Feed, "run">): Feed {
    const replay = this.feeds.add(feed);
    this.save();
    return replay;
  }

  /** Follows the log from another position, with new deliveries. What was taken up to there and has not arrived still will. */
  reset(position: number): void {
    const { run } = this.feeds.own;
    this.#record.transaction(() => {
      this.feeds.reset(position);
      this.table.forget(run, position);
      this.waits.cut(run, position);
      this.#put();
    });
    this.#endReplays();
  }

  /** Stores how far it is, if reading that much again would be a lot. */
  saveIfFar(): void {
    if (this.#record.isFar(this.feeds.own.settled, WEBHOOK_WINDOW_EVENTS)) this.save();
  }

  /** Stores how far it is. */
  save(): void {
    if (!this.#record.isBehind && !this.waits.isUnsaved && this.feeds.others.length === 0) return;
    this.#record.transaction(() => this.#put());
    this.#endReplays();
  }

  /** Removes what is too old, one step at a time. Returns when to come back (milliseconds since 1970). */
  prune(now: number): number | undefined {
    const { doneAt } = this.#pruning;
    const again = this.#pruning.step(now);
    if (this.#pruning.doneAt !== doneAt) {
      this.#record.isBehind = true;
      this.save();
    }
    return again;
  }

  #end(
    attempt: Attempt,
    event: Pick<LoggedEvent, "stream" | "type" | "position">,
    status: "delivered" | "parked" | "skipped",
    attempts: number,
    outcome: Outcome,
    now: number,
  ): void {
    const key = { run: attempt.run, position: event.position };
    this.statistics.count(status);
    this.#record.isBehind = true;
    this.#record.transaction(() => {
      this.table.record(key, event, status, attempts, outcome, now, undefined);
      this.waits.forget(key);
      if (attempt.kind === "fresh") attempt.item.state = "settled";
      else if (attempt.blocked && this.waits.blockedOf(attempt.run, attempt.stream)) this.waits.advance(attempt.blocked, event.position);
      // A failure may be the one that counts; a success can be counted again.
      if (status === "parked") this.#put();
    });
    if (attempt.run !== this.feeds.own.run) this.#endReplays();
  }

  /** It was reset while this was under way: the event comes again as part of another run, or not at all. */
  #isOutOfScope({ run, blocked }: Attempt, position: number): boolean {
    const window = this.feeds.find(run);
    if (!window) return !blocked || !this.waits.blockedOf(run, blocked.stream);
    return window.feed.end !== undefined && position > window.feed.end;
  }

  /** Ends replays that are over, and whose streams wait for nothing. */
  #endReplays(): void {
    const isAwaited = (run: number) => this.waits.blockedStreams().some((blocked) => blocked.run === run);
    if (this.feeds.endOver(isAwaited)) this.#record.transaction(() => this.#put());
  }

  #put(): void {
    this.waits.save();
    const progress: Cursor = {
      ...this.feeds.toCursor(),
      ...this.statistics.toCursor(),
      prunedAt: this.#pruning.doneAt,
    };
    this.#record.put(progress, this.feeds.own.settled);
  }
}
