/** The object's alarm, of which there is one: set for the earliest of what it is wanted for. Each setting costs a row. */

export class AlarmSetter {
  readonly #storage: DurableObjectStorage;
  /** When it goes off, as far as this activation knows. */
  #at = Number.POSITIVE_INFINITY;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  wentOff(): void {
    this.#at = Number.POSITIVE_INFINITY;
  }

  /** @param time milliseconds since 1970 */
  wakeAt(time: number): void {
    // One that goes off too early finds nothing to do, and is set again by who does.
    if (this.#at <= time) return;
    this.#at = time;
    void this.#storage.setAlarm(time);
  }

  wakeNow(): void {
    this.wakeAt(Date.now());
  }
}
