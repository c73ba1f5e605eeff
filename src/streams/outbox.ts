/**
 * Brings a stream's events into the log; the heart of promises 1 and 3: *acknowledged ⇒ in the log, or an alarm is armed that will bring it
 * there*.
 *
 * It needs neither a table nor a cursor. The log takes a stream's events only contiguously and ignores what it has, so the outbox is simply
 * "the versions after the log's head of this stream", and sending twice is harmless.
 */

import { type Backoff, JITTER, backoffMs, jittered } from "../core/backoff.ts";
import type { StreamPlace } from "./place.ts";
import type { LogRpc, Sequenced } from "../store/log-protocol.ts";
import type { AlarmClock } from "../core/alarm-clock.ts";
import { Deadlines } from "./deadlines.ts";
import type { StreamEvents } from "./stream-events.ts";
import { type PositionOf, RecentPositions } from "./recent-positions.ts";
import { RoundTrip } from "./round-trip.ts";
import { logger } from "../telemetry/logger.ts";
import { traceIdOf } from "../telemetry/trace.ts";
import { span } from "../telemetry/span.ts";

/** How long a call to the log may take before it counts as failed. Ours: a healthy one takes milliseconds. */
const SEQUENCE_TIMEOUT_MS = 10_000;
/** The alarm's delays. Ours. */
const RETRY: Backoff = { firstDelayMs: 1_000, maxDelayMs: 60_000 };

/** How long an import may keep what it has stored from the log. Ours: several times what a piece of an import takes. */
const HOLD_MS = 10_000;
/** The pause between two checks whether the import has brought it there, while a caller waits for it. Ours. */
const HELD_LOOK_MS = 50;

const ATTEMPTS_KEY = "outbox-attempts";

interface Waiter {
  readonly version: number;
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly resolve: (sequenced: boolean) => void;
}

/**
 * The stream has other events than the log has under the same versions. This is possible only when an operator has restored this object to
 * an earlier time; from then on it must not acknowledge anything.
 */
class Diverged extends Error {
  override readonly name = "Diverged";
}

export class Outbox {
  readonly #storage: DurableObjectStorage;
  readonly #alarm: AlarmClock;
  readonly #events: StreamEvents;
  readonly #place: StreamPlace;
  readonly #stream: string;
  readonly #log: () => LogRpc;
  readonly #deadlines = new Deadlines();
  readonly #roundTrip = new RoundTrip();
  /** The log's version of this stream. Undefined since activation, until the log has reported it. */
  #sequenced: number | undefined;
  /** The version at activation: most probably in the log, but a crash may have come between commit and call. */
  readonly #atActivation: number;
  #diverged: Diverged | undefined;
  #draining = false;
  #waiters: Waiter[] = [];
  readonly #recent = new RecentPositions();
  /** An import brings everything up to this version into the log, in the order of its lines, until this time (milliseconds since 1970). */
  #held: { readonly version: number; readonly until: number } | undefined;

  constructor(storage: DurableObjectStorage, alarm: AlarmClock, events: StreamEvents, place: StreamPlace, log: () => LogRpc) {
    this.#storage = storage;
    this.#alarm = alarm;
    this.#events = events;
    this.#place = place;
    this.#stream = place.stream;
    this.#log = log;
    this.#atActivation = events.head;
  }

