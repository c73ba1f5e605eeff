/**
 * Wakes the consumers of a log through the queue, and again until each has reported that it has everything that concerns it.
 *
 * Three layers, each making up for what the one above may lose: a message at once, this object's alarm while any consumer is behind, and
 * the cron's sweep.
 *
 * A consumer is behind when an event concerns it that it has not acknowledged, or when so many events that do not concern it have passed
 * that its checkpoint should move. A consumer that was woken is left alone until it has acknowledged, or {@link NOTIFY_AGAIN_MS} are over.
 *
 * What is known of consumers is in memory (`known-consumers.ts`). After an eviction the alarm shows what to assume: it ends only when no consumer is behind, so while one is set
 * any consumer may be behind, and otherwise none is. It is the same for code that the log has not met: any of its consumers may be behind.
 */

import { type Backoff, backoffMs } from "../core/backoff.ts";
import { CONSUMERS_PER_WAKE_UP, QUEUE_BATCH_MESSAGES, NOTIFY_AGAIN_MAX_MS, NOTIFY_AGAIN_MS, NOTIFY_INTERVAL_MS } from "./limits.ts";
import type { Acknowledgement } from "../store/log-consumers.ts";
import { type WakeUp, wakeUpFor } from "../store/consumer-protocol.ts";
import { logger } from "../telemetry/logger.ts";
import { traceIdOf } from "../telemetry/trace.ts";
import { span } from "../telemetry/span.ts";
import type { Audience } from "./audience.ts";
import { KnownConsumers } from "./known-consumers.ts";

/** The key under which the log keeps the name of the code whose consumers it has all woken. */
const CODE = "audience";

const AGAIN: Backoff = { firstDelayMs: NOTIFY_AGAIN_MS, maxDelayMs: NOTIFY_AGAIN_MAX_MS };

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
  readonly known: KnownConsumers;
  #isCodeKnown = false;
  #armed = false;
  /** Alarms in a row that found nobody moved. */
  #stuck = 0;
  #notifying = false;
  /** When the last wake-ups were considered (milliseconds since 1970). */
  #notifiedAt = Number.NEGATIVE_INFINITY;
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
    this.known = new KnownConsumers(head, audience);
  }

  /** Works out what to assume after an activation: await it before anything else. */
  async load(): Promise<void> {
    if (this.known.hasBegun) return;
    const alarm = await this.#storage.getAlarm();
    this.#begin(alarm !== null);
  }

  #begin(isUnsure: boolean): void {
    if (this.known.hasBegun) return;
    this.#isCodeKnown = this.#storage.kv.get(CODE) === this.#audience.code;
    this.known.begin(isUnsure || !this.#isCodeKnown);
  }

  /**
   * Notes events, inside the transaction that adds them: so it is durable with them that the consumers they concern will be woken. Events
   * that concern no consumer need no alarm.
   */
  note(events: Iterable<Placed>): void {
    // Many events are of few kinds.
    const last = new Map<readonly string[], number>();
    for (const event of events) last.set(this.#audience.of(event), event.position);
    let isAnybody = this.known.isUnsure && last.size > 0;
    for (const [consumers, position] of last) {
      for (const consumer of consumers) {
        this.known.concern(consumer, position);
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
    this.known.rolledBack();
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
  acknowledge(acknowledgement: Acknowledgement): void {
    const { asOf } = acknowledgement;
    if (asOf !== undefined && asOf < this.#moment) return;
    if (this.known.acknowledge(acknowledgement)) this.notify();
  }

  /** Wakes the consumers that are behind; keeps the alarm going while there are any. Never throws. */
  async alarm(): Promise<void> {
    // It was armed before this activation, or by it.
    this.#begin(true);
    this.#armed = false;
    const behind = this.known.behind();
    if (behind.length === 0) {
      this.known.isUnsure = false;
      return;
    }
    const due = this.known.due(behind);
    await this.#send(due);
    if (due.length > 0) this.#stuck = this.known.isStuck(behind) ? this.#stuck + 1 : 0;
    const others = behind.filter((consumer) => !due.includes(consumer)).map((consumer) => this.known.msUntilDue(consumer));
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
    this.known.doubtResting();
    for (const name of this.#audience.names()) {
      if (consumer === undefined ? !this.known.hasHeardFrom(name) : name === consumer) this.known.doubt(name);
    }
    const behind = this.known.behind();
    if (behind.length > 0) this.arm();
    await this.#send(this.known.due(behind));
    return this.#moment;
  }

  /** Wakes these consumers, unless they were woken a moment ago, and keeps waking them. */
  async wake(consumers: readonly string[]): Promise<void> {
    if (consumers.length === 0) return;
    this.arm();
    await this.#send(this.known.due(consumers));
  }

  async #notifyUntilQuiet(): Promise<void> {
    this.#notifying = true;
    do {
      // Before, not after: an object that waits for more to come is awake for it, and paid for.
      const left = this.#notifiedAt + NOTIFY_INTERVAL_MS - Date.now();
      // A clock that was set back must not hold it up.
      if (left > 0) await scheduler.wait(Math.min(left, NOTIFY_INTERVAL_MS));
      this.#again = false;
      this.#notifiedAt = Date.now();
      await this.#send(this.known.due(this.known.behind()));
    } while (this.#again);
    this.#notifying = false;
  }

  async #send(consumers: readonly string[]): Promise<void> {
    if (consumers.length === 0) return;
    const head = this.#head();
    const trace = this.#trace;
    this.#trace = undefined;
    const occasion = { head, asOf: this.#moment, ...(trace === undefined ? {} : { trace }) };
    const messages: { body: WakeUp }[] = [];
    for (let first = 0; first < consumers.length; first += CONSUMERS_PER_WAKE_UP) {
      messages.push({ body: wakeUpFor(this.#store, consumers.slice(first, first + CONSUMERS_PER_WAKE_UP), occasion) });
    }
    const about = () => ({ store: this.#store, head, count: consumers.length, traceId: traceIdOf(trace) });
    this.known.woken(consumers, head);
    try {
      await span("wake", about, async () => {
        for (let first = 0; first < messages.length; first += QUEUE_BATCH_MESSAGES) {
          await this.#queue.sendBatch(messages.slice(first, first + QUEUE_BATCH_MESSAGES));
        }
      });
    } catch (error) {
      this.known.notWoken(consumers);
      logger.warn(
        { message: "wake-ups could not be sent; the alarm sends them again", store: this.#store, count: consumers.length },
        error,
      );
    }
  }
}
