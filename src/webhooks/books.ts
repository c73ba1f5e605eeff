/**
 * What is to be delivered, what waits for what, and what came of it: in memory, and in the ledger as far as a crash must
 * not forget it (promise 6). Synchronous throughout; what belongs together is one transaction.
 */

import type { LoggedEvent } from "../event.ts";
import { WEBHOOK_WINDOW_EVENTS } from "../limits.ts";
import type { ConsumerError } from "../protocol.ts";
import { Health } from "./health.ts";
import { type Feed, type Key, type Lane, Ledger, type Progress, type Retry, deliveryId } from "./ledger.ts";
import type { Outcome, Totals } from "./protocol.ts";
import { delayAfter } from "./schedule.ts";
import { type Item, Window } from "./window.ts";

/** A delivery whose turn it is: the first attempt at something new, or another one at something that failed, or what waited behind it. */
export type Turn =
  | {
      readonly kind: "fresh";
      readonly run: number;
      readonly stream: string;
      readonly position: number;
      readonly window: Window;
      readonly item: Item;
      readonly lane?: undefined;
    }
  | { readonly kind: "again"; readonly run: number; readonly stream: string; readonly position: number | undefined; readonly lane?: Lane };

/** Milliseconds between two prunings of the ledger. Ours. */
const PRUNE_MS = 86_400_000;

