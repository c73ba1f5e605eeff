/**
 * The one alarm that an object has, shared by everything in it that must happen later.
 *
 * Trap: setting an alarm replaces the one before, so it is set only when it comes earlier.
 * Whoever is woken too early looks what is due and asks again.
 */

import { ALARM_AHEAD_MS } from "./limits.ts";

/** An alarm this late has been lost (reported of the platform), so it is set again. Ours. */
const LOST_ALARM_MS = 60_000;

export class AlarmClock {
  readonly #storage: DurableObjectStorage;
  #at: number | null = null;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** Reads what is set: await it before anything else. And again when a transaction that set an alarm did not commit. */
  async load(): Promise<void> {
    this.#at = await this.#storage.getAlarm();
  }

  /** Sets it for what has been due for so long that the platform must have lost the alarm for it. */
  rescue(due: number | undefined): void {
    if (due !== undefined && due < Date.now() - LOST_ALARM_MS) this.wakeNow();
  }

  wakeNow(): void {
    this.wakeAt(Date.now());
  }

  /** The alarm has gone off, or its storage is empty: nothing is set any more. */
  wentOff(): void {
    this.#at = null;
  }

  /**
   * Wakes the object at `time` (milliseconds since 1970) or earlier: what is due in many years is asked for once a year.
   * Inside `transactionSync` the alarm commits, or not, together with what it is for.
   */
  wakeAt(time: number): void {
    const due = Math.min(time, Date.now() + ALARM_AHEAD_MS);
    if (this.#at !== null && this.#at <= due && this.#at > Date.now() - LOST_ALARM_MS) return;
    this.#at = due;
    // Not awaited: the output gate holds every answer until the write is durable.
    void this.#storage.setAlarm(due);
  }
}
