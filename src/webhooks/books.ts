/**
 * What is to be delivered, what waits for what, and what came of it: in memory, and in the ledger as far as a crash must
 * not forget it (promise 6). Synchronous throughout; what belongs together is one transaction.
 */

import type { LoggedEvent } from "../event.ts";
import { WEBHOOK_WINDOW_EVENTS } from "../limits.ts";
import type { ConsumerError } from "../protocol.ts";
import { Health } from "./health.ts";
import type { Key } from "./delivery-id.ts";
import type { Lane } from "./lane-table.ts";
import { Ledger } from "./ledger.ts";
import type { Feed, Progress } from "./progress.ts";
import type { Outcome, Totals } from "./protocol.ts";
import { delayAfter } from "./schedule.ts";
import type { Turn } from "./turn.ts";
import { Waiting } from "./waiting.ts";
import { Window } from "./window.ts";

/** Milliseconds between two prunings of the ledger. Ours. */
const PRUNE_MS = 86_400_000;

export class Books {
  readonly ledger: Ledger;
  readonly health: Health;
  readonly waits: Waiting;
  windows: Window[];
  lastFailure: ConsumerError | undefined;
  /** The storage has failed: what is here in memory may not be what is stored. Close these books, and open them anew. */
  isBroken = false;
  readonly #storage: DurableObjectStorage;
  #runs: number;
  #prunedAt: number;
  #prunedTo: Key | undefined;
  /** Whether the success or the positions that were reached are not stored yet. */
  #isBehind = false;
  #stored: number;
  #totals: Totals;

  private constructor(storage: DurableObjectStorage, { feeds, runs, health, lastFailure, prunedAt, totals }: Progress) {
    this.#storage = storage;
    this.ledger = new Ledger(storage.sql);
    this.waits = new Waiting(storage.sql, this.ledger.retries());
    this.windows = feeds.map((feed) => new Window(feed));
    this.health = new Health(health);
    this.lastFailure = lastFailure;
    this.#runs = runs;
    this.#prunedAt = prunedAt;
    this.#stored = this.own.settled;
    this.#totals = totals ?? { delivered: 0, failed: 0, parked: 0, skipped: 0 };
  }

  /** Opens the books; undefined: there are none. */
  static open(storage: DurableObjectStorage): Books | undefined {
    const progress = storage.kv.get<Progress>("progress");
    return progress && new Books(storage, progress);
  }

  /** The first entry: begins after a position of the log. Call inside a transaction. */
  static begin(storage: DurableObjectStorage, position: number): void {
    const progress: Progress = { feeds: [{ run: 0, settled: position }], runs: 0, health: {}, prunedAt: Date.now() };
    storage.kv.put("progress", progress);
  }

  /** The webhook's own way along the log: the one without an end. */
  get own(): Window {
    const own = this.windows.find(({ feed }) => feed.end === undefined);
    if (!own) throw new Error("a webhook follows the log");
    return own;
  }

  /** Deliveries that have not ended. */
  get pending(): number {
    return this.waiting + this.waits.retries;
  }

  /** Those of them that were not tried so far. */
  get waiting(): number {
    return this.windows.reduce((sum, window) => sum + window.size, this.waits.behind);
  }

  get totals(): Totals {
    return this.#totals;
  }

  isKnown(run: number, position: number): boolean {
    return this.ledger.find({ run, position }) !== undefined;
  }