export class Books {
  readonly ledger: Ledger;
  readonly health: Health;
  readonly lanes = new Map<string, Lane>();
  windows: Window[];
  lastFailure: ConsumerError | undefined;
  /** The storage has failed: what is here in memory may not be what is stored. Close these books, and open them anew. */
  isBroken = false;
  readonly #storage: DurableObjectStorage;
  readonly #retries = new Map<string, Retry>();
  /** Lanes that differ from what the ledger has. */
  readonly #unsaved = new Set<Lane>();
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
    this.windows = feeds.map((feed) => new Window(feed));
    this.health = new Health(health);
    this.lastFailure = lastFailure;
    this.#runs = runs;
    this.#prunedAt = prunedAt;
    this.#stored = this.own.settled;
    this.#totals = totals ?? { delivered: 0, failed: 0, parked: 0, skipped: 0 };
    for (const lane of this.ledger.lanes()) this.lanes.set(laneKey(lane.run, lane.stream), lane);
    for (const retry of this.ledger.retries()) this.#retries.set(deliveryId(retry), retry);
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
    return this.waiting + this.#retries.size;
  }

  /** Those of them that were not tried so far. */
  get waiting(): number {
    const inWindows = this.windows.reduce((sum, window) => sum + window.size, 0);
    return [...this.lanes.values()].reduce((sum, { behind }) => sum + behind, inWindows);
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
      const lane = this.lanes.get(laneKey(run, stream));
      if (!lane) return true;
      if (position <= lane.seen) return false; // counted before a crash
      lane.seen = position;
      lane.behind += 1;
      this.#unsaved.add(lane);
      return false;
    });
    window.add(admitted, next);
    this.#isBehind = true;
    // What is read again after a crash is bounded, and so is what storing it costs.
    if (this.own.settled - this.#stored >= WEBHOOK_WINDOW_EVENTS / 5 || this.#unsaved.size > 0 || window !== this.own) this.save();
  }

  /** When the next attempt at something that failed is due (milliseconds since 1970). */
  nextDue(isUnderWay: (run: number, stream: string) => boolean): number | undefined {
    let next = Number.POSITIVE_INFINITY;
    for (const { run, stream, nextAttemptAt } of this.#retries.values()) {
      if (nextAttemptAt < next && !isUnderWay(run, stream)) next = nextAttemptAt;
    }
    for (const { run, stream, head } of this.lanes.values()) if (head === undefined && !isUnderWay(run, stream)) next = 0;
    return next === Number.POSITIVE_INFINITY ? undefined : next;
  }

  /** Something that failed and is due, or what waited behind something that has ended. */
  dueTurn(now: number, isUnderWay: (run: number, stream: string) => boolean): Turn | undefined {
    for (const lane of this.lanes.values()) {
      const { run, stream, head } = lane;
      if (head === undefined && !isUnderWay(run, stream)) return { kind: "again", run, stream, position: undefined, lane };
    }
    for (const { run, stream, position, nextAttemptAt } of this.#retries.values()) {
      if (nextAttemptAt > now || isUnderWay(run, stream)) continue;
      const lane = this.lanes.get(laneKey(run, stream));
      return { kind: "again", run, stream, position, ...(lane?.head === position ? { lane } : {}) };
    }
    return undefined;
  }

  /** The outcome of an attempt: the ledger, the lane and the endpoint's health, in one transaction. */
  settle(turn: Turn, event: LoggedEvent, outcome: Outcome, now: number): void {
    const key = { run: turn.run, position: event.position };
    const attempts = (this.#retries.get(deliveryId(key))?.attempts ?? 0) + 1;
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
      this.#retries.set(deliveryId(key), { ...key, stream, attempts, nextAttemptAt, at: now });
      this.#block(turn, event);
      this.#put();
    });
  }

  /** An event of which nothing is to be said. */
  skip(turn: Turn, position: number, type: string, error: string): void {
    const attempts = this.#retries.get(deliveryId({ run: turn.run, position }))?.attempts ?? 0;
    this.#end(turn, { stream: turn.stream, position, type }, "skipped", attempts, { delivered: false, error, durationMs: 0 }, Date.now());
  }

  /** Nothing is left behind what this lane waited for. */
  endLane(lane: Lane): void {
    this.lanes.delete(laneKey(lane.run, lane.stream));
    this.#unsaved.delete(lane);
    this.ledger.removeLane(lane);
    this.#endReplays();
  }

  /** Everything that waits for another attempt is due now. */
  retryNow(): void {
    this.health.forgive();
    for (const retry of this.#retries.values()) retry.nextAttemptAt = 0;
  }

  /** One delivery is due now. */
  retryOne(key: Key): void {
    this.health.forgive();
    const retry = this.#retries.get(deliveryId(key));
    if (retry) retry.nextAttemptAt = 0;
  }

  /** Parked deliveries wait for another attempt. They have lost their place: their streams have gone on without them. */
  revive(from: number, to: number, limit: number): number {
    this.health.forgive();
    const revived = this.ledger.revive(from, to, limit);
    for (const retry of revived) this.#retries.set(deliveryId(retry), retry);
    return revived.length;
  }

  /** Parks what keeps a stream waiting, so that it goes on. Answers with how many. */
  parkHeads(reason: string, only?: number): number {
    let parked = 0;
    this.#transaction(() => {
      for (const lane of this.lanes.values()) {
        if (lane.head === undefined || (only !== undefined && only !== lane.head)) continue;
        const key = { run: lane.run, position: lane.head };
        this.ledger.park(key, reason);
        this.#count("parked");
        this.#retries.delete(deliveryId(key));
        this.#advance(lane, lane.head);
        parked += 1;
      }
    });
    return parked;
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
      for (const [id, retry] of this.#retries) if (retry.run === own.run && retry.position > position) this.#retries.delete(id);
      for (const lane of [...this.lanes.values()].filter(({ run }) => run === own.run)) {
        // Of a lane whose head is behind the position, all that is before it is on the books.
        if ((lane.head ?? lane.after + 1) > position) this.endLane(lane);
        else this.#shorten(lane, position);
      }
      this.#stored = 0;
      this.#put();
    });
  }

  /** One parked delivery waits for another attempt. */
  reviveOne({ run, position }: Key): void {
    this.health.forgive();
    const retry = this.ledger.reviveOne({ run, position });
    if (retry) this.#retries.set(deliveryId(retry), retry);
  }

  /** Stores how far it is, when reading that far again would be much. */
  saveIfFar(): void {
    if (this.own.settled - this.#stored >= WEBHOOK_WINDOW_EVENTS) this.save();
  }

  /** Stores how far it is. */
  save(): void {
    if (!this.#isBehind && this.#unsaved.size === 0 && this.windows.every(({ feed }) => feed.end === undefined)) return;
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
    if (wasDown)
      for (const retry of this.#retries.values()) if (retry.at >= failingSince) retry.nextAttemptAt = Math.min(retry.nextAttemptAt, now);
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
      this.#retries.delete(deliveryId(key));
      if (turn.kind === "fresh") turn.item.state = "settled";
      else if (turn.lane && this.lanes.has(laneKey(turn.run, turn.stream))) this.#advance(turn.lane, event.position);
      // A failure may be the one that counts; a success can be counted again.
      if (status === "parked") this.#put();
    });
    if (turn.run !== this.own.run) this.#endReplays();
  }

  #count(what: keyof Totals): void {
    this.#totals = { ...this.#totals, [what]: this.#totals[what] + 1 };
    this.#isBehind = true;
  }

  /** What its stream waited for has ended. */
  #advance(lane: Lane, position: number): void {
    if (lane.head === undefined) lane.behind = Math.max(0, lane.behind - 1);
    lane.head = undefined;
    lane.after = position;
    if (lane.after >= lane.seen) this.endLane(lane);
    else this.#saveLane(lane);
  }

  /** A stream waits for an event that has failed. */
  #block(turn: Turn, { stream, position }: LoggedEvent): void {
    if (turn.kind === "fresh") {
      const behind = turn.window.waitingOf(stream);
      const lane = {
        run: turn.run,
        stream,
        head: position,
        after: position,
        seen: behind.at(-1)?.position ?? position,
        behind: behind.length,
      };
      this.lanes.set(laneKey(turn.run, stream), lane);
      this.#saveLane(lane);
      turn.item.state = "settled";
      for (const item of behind) item.state = "settled";
    } else if (turn.lane && turn.lane.head === undefined) {
      turn.lane.head = position;
      turn.lane.after = position;
      turn.lane.behind = Math.max(0, turn.lane.behind - 1);
      this.#saveLane(turn.lane);
    }
  }

  /** It was reset while this was under way: it comes again as part of another run, or does not come any more. */
  #isOutOfScope({ run, lane }: Turn, position: number): boolean {
    const window = this.windows.find((one) => one.run === run);
    if (!window) return !lane || !this.lanes.has(laneKey(run, lane.stream));
    return window.feed.end !== undefined && position > window.feed.end;
  }

  #shorten(lane: Lane, position: number): void {
    lane.seen = Math.min(lane.seen, position);
    if (lane.head === lane.seen) lane.behind = 0;
    this.#saveLane(lane);
  }

  #saveLane(lane: Lane): void {
    this.ledger.saveLane(lane);
    this.#unsaved.delete(lane);
  }

  /** Replays that are over, and whose streams wait for nothing. */
  #endReplays(): void {
    const isOver = (window: Window) => window.isOver && ![...this.lanes.values()].some(({ run }) => run === window.run);
    if (!this.windows.some(isOver)) return;
    this.windows = this.windows.filter((window) => !isOver(window));
    this.#transaction(() => this.#put());
  }

  #put(): void {
    for (const lane of this.#unsaved) this.ledger.saveLane(lane);
    const progress: Progress = {
      feeds: this.windows.map((window) => window.toFeed()),
      runs: this.#runs,
      health: this.health.record,
      ...(this.lastFailure ? { lastFailure: this.lastFailure } : {}),
      prunedAt: this.#prunedAt,
      totals: this.#totals,
    };
    this.#storage.kv.put("progress", progress);
    this.#unsaved.clear();
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

function laneKey(run: number, stream: string): string {
  return `${run}/${stream}`;
}
