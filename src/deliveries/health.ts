/**
 * The health of an endpoint, and whether it is tried at all at the moment: a circuit breaker. Pure.
 *
 * One stream may hold what an endpoint cannot accept, and must not hold back the others. Only when several streams fail, and nothing
 * succeeds in between, is it the endpoint that is down: then one delivery at a time probes whether it is back.
 */

import { type Backoff, JITTER, backoffMs, jittered } from "../core/backoff.ts";
import { WEBHOOK_DISABLE_DAYS, WEBHOOK_DOWN_STREAMS, WEBHOOK_PROBE_MAX_MS, WEBHOOK_PROBE_MS } from "./limits.ts";

const HOUR_MS = 3_600_000;
/** Hours that the success rate covers. */
const RATE_HOURS = 24;
const PROBES: Backoff = { firstDelayMs: WEBHOOK_PROBE_MS, maxDelayMs: WEBHOOK_PROBE_MAX_MS };
const DISABLE_MS = WEBHOOK_DISABLE_DAYS * 24 * HOUR_MS;

/** What is stored. Times in milliseconds since 1970. */
export interface HealthRecord {
  readonly lastSuccessAt?: number;
  /** The time of the first failure since the last success. */
  readonly failingSince?: number;
  /** Failed attempts since then. */
  readonly failures?: number;
  /** Failed probes since the endpoint counts as down; undefined: it does not. */
  readonly probes?: number;
  /** No attempt before this time. */
  readonly closedUntil?: number;
  /** Attempts by the hour (since 1970): [hour, arrived, failed]. */
  readonly hours?: readonly (readonly [hour: number, arrived: number, failed: number])[];
}

export class Health {
  #record: HealthRecord;
  /** Streams that have failed since the last success. Only in memory: losing it only delays the verdict. */
  readonly #failing = new Set<string>();

  constructor(record: HealthRecord = {}) {
    this.#record = record;
  }

  get record(): HealthRecord {
    return this.#record;
  }

  /** Whether the endpoint counts as down: one delivery at a time, and only when it is time. */
  get isDown(): boolean {
    return this.#record.probes !== undefined;
  }

  /** Nothing is sent before this time. */
  get closedUntil(): number {
    return this.#record.closedUntil ?? 0;
  }

  succeeded(now: number): void {
    this.#failing.clear();
    const { hours } = this.#counted(now, 1, 0);
    this.#record = { lastSuccessAt: now, hours };
  }

  /**
   * Whether something has arrived since this time: if an event fails again although others arrive, the event is at fault, and not the
   * endpoint.
   */
  hasTakenSince(time: number): boolean {
    return (this.#record.lastSuccessAt ?? Number.NEGATIVE_INFINITY) >= time;
  }

  /**
   * @param jitter from 0 to 1
   * @param isOwn the event is at fault: the endpoint is not
   */
  failed(stream: string, now: number, jitter: number, isOwn = false): void {
    if (!isOwn && this.#failing.size < WEBHOOK_DOWN_STREAMS) this.#failing.add(stream);
    const { failingSince = now, failures = 0, probes, ...rest } = this.#counted(now, 0, 1);
    const isDown = probes !== undefined || this.#failing.size >= WEBHOOK_DOWN_STREAMS;
    this.#record = { ...rest, failingSince, failures: failures + 1 };
    // The failure of a delivery that was under way when the endpoint went down means nothing new.
    if (!isDown || (probes !== undefined && now < this.closedUntil)) {
      if (probes !== undefined) this.#record = { ...this.#record, probes };
      return;
    }
    const made = probes === undefined ? 0 : probes + 1;
    const pause = jittered(backoffMs(PROBES, made + 1), JITTER.tenth, jitter);
    this.#record = { ...this.#record, probes: made, closedUntil: Math.max(this.closedUntil, now + pause) };
  }

  /** The endpoint has asked for a pause. */
  hold(until: number): void {
    this.#record = { ...this.#record, closedUntil: Math.max(this.closedUntil, until) };
  }

  /** Forgets failures: an operator reports that the endpoint is another one now, or works again. */
  forgive(): void {
    this.#failing.clear();
    const { lastSuccessAt, hours } = this.#record;
    this.#record = { ...(lastSuccessAt === undefined ? {} : { lastSuccessAt }), ...(hours ? { hours } : {}) };
  }

  isBeyondHope(now: number): boolean {
    return this.#record.failingSince !== undefined && now - this.#record.failingSince >= DISABLE_MS;
  }

  /** The part of the last 24 hours' attempts that arrived; undefined: there were none. */
  successRate(now: number): number | undefined {
    const since = Math.floor(now / HOUR_MS) - RATE_HOURS;
    const hours = (this.#record.hours ?? []).filter(([hour]) => hour > since);
    const arrived = hours.reduce((sum, [, arrived]) => sum + arrived, 0);
    const attempts = hours.reduce((sum, [, arrived, failed]) => sum + arrived + failed, 0);
    return attempts === 0 ? undefined : arrived / attempts;
  }

  #counted(now: number, arrived: number, failed: number): HealthRecord {
    const current = Math.floor(now / HOUR_MS);
    const hours = (this.#record.hours ?? []).filter(([hour]) => hour > current - RATE_HOURS && hour !== current);
    const [, arrivedBefore = 0, failedBefore = 0] = this.#record.hours?.find(([hour]) => hour === current) ?? [];
    return { ...this.#record, hours: [...hours, [current, arrivedBefore + arrived, failedBefore + failed]] };
  }
}
