/**
 * When a source works: at once while there is more, after its own pause when there is nothing new, later and later while it fails. This sets the
 * object's alarm, by what the ledger has on record; it writes nothing else.
 */

import { AlarmClock } from "../core/alarm-clock.ts";
import type { Source } from "../definitions/sources/source.ts";
import type { SourceLedger } from "./ledger.ts";

/**
 * Milliseconds after which it looks again while it is at work, in case the object is dead by then: as long as its pause, within these bounds, so that a look
 * which finds nothing sets one alarm. Ours.
 */
const WATCH_MS = { least: 5_000, most: 60_000 };

/** One for each source object. */
export class SourceSchedule {
  readonly #storage: DurableObjectStorage;
  readonly #alarm: AlarmClock;
  readonly #ledger: SourceLedger;
  #watchMs = WATCH_MS.least;
  /** Since the run that is under way began. */
  #isWanted = false;

  constructor(storage: DurableObjectStorage, ledger: SourceLedger) {
    this.#storage = storage;
    this.#alarm = new AlarmClock(storage);
    this.#ledger = ledger;
  }

  /** Reads which alarm is set: await it before anything else. */
  load(): Promise<void> {
    return this.#alarm.load();
  }

  /** No alarm is set any more. */
  wentOff(): void {
    this.#alarm.wentOff();
  }

  /** A run begins. */
  begin(): void {
    this.#isWanted = false;
    // An alarm whose object dies while it is at work may never come again: seen locally.
    this.#alarm.wakeAt(Date.now() + this.#watchMs);
  }

  /** A run has ended. */
  async afterRun({ everyMs, outside: { kind } }: Source, hasMore: boolean): Promise<void> {
    if (hasMore || this.#isWanted) this.#alarm.wakeNow();
    // Messages are brought: it has nothing to look for.
    else if (kind.isBrought) await this.rest();
    else {
      const pauseMs = everyMs ?? kind.everyMs;
      this.#wakeAfter(pauseMs);
      this.#watchMs = Math.min(Math.max(pauseMs, WATCH_MS.least), WATCH_MS.most);
    }
  }

  /** A run has failed. @param retryInMs undefined: it does not try again by itself */
  async afterFailure(retryInMs: number | undefined): Promise<void> {
    if (this.#isWanted) this.#alarm.wakeNow();
    else if (retryInMs === undefined) await this.rest();
    else this.#wakeAfter(retryInMs);
  }

  /** Somebody wants it to work, also if it is just about to rest. */
  wakeNow(): void {
    this.#isWanted = true;
    this.#alarm.wakeNow();
  }

  /** Nothing wakes it by itself. */
  async rest(): Promise<void> {
    this.#alarm.wentOff();
    await this.#storage.deleteAlarm();
  }

  /** Makes sure that it works when it should, by what is on record. */
  keep(): void {
    const { isPaused, trouble } = this.#ledger;
    if (isPaused || (trouble && trouble.nextAt === undefined)) return;
    this.#alarm.wakeAt(trouble?.nextAt ?? Date.now());
  }

  /** The same for one whose alarm may be lost. */
  rescue({ outside: { kind } }: Source): void {
    const { trouble, waiting, isPaused } = this.#ledger;
    const isAtRest = isPaused || (kind.isBrought ? waiting === 0 : trouble !== undefined && trouble.nextAt === undefined);
    if (!isAtRest && !this.#alarm.isSet) this.keep();
  }

  /** The watch is soon enough, if it is as long: then it costs no second write. */
  #wakeAfter(ms: number): void {
    if (ms !== this.#watchMs) this.#alarm.wentOff();
    this.#alarm.wakeAt(Date.now() + ms);
  }
}
