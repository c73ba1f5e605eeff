/**
 * Wakes the consumers of a log through the queue, and again until each has reported that it has everything that concerns it.
 *
 * Three layers, each making up for what the one above may lose: a message at once, this object's alarm while any consumer is behind, and
 * the cron's sweep.
 *
 * A consumer is behind when an event concerns it that it has not acknowledged, or when so many events that do not concern it have passed
 * that its checkpoint should move. A consumer that was woken is left alone until it has acknowledged, or {@link NOTIFY_AGAIN_MS} are over.
 *
 * All of this is in memory. After an eviction the alarm shows what to assume: it ends only when no consumer is behind, so while one is set
 * any consumer may be behind, and otherwise none is. It is the same for code that the log has not met: any of its consumers may be behind.
 */

import { type Backoff, backoffMs } from "../core/backoff.ts";
import { QUEUE_BATCH_MESSAGES, NOTIFY_AGAIN_MAX_MS, NOTIFY_AGAIN_MS, NOTIFY_INTERVAL_MS } from "./limits.ts";
import type { Acknowledgement } from "../store/log-protocol.ts";
import type { WakeUp } from "../store/consumer-protocol.ts";
import { PASSED_EVENTS } from "../core/limits.ts";
import { logger } from "../telemetry/logger.ts";
import { traceIdOf } from "../telemetry/trace.ts";
import { span } from "../telemetry/span.ts";
import type { Audience } from "./audience.ts";

/** The key under which the log keeps the name of the code whose consumers it has all woken. */
const CODE = "audience";

const AGAIN: Backoff = { firstDelayMs: NOTIFY_AGAIN_MS, maxDelayMs: NOTIFY_AGAIN_MAX_MS };

/** The last wake-up of a consumer. */
interface LastWakeUp {
  /** When it was sent, or its consumer was last at work (milliseconds since 1970); undefined: it has been answered. */
  readonly at: number | undefined;
  /** The last event before it that concerned the consumer. */
  readonly upTo: number;
}

/** An event at its place in the log. */
export interface Placed {
  readonly stream: string;
  readonly type: string;
  readonly position: number;
}

export class Notifier {
  readonly #storage: DurableObjectStorage;
  readonly #queue: Queue<WakeUp>;
  readonly #store: string;
  readonly #head: () => number;
  readonly #audience: Audience;
  /**
   * How far each consumer is, as it has reported since this object's activation. Nothing depends on it except which consumers are woken.
   */
  readonly #acknowledged = new Map<string, number>();
  /** The last position since then that may concern each. */
  readonly #concerned = new Map<string, number>();
  readonly #notified = new Map<string, LastWakeUp>();
  /** The acknowledgements as of the last alarm: a consumer that has moved since is not stuck. */
  #atLastAlarm = new Map<string, number>();
  /** The head at this object's activation; undefined: not needed so far. */
  #since: number | undefined;
  /** Any consumer that has not acknowledged since may be behind. */
  #isUnsure = false;
  #isCodeKnown = false;
  #armed = false;
  /** Alarms in a row that found nobody moved. */
  #stuck = 0;
  #notifying = false;
  /** The trace of the last write that had one, since the last wake-ups. */
  #trace: string | undefined;
  #again = false;
  /** Names moments, in order: it grows when consumers may have been resumed, and with every activation. */
  #moment = Date.now();

  constructor(storage: DurableObjectStorage, queue: Queue<WakeUp>, store: string, head: () => number, audience: Audience) {
    this.#storage = storage;
    this.#queue = queue;
    this.#store = store;
    this.#head = head;
    this.#audience = audience;
  }

