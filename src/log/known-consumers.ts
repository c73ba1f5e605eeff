/**
 * What the log knows about each consumer: how far it is, up to where events concern it, and when it was last woken. The notifier wakes by it,
 * and nothing else depends on it. All of it is in memory, and begins again with every activation.
 */

import { NOTIFY_AGAIN_MS } from "./limits.ts";
import { PASSED_EVENTS } from "../core/limits.ts";
import type { Acknowledgement } from "../store/log-consumers.ts";
import type { Audience } from "./audience.ts";

/** The last wake-up of a consumer. */
interface LastWakeUp {
  /** When it was sent, or its consumer was last at work (milliseconds since 1970); undefined: it has been answered. */
  readonly at: number | undefined;
  /** The last event before it that concerned the consumer. */
  readonly upTo: number;
}

/** The position of a consumer that rests. */
const RESTING = Number.POSITIVE_INFINITY;

export class KnownConsumers {
  readonly #head: () => number;
  readonly #audience: Audience;
  /** How far each consumer is, as it has reported. */
  readonly #acknowledged = new Map<string, number>();
  /** The last position that may concern each. */
  readonly #concerned = new Map<string, number>();
  readonly #woken = new Map<string, LastWakeUp>();
  /** The acknowledgements as of the last {@link isStuck}. */
  #before = new Map<string, number>();
  /** The head at this object's activation; undefined: not needed so far. */
  #since: number | undefined;
  /** Any consumer that has not acknowledged since may be behind. */
  isUnsure = false;

  constructor(head: () => number, audience: Audience) {
    this.#head = head;
    this.#audience = audience;
  }

  get hasBegun(): boolean {
    return this.#since !== undefined;
  }

  begin(isUnsure: boolean): void {
    this.#since = this.#head();
    this.isUnsure = isUnsure;
  }

  /** An event at this position concerns the consumer. */
  concern(consumer: string, position: number): void {
    this.#concerned.set(consumer, Math.max(position, this.#concerned.get(consumer) ?? -1));
  }

  /** The events of the last calls of {@link concern} were not stored. */
  rolledBack(): void {
    for (const [consumer, position] of this.#concerned) this.#concerned.set(consumer, Math.min(position, this.#head()));
  }

  /** Takes a report, and answers whether the consumer should be woken because of it. */
  acknowledge({ consumer, position, resting, working, asOf }: Acknowledgement): boolean {
    const earlier = this.#acknowledged.get(consumer) ?? -1;
    const { upTo } = this.#woken.get(consumer) ?? { upTo: -1 };
    if (position >= 0 || !working) this.#acknowledged.set(consumer, resting && asOf !== undefined ? RESTING : position);
    this.#woken.set(consumer, { at: working ? Date.now() : undefined, upTo });
    // Nothing is known of the events before this object's activation: one that has come to their end says so, and any other has not.
    const since = this.#since ?? 0;
    if (this.isUnsure && !resting && position >= 0 && position < since) this.concern(consumer, since);
    // Not if the consumer was woken for this and did not move: it has its reasons, and the alarm will wake it again.
    const isNews = (this.#concerned.get(consumer) ?? -1) > upTo || position > earlier;
    return !working && isNews && this.#isBehind(consumer);
  }

  /** Takes what the sweep has read in D1: nothing concerns the consumer up to `concerned`, or something at that position may. */
  knows(consumer: string, position: number, concerned: number): void {
    this.#acknowledged.set(consumer, position);
    this.concern(consumer, concerned);
  }

  /** Whether the consumer has acknowledged since this object's activation. */
  hasHeardFrom(consumer: string): boolean {
    return this.#acknowledged.has(consumer);
  }

  /** Whatever is known about a consumer, it is behind: it has to acknowledge the present head. */
  doubt(consumer: string): void {
    this.#acknowledged.delete(consumer);
    this.#woken.delete(consumer);
    this.#concerned.set(consumer, this.#head());
  }

  doubtResting(): void {
    for (const [consumer, position] of this.#acknowledged) if (position === RESTING) this.doubt(consumer);
  }

  forget(consumer: string): void {
    for (const map of [this.#acknowledged, this.#concerned, this.#woken]) map.delete(consumer);
  }

  /** The consumers that are behind. */
  behind(): string[] {
    return this.#audience.names().filter((consumer) => this.#isBehind(consumer));
  }

  #isBehind(consumer: string): boolean {
    const concerned = this.#concerned.get(consumer);
    const acknowledged = this.#acknowledged.get(consumer);
    if (acknowledged === undefined && (this.isUnsure || concerned !== undefined)) return true;
    const position = acknowledged ?? this.#since ?? 0;
    return (concerned ?? -1) > position || this.#head() - position >= PASSED_EVENTS;
  }

  /** Whether none of them has moved since this was asked last. */
  isStuck(behind: readonly string[]): boolean {
    const isStuck = behind.every((consumer) => this.#acknowledged.get(consumer) === this.#before.get(consumer));
    this.#before = new Map(this.#acknowledged);
    return isStuck;
  }

  /** Those of them that were not woken a moment ago. */
  due(consumers: readonly string[]): string[] {
    return consumers.filter((consumer) => this.msUntilDue(consumer) === 0);
  }

  /** Milliseconds for which a woken consumer is left alone. */
  msUntilDue(consumer: string): number {
    const at = this.#woken.get(consumer)?.at;
    if (at === undefined) return 0;
    const left = at + NOTIFY_AGAIN_MS - Date.now();
    // A clock that was set back must not silence it.
    return left > NOTIFY_AGAIN_MS ? 0 : Math.max(0, left);
  }

  /** A wake-up is being sent to these; {@link notWoken} if that fails. */
  woken(consumers: readonly string[], head: number): void {
    const at = Date.now();
    for (const consumer of consumers) this.#woken.set(consumer, { at, upTo: this.#concerned.get(consumer) ?? head });
  }

  notWoken(consumers: readonly string[]): void {
    for (const consumer of consumers) this.#woken.delete(consumer);
  }
}