  /**
   * Makes sure that everything up to `version` is in the log, or will be: call it before any answer that shows it.
   *
   * @returns true: it is in the log; false: not in time, and the alarm is armed
   * @throws {Diverged} when the log has other events under this stream's versions
   */
  async settle(version: number, waitMs: number = this.#roundTrip.budgetMs): Promise<boolean> {
    if (this.#diverged) throw this.#diverged;
    if (version === 0 || (this.#sequenced !== undefined && this.#sequenced >= version)) return true;
    if (waitMs <= 0) void this.#whenSequenced(version);
    else if (await this.#deadlines.inTime(() => this.#whenSequenced(version), waitMs)) return true;
    if (this.#diverged) throw this.#diverged;
    this.#alarm.wakeAt(Date.now() + RETRY.firstDelayMs);
    return false;
  }

  /** The stream's version in the log: the one that the log has reported, or else the one at activation, most probably. */
  get inLog(): number {
    return this.#sequenced ?? this.#atActivation;
  }

  /** Takes the version that the log has reported to another caller. */
  told(inLog: number): void {
    if (inLog <= (this.#sequenced ?? -1) || inLog > this.#events.head) return;
    this.#noteSequenced(inLog);
  }

  /**
   * For some seconds, leaves it to an import to bring everything up to a version into the log. This is only in memory: after a crash, the
   * next request to the stream brings its events into the log itself.
   */
  hold(version: number): void {
    if (version > (this.#sequenced ?? -1)) this.#held = { version, until: Date.now() + HOLD_MS };
  }

  /** How long the log usually takes to answer, and how long a write waits for it (milliseconds). */
  get log(): { readonly usualMs?: number; readonly budgetMs: number } {
    const { usualMs, budgetMs } = this.#roundTrip;
    return usualMs === undefined ? { budgetMs } : { usualMs, budgetMs };
  }

  /** The first version that may not be in the log. Among what was stored at activation, only the last append can be missing, most probably. */
  firstWaiting(head: number): number | undefined {
    const known = this.#sequenced ?? this.#atActivation;
    if (known < head) return known + 1;
    return this.#sequenced === undefined && head > 0 ? this.#events.appendAround(head).first : undefined;
  }

  /** The alarm's part. Never throws: the platform gives up on an alarm after six failures, we do not. */
  async retry(): Promise<void> {
    if (await this.#whenSequenced(this.#events.head)) {
      if (this.#storage.kv.get(ATTEMPTS_KEY) !== undefined) this.#storage.kv.delete(ATTEMPTS_KEY);
      return;
    }
    if (this.#diverged) return; // trying again would change nothing; every request says so
    // The count is kept in storage, so that an eviction does not restart the backoff.
    const attempts = (this.#storage.kv.get<number>(ATTEMPTS_KEY) ?? 0) + 1;
    this.#storage.kv.put(ATTEMPTS_KEY, attempts);
    // The first alarm, which has gone off now, was a try's too.
    this.#alarm.wakeAt(Date.now() + jittered(backoffMs(RETRY, attempts + 1), JITTER.quarter, Math.random()));
  }

  /** The positions of versions `first`…`last`: from memory, else from the log; undefined for those that the log does not have. */
  async positions(first: number, last: number): Promise<PositionOf> {
    const { positionOf, isComplete } = this.#recent.of(first, last);
    if (isComplete) return positionOf;
    try {
      const positions = await this.#log().positions(this.#stream, first, last);
      return (version) => positions[version];
    } catch {
      return positionOf; // an answer may lack positions; it must not fail for want of them
    }
  }

  #whenSequenced(version: number): Promise<boolean> {
    if (version === 0 || (this.#sequenced ?? -1) >= version) return Promise.resolve(true);
    return new Promise((resolve) => {
      this.#waiters.push({ version, since: Date.now(), resolve });
      void this.#drain();
    });
  }

  /** One call at a time: events that are stored during it go with the next call. */
  async #drain(): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    try {
      while (this.#waiters.length > 0) {
        const asked = this.#sequenced;
        const held = this.#heldNow();
        // An empty batch only asks.
        const batch = held ? [] : this.#events.unsequenced(this.inLog + 1);
        const answer = await span(
          "sequence",
          () => ({ ...this.#place, version: batch.at(-1)?.version, events: batch.length, traceId: traceIdOf(batch[0]?.trace) }),
          () => this.#sequence(batch),
        );
        if (held) {
          if (answer.head >= held.version) this.#held = undefined;
          this.#noteSequenced(answer.head);
          if (this.#waiters.length > 0 && this.#held) await scheduler.wait(HELD_LOOK_MS);
          continue;
        }
        if (asked !== undefined && answer.head <= asked) throw new Error(`the log stays at version ${answer.head} of ${this.#stream}`);
        if (answer.first) this.#recent.remember(answer.first, answer.head);
        // The first one has waited longest, including the previous call: writes have to expect that, too.
        const [first] = this.#waiters;
        if (first && first.version <= answer.head) this.#roundTrip.took(Date.now() - first.since);
        this.#noteSequenced(answer.head);
      }
    } catch (error) {
      const { store, stream } = this.#place;
      logger.warn({ message: "the log did not accept a stream's events; the alarm retries them", store, stream }, error);
      this.#release(() => true, false);
    } finally {
      this.#draining = false;
    }
  }

  #heldNow(): { readonly version: number } | undefined {
    if (this.#held && Date.now() >= this.#held.until) this.#held = undefined;
    return this.#held;
  }

  #noteSequenced(head: number): void {
    this.#sequenced = head;
    this.#events.sequenced(head);
    this.#release((waiter) => waiter.version <= head, true);
  }

  async #sequence(batch: Parameters<LogRpc["sequence"]>[1]): Promise<Sequenced> {
    const answer = await this.#deadlines.inTime(() => this.#log().sequence(this.#stream, batch), SEQUENCE_TIMEOUT_MS);
    if (answer === undefined) throw new Error("the log did not answer in time");
    if (answer.diverged || answer.head > this.#events.head) {
      this.#diverged = new Diverged(`the log has version ${answer.head} of ${this.#stream}, with other events than this stream`);
      throw this.#diverged;
    }
    return answer;
  }

  #release(which: (waiter: Waiter) => boolean, sequenced: boolean): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) {
      if (which(waiter)) waiter.resolve(sequenced);
      else this.#waiters.push(waiter);
    }
  }
}