  /** Takes over what was read. Events of a stream that waits wait behind it, in the ledger and not in memory. */
  admit(window: Window, events: readonly LoggedEvent[], next: number): void {
    const { run } = window;
    const known = this.ledger.known(run, window.taken, next);
    const admitted = events.filter(({ position, stream }) => {
      if (known.has(position) || window.has(position)) return false;
      const lane = this.waits.laneOf(run, stream);
      if (lane) this.waits.queue(lane, position);
      return lane === undefined;
    });
    window.add(admitted, next);
    this.#isBehind = true;
    // What is read again after a crash is bounded, and so is what storing it costs.
    if (this.own.settled - this.#stored >= WEBHOOK_WINDOW_EVENTS / 5 || this.waits.isUnsaved || window !== this.own) this.save();
  }

  /** The outcome of an attempt: the ledger, the lane and the endpoint's health, in one transaction. */
  settle(turn: Turn, event: LoggedEvent, outcome: Outcome, now: number): void {
    const key = { run: turn.run, position: event.position };
    const attempts = this.waits.attemptsAt(key) + 1;
    if (outcome.delivered) {
      this.#arrived(now);
      this.#end(turn, event, "delivered", attempts, outcome, now);
      return;
    }
    const { stream, version, type, position } = event;
    this.#count("failed");
    this.health.failed(stream, now, Math.random());
    if (outcome.retryAfterMs !== undefined) this.health.hold(now + outcome.retryAfterMs);
    const message = outcome.error ?? "the delivery failed";
    this.lastFailure = { message, at: new Date(now).toISOString(), event: { position, stream, version, type } };
    const delay = delayAfter(attempts, Math.random());
    if (delay === undefined) {
      this.#end(turn, event, "parked", attempts, outcome, now);
      return;
    }
    const nextAttemptAt = now + Math.max(delay, outcome.retryAfterMs ?? 0);
    if (this.#isOutOfScope(turn, position)) {
      if (turn.kind === "fresh") turn.item.state = "settled";
      return;
    }
    this.#transaction(() => {
      this.ledger.record(key, event, "pending", attempts, outcome, now, nextAttemptAt);
      this.waits.tryAgain({ ...key, stream, attempts, nextAttemptAt, at: now });
      this.waits.block(turn, position);
      this.#put();
    });
  }

  /** An event of which nothing is to be said. */
  skip(turn: Turn, position: number, type: string, error: string): void {
    const attempts = this.waits.attemptsAt({ run: turn.run, position });
    this.#end(turn, { stream: turn.stream, position, type }, "skipped", attempts, { delivered: false, error, durationMs: 0 }, Date.now());
  }

  /** Nothing is left behind what this lane waited for. */
  endLane(lane: Lane): void {
    this.waits.end(lane);
    this.#endReplays();
  }

  /** Gives up what these streams wait for, so that they go on. */
  park(lanes: readonly Lane[], reason: string): void {
    this.#transaction(() => {
      for (const lane of lanes) {
        if (lane.head === undefined) continue;
        const key = { run: lane.run, position: lane.head };
        this.ledger.park(key, reason);
        this.#count("parked");
        this.waits.forget(key);
        this.waits.advance(lane, lane.head);
      }
    });
    this.#endReplays();
  }

  /** A replay of what the log has up to `end`. */
  addReplay(feed: Omit<Feed, "run">): Feed {
    const replay = { ...feed, run: ++this.#runs };
    this.windows.push(new Window(replay));
    this.save();
    return replay;
  }

  /** Follows the log from another position, with new deliveries. What was taken up to there and has not arrived still does. */
  reset(position: number): void {
    const { own } = this;
    this.#transaction(() => {
      const rest = own.settled < position ? [new Window({ ...own.toFeed(), end: position })] : [];
      this.windows = [...this.windows.filter((window) => window !== own), ...rest, new Window({ run: ++this.#runs, settled: position })];
      this.ledger.forget(own.run, position);
      this.waits.cut(own.run, position);
      this.#stored = 0;
      this.#put();
    });
    this.#endReplays();
  }

  /** Stores how far it is, when reading that far again would be much. */
  saveIfFar(): void {
    if (this.own.settled - this.#stored >= WEBHOOK_WINDOW_EVENTS) this.save();
  }

  /** Stores how far it is. */
  save(): void {
    if (!this.#isBehind && !this.waits.isUnsaved && this.windows.every(({ feed }) => feed.end === undefined)) return;
    this.#transaction(() => this.#put());
    this.#endReplays();
  }

  /** Removes what is too old, one step at a time. Answers with when to come again (milliseconds since 1970). */
  prune(now: number): number | undefined {
    if (this.ledger.isEmpty()) return undefined;
    if (now < this.#prunedAt + PRUNE_MS) return this.#prunedAt + PRUNE_MS;
    this.#prunedTo = this.ledger.prune(this.#prunedTo ?? { run: -1, position: -1 }, now);
    if (this.#prunedTo) return now;
    this.#prunedAt = now;
    this.#isBehind = true;
    this.save();
    return this.ledger.isEmpty() ? undefined : now + PRUNE_MS;
  }

  #arrived(now: number): void {
    const { failingSince } = this.health.record;
    const wasDown = this.health.isDown;
    this.health.succeeded(now);
    this.#isBehind = true;
    if (failingSince === undefined) return;
    // It is back: what failed while it was away need not wait for its schedule.
    if (wasDown) this.waits.hurry(({ at }) => at >= failingSince);
  }

  #end(
    turn: Turn,
    event: Pick<LoggedEvent, "stream" | "type" | "position">,
    status: "delivered" | "parked" | "skipped",
    attempts: number,
    outcome: Outcome,
    now: number,
  ): void {
    const key = { run: turn.run, position: event.position };
    this.#count(status);
    this.#transaction(() => {
      this.ledger.record(key, event, status, attempts, outcome, now, undefined);
      this.waits.forget(key);
      if (turn.kind === "fresh") turn.item.state = "settled";
      else if (turn.lane && this.waits.laneOf(turn.run, turn.stream)) this.waits.advance(turn.lane, event.position);
      // A failure may be the one that counts; a success can be counted again.
      if (status === "parked") this.#put();
    });
    if (turn.run !== this.own.run) this.#endReplays();
  }

  #count(what: keyof Totals): void {
    this.#totals = { ...this.#totals, [what]: this.#totals[what] + 1 };
    this.#isBehind = true;
  }

  /** It was reset while this was under way: it comes again as part of another run, or does not come any more. */
  #isOutOfScope({ run, lane }: Turn, position: number): boolean {
    const window = this.windows.find((one) => one.run === run);
    if (!window) return !lane || !this.waits.laneOf(run, lane.stream);
    return window.feed.end !== undefined && position > window.feed.end;
  }

  /** Replays that are over, and whose streams wait for nothing. */
  #endReplays(): void {
    const isOver = (window: Window) => window.isOver && !this.waits.lanes().some(({ run }) => run === window.run);
    if (!this.windows.some(isOver)) return;
    this.windows = this.windows.filter((window) => !isOver(window));
    this.#transaction(() => this.#put());
  }

  #put(): void {
    this.waits.save();
    const progress: Progress = {
      feeds: this.windows.map((window) => window.toFeed()),
      runs: this.#runs,
      health: this.health.record,
      ...(this.lastFailure ? { lastFailure: this.lastFailure } : {}),
      prunedAt: this.#prunedAt,
      totals: this.#totals,
    };
    this.#storage.kv.put("progress", progress);
    this.#isBehind = false;
    this.#stored = this.own.settled;
  }

  #transaction(write: () => void): void {
    try {
      this.#storage.transactionSync(write);
    } catch (error) {
      this.isBroken = true;
      throw error;
    }
  }
}
