/**
 * Wakes the consumers of a log through the queue, and again until each has said that it is at the head.
 *
 * Three layers, each making up for what the one above may lose: a message at once, this object's alarm while any
 * consumer is behind, and the cron's sweep.
 */

import { QUEUE_BATCH_MESSAGES, RING_AGAIN_MAX_MS, RING_AGAIN_MS, RING_INTERVAL_MS } from "../core/limits.ts";
import type { Acknowledgement, Census } from "../store/log-protocol.ts";
import type { WakeUp } from "../store/stream-protocol.ts";
import { logger } from "../telemetry/logger.ts";
import { traceIdOf } from "../telemetry/trace.ts";
import { span } from "../telemetry/span.ts";

export class Bell {
  readonly #storage: DurableObjectStorage;
  readonly #queue: Queue<WakeUp>;
  readonly #store: string;
  readonly #head: () => number;
  readonly #consumers: () => readonly string[];
  /** How far each consumer is, as it said since this object's activation. Nothing depends on it but whom to ring for. */
  readonly #acknowledged = new Map<string, number>();
  /** The same, as it was at the last alarm: who has moved since is not stuck. */
  #atLastAlarm = new Map<string, number>();
  #armed = false;
  #delay = RING_AGAIN_MS;
  #ringing = false;
  /** Of the last write that had one, since it rang last. */
  #trace: string | undefined;
  #again = false;
  /** Names moments, in order: it grows when consumers may have been told to go on, and with every activation. */
  #moment = Date.now();

  constructor(storage: DurableObjectStorage, queue: Queue<WakeUp>, store: string, head: () => number, consumers: () => readonly string[]) {
    this.#storage = storage;
    this.#queue = queue;
    this.#store = store;
    this.#head = head;
    this.#consumers = consumers;
  }

  /** Call inside the transaction that adds events: with them it is durable that somebody will be told. */
  arm(): void {
    if (this.#armed) return;
    this.#armed = true;
    this.#delay = RING_AGAIN_MS;
    void this.#storage.setAlarm(Date.now() + this.#delay);
  }

  /** The transaction that called {@link arm} did not commit. */
  disarm(): void {
    this.#armed = false;
  }

  /**
   * Rings for everyone, at once when it has been quiet, else when the interval is over.
   *
   * @param trace of a write that it rings for
   */
  ring(trace?: string | null): void {
    this.#trace = trace ?? this.#trace;
    if (this.#ringing) this.#again = true;
    else void this.#ringUntilQuiet();
  }

  /** What a consumer says of itself as of an earlier moment may have changed since: somebody has let it go on, or begin again. */
  acknowledge({ consumer, position, resting, asOf }: Acknowledgement): void {
    if (asOf !== undefined && asOf < this.#moment) return;
    this.#acknowledged.set(consumer, resting && asOf !== undefined ? Number.POSITIVE_INFINITY : position);
  }

  forget(consumer: string): void {
    this.#acknowledged.delete(consumer);
  }

  /** Rings for those behind; keeps the alarm going while there are any. Never throws. */
  async alarm(): Promise<void> {
    this.#armed = false;
    const behind = this.#behind();
    if (behind.length === 0) return;
    await this.#send(behind);
    const stuck = behind.every((consumer) => this.#acknowledged.get(consumer) === this.#atLastAlarm.get(consumer));
    this.#atLastAlarm = new Map(this.#acknowledged);
    this.#delay = stuck ? Math.min(this.#delay * 2, RING_AGAIN_MAX_MS) : RING_AGAIN_MS;
    this.#armed = true;
    await this.#storage.setAlarm(Date.now() + this.#delay);
  }

  /** Rings for all that are behind, and again until they are not: also for those that rest, who may have been told to go on. */
  async sweep(): Promise<number> {
    this.#moment = Math.max(this.#moment + 1, Date.now());
    for (const [consumer, position] of this.#acknowledged) {
      if (position === Number.POSITIVE_INFINITY) this.#acknowledged.delete(consumer);
    }
    const behind = this.#behind();
    if (behind.length > 0) this.arm();
    await this.#send(behind);
    return this.#moment;
  }

  /**
   * Rings for those who are behind by what the sweep has read in D1, and keeps ringing. Answers with how many they are.
   *
   * Of webhooks D1 says nothing, and what they have said themselves is forgotten with every eviction. But the alarm ends only when
   * everybody is at the head: while none is set they are taken to be there, and are woken only by a thorough look, to be sure. That
   * does not count them as behind: else a store that has webhooks would never be at rest.
   *
   * @param keepsOwnPlace whether a consumer's position is not in D1
   */
  async wakeBehind({ standings, thorough }: Census, keepsOwnPlace: (consumer: string) => boolean): Promise<number> {
    const ended = (await this.#storage.getAlarm()) === null;
    const resting = new Set<string>();
    for (const { consumer, position, resting: rests } of standings) {
      if (rests) resting.add(consumer);
      else this.#acknowledged.set(consumer, position);
    }
    const maybe = this.#behind().filter((consumer) => !resting.has(consumer));
    const behind = maybe.filter((consumer) => !ended || !keepsOwnPlace(consumer) || this.#acknowledged.has(consumer));
    const rung = thorough ? maybe : behind;
    if (rung.length > 0) this.arm();
    await this.#send(rung);
    return behind.length;
  }

  #behind(): string[] {
    const head = this.#head();
    return this.#consumers().filter((consumer) => (this.#acknowledged.get(consumer) ?? -1) < head);
  }

  async #ringUntilQuiet(): Promise<void> {
    this.#ringing = true;
    do {
      this.#again = false;
      await this.#send(this.#behind());
      await scheduler.wait(RING_INTERVAL_MS);
    } while (this.#again);
    this.#ringing = false;
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
    try {
      await span("wake", about, async () => {
        for (let at = 0; at < messages.length; at += QUEUE_BATCH_MESSAGES) {
          await this.#queue.sendBatch(messages.slice(at, at + QUEUE_BATCH_MESSAGES));
        }
      });
    } catch (error) {
      logger.warn({ message: "wake-ups could not be sent; the alarm will ring again", store: this.#store, count: messages.length }, error);
    }
  }
}
