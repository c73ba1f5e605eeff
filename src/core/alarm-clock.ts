/**
 * The one alarm that an object has, shared by everything in it that must happen later.
 *
 * Trap: setting an alarm replaces the previous one, so it is set only when the new one is earlier. Code that is woken too early checks what
 * is due and sets the alarm again.
 */

import { ALARM_AHEAD_MS } from "./limits.ts";

/** An alarm that is this late is lost (users of the platform have reported it), so it is set again. Ours. */
const LOST_ALARM_MS = 60_000;

export class AlarmClock {
  readonly #storage: DurableObjectStorage;
  #at: number | null = null;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** Reads which alarm is set. Await it before anything else, and again when a transaction that set an alarm did not commit. */
  async load(): Promise<void> {
    this.#at = await this.#storage.getAlarm();
  }

  /** Sets the alarm again for something that has been due for so long that the platform must have lost it. */
  rescue(due: number | undefined): void {
    if (due !== undefined && due < Date.now() - LOST_ALARM_MS) this.wakeNow();
  }

  get isSet(): boolean {
    return this.#at !== null;
  }

  wakeNow(): void {
    this.wakeAt(Date.now());
  }

  /** The alarm has gone off, or the object's storage is empty: no alarm is set any more. */
  wentOff(): void {
    this.#at = null;
  }

  /**
   * Wakes the object at `time` (milliseconds since 1970) or earlier: for what is due in many years the alarm goes off once a year. Inside
   * `transactionSync` the alarm is committed, or not, together with what it is for.
   */
  wakeAt(time: number): void {
    const due = Math.min(time, Date.now() + ALARM_AHEAD_MS);
    if (this.#at !== null && this.#at <= due && this.#at > Date.now() - LOST_ALARM_MS) return;
    this.#at = due;
    // Not awaited: the output gate holds every answer back until the write is durable.
    void this.#storage.setAlarm(due);
  }
}