  /** Works out what to assume after an activation: await it before anything else. */
  async load(): Promise<void> {
    if (this.#since !== undefined) return;
    const alarm = await this.#storage.getAlarm();
    this.#begin(alarm !== null);
  }

  #begin(isUnsure: boolean): void {
    if (this.#since !== undefined) return;
    this.#since = this.#head();
    this.#isCodeKnown = this.#storage.kv.get(CODE) === this.#audience.code;
    this.#isUnsure = isUnsure || !this.#isCodeKnown;
  }

  /**
   * Notes events, inside the transaction that adds them: so it is durable with them that the consumers they concern will be woken. Events
   * that concern no consumer need no alarm.
   */
  note(events: Iterable<Placed>): void {
    // Many events are of few kinds.
    const last = new Map<readonly string[], number>();
    for (const event of events) last.set(this.#audience.of(event), event.position);
    let isAnybody = this.#isUnsure && last.size > 0;
    for (const [consumers, position] of last) {
      for (const consumer of consumers) {
        this.#concerned.set(consumer, Math.max(position, this.#concerned.get(consumer) ?? -1));
        isAnybody = true;
      }
    }
    if (isAnybody) this.arm();
  }

  /** Makes sure that the alarm goes off. Inside a transaction, it is armed if the transaction commits. */
  arm(): void {
    if (!this.#isCodeKnown) {
      this.#isCodeKnown = true;
      this.#storage.kv.put(CODE, this.#audience.code);
    }
    if (this.#armed) return;
    this.#armed = true;
    this.#stuck = 0;
    void this.#storage.setAlarm(Date.now() + NOTIFY_AGAIN_MS);
  }

  /** The transaction that called {@link note} did not commit: there are fewer events than were noted. */
  disarm(): void {
    this.#armed = false;
    this.#isCodeKnown = false;
    for (const [consumer, position] of this.#concerned) this.#concerned.set(consumer, Math.min(position, this.#head()));
  }

  /** Whatever is known about a consumer, wakes it; it has to acknowledge the present head. */
  doubt(consumer: string): void {
    this.#acknowledged.delete(consumer);
    this.#notified.delete(consumer);
    this.#concerned.set(consumer, this.#head());
  }

  /**
   * Wakes the consumers that are behind: at once if none were woken lately, else when the interval is over.
   *
   * @param trace that of the write that they are woken for
   */
  notify(trace?: string | null): void {
    this.#trace = trace ?? this.#trace;
    if (this.#notifying) this.#again = true;
    else void this.#notifyUntilQuiet();
  }

  /** A report as of an earlier moment may be out of date: the consumer may have been resumed or reset since. */
  acknowledge({ consumer, position, resting, working, asOf }: Acknowledgement): void {
    if (asOf !== undefined && asOf < this.#moment) return;
    const before = this.#acknowledged.get(consumer) ?? -1;
    const { upTo } = this.#notified.get(consumer) ?? { upTo: -1 };
    if (position >= 0 || !working) this.#acknowledged.set(consumer, resting && asOf !== undefined ? Number.POSITIVE_INFINITY : position);
    this.#notified.set(consumer, { at: working ? Date.now() : undefined, upTo });
    // Not if the consumer was woken for this and did not move: it has its reasons, and the alarm will wake it again.
    const isNews = (this.#concerned.get(consumer) ?? -1) > upTo || position > before;
    if (!working && isNews && this.#isBehind(consumer)) this.notify();
  }

  forget(consumer: string): void {
    for (const map of [this.#acknowledged, this.#concerned, this.#notified]) map.delete(consumer);
  }

  /** Wakes the consumers that are behind; keeps the alarm going while there are any. Never throws. */
  async alarm(): Promise<void> {
    // It was armed before this activation, or by it.
    this.#begin(true);
    this.#armed = false;
    const behind = this.#behind();
    if (behind.length === 0) {
      this.#isUnsure = false;
      return;
    }
    const due = behind.filter((consumer) => this.#msUntilDue(consumer) === 0);
    await this.#send(due);
    if (due.length > 0) {
      const isStuck = behind.every((consumer) => this.#acknowledged.get(consumer) === this.#atLastAlarm.get(consumer));
      this.#atLastAlarm = new Map(this.#acknowledged);
      this.#stuck = isStuck ? this.#stuck + 1 : 0;
    }
    const others = behind.filter((consumer) => !due.includes(consumer)).map((consumer) => this.#msUntilDue(consumer));
    this.#armed = true;
    await this.#storage.setAlarm(Date.now() + Math.min(backoffMs(AGAIN, due.length > 0 ? this.#stuck + 1 : 1), ...others));
  }

  /**
   * Wakes a consumer that was resumed, reset or otherwise operated on, even one that rests. Without a name: all consumers whose state is
   * unknown.
   */
  async sweep(consumer?: string): Promise<number> {
    await this.load();
    this.#moment = Math.max(this.#moment + 1, Date.now());
    for (const [resting, position] of this.#acknowledged) if (position === Number.POSITIVE_INFINITY) this.doubt(resting);
    if (consumer === undefined) for (const name of this.#audience.names()) if (!this.#acknowledged.has(name)) this.doubt(name);
    if (consumer !== undefined && this.#audience.names().includes(consumer)) this.doubt(consumer);
    if (this.#behind().length > 0) this.arm();
    await this.#send(this.#due());
    return this.#moment;
  }

  /** Takes what the sweep has read in D1: nothing concerns the consumer up to `concerned`, or something at that position may. */
  knows(consumer: string, position: number, concerned: number): void {
    this.#acknowledged.set(consumer, position);
    this.#concerned.set(consumer, Math.max(concerned, this.#concerned.get(consumer) ?? -1));
  }

  /** Whether the consumer has acknowledged since this object's activation. */
  hasHeardFrom(consumer: string): boolean {
    return this.#acknowledged.has(consumer);
  }

  /** Wakes these consumers, unless they were woken a moment ago, and keeps waking them. */
  async wake(consumers: readonly string[]): Promise<void> {
    if (consumers.length === 0) return;
    this.arm();
    await this.#send(consumers.filter((consumer) => this.#msUntilDue(consumer) === 0));
  }

  /** The consumers that are behind. */
  #behind(): string[] {
    return this.#audience.names().filter((consumer) => this.#isBehind(consumer));
  }

  behind(): string[] {
    return this.#behind();
  }

  #isBehind(consumer: string): boolean {
    const concerned = this.#concerned.get(consumer);
    const acknowledged = this.#acknowledged.get(consumer);
    if (acknowledged === undefined && (this.#isUnsure || concerned !== undefined)) return true;
    const position = acknowledged ?? this.#since ?? 0;
    return (concerned ?? -1) > position || this.#head() - position >= PASSED_EVENTS;
  }

  /** Those of them that were not woken a moment ago. */
  #due(): string[] {
    return this.#behind().filter((consumer) => this.#msUntilDue(consumer) === 0);
  }

  /** Milliseconds for which a woken consumer is left alone. */
  #msUntilDue(consumer: string): number {
    const at = this.#notified.get(consumer)?.at;
    if (at === undefined) return 0;
    const left = at + NOTIFY_AGAIN_MS - Date.now();
    // A clock that was set back must not silence it.
    return left > NOTIFY_AGAIN_MS ? 0 : Math.max(0, left);
  }

  async #notifyUntilQuiet(): Promise<void> {
    this.#notifying = true;
    do {
      this.#again = false;
      await this.#send(this.#due());
      await scheduler.wait(NOTIFY_INTERVAL_MS);
    } while (this.#again);
    this.#notifying = false;
  }

  async #send(consumers: readonly string[]): Promise<void> {
    if (consumers.length === 0) return;
    const head = this.#head();
    const trace = this.#trace;
    this.#trace = undefined;
    const messages = consumers.map((consumer) => ({
      body: { store: this.#store, consumer, head, asOf: this.#moment, ...(trace === undefined ? {} : { trace }) },
    }));
    const about = () => ({ store: this.#store, head, count: messages.length, traceId: traceIdOf(trace) });
    const at = Date.now();
    for (const consumer of consumers) this.#notified.set(consumer, { at, upTo: this.#concerned.get(consumer) ?? head });
    try {
      await span("wake", about, async () => {
        for (let first = 0; first < messages.length; first += QUEUE_BATCH_MESSAGES) {
          await this.#queue.sendBatch(messages.slice(first, first + QUEUE_BATCH_MESSAGES));
        }
      });
    } catch (error) {
      for (const consumer of consumers) this.#notified.delete(consumer);
      logger.warn({ message: "wake-ups could not be sent; the alarm sends them again", store: this.#store, count: messages.length }, error);
    }
  }
}
