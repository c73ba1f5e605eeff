/**
 * Ordered deliveries, at least once (promise 6): takes what is new in the log into the ledger, passes it to a transport in the order of
 * each stream, and makes sure that this continues whatever dies.
 *
 * What makes the intent durable, before the log hears that this consumer has seen something: the position up to which everything is in the
 * ledger, and an armed alarm. After any crash the alarm reads on from that position.
 *
 * The words: a *feed* is one pass over the log, the deliveries' own or a replay's, and its number is the *run*; a *window* is what a feed
 * has read and not settled; a *blocked stream* is one whose events wait for a failed one; the *delivery table* has one row for each
 * outcome, and the *ledger* is the whole delivery state.
 */

import { within } from "../core/within.ts";
import type { Store } from "../store/store.ts";
import { AlarmClock } from "../core/alarm-clock.ts";
import { Budget, capsOf } from "../core/budget.ts";
import { beginsAfter } from "../consumers/beginning.ts";
import { logger } from "../telemetry/logger.ts";
import { Ledger } from "./ledger.ts";
import { Dispatcher } from "./dispatcher.ts";
import { type Equipment, liftedLog } from "./context.ts";
import type { DeliverySettings } from "./transport.ts";
import { retryNow } from "./operations.ts";
import { FilterReport } from "./filter-report.ts";
import { Lifecycle } from "./lifecycle.ts";
import { Verdict } from "./verdict.ts";
import type { Outcome } from "../store/delivery-protocol.ts";

/** How soon the alarm checks deliveries that are under way, in case this object is gone by then. */
const WATCH_MS = 5_000;
/** Milliseconds that an alarm stays with a dispatch; if it takes longer, it continues without the alarm, and the next one watches it. */
const ALARM_MS = 60_000;
/** The answer of a webhook that does not exist any more, or wants nothing: it need not be woken. */
const NOTHING_TO_RING_FOR = Number.MAX_SAFE_INTEGER;

export class Deliveries {
  readonly life: Lifecycle;
  readonly #with: Equipment;
  readonly #alarm: AlarmClock;
  /** The budget of the current invocation: each wake-up and each alarm is one. */
  readonly #budget: Budget;
  /** Its calls are counted. */
  readonly #store: Store;
  #ledger: Ledger | undefined;
  #dispatcher: Dispatcher | undefined;
  readonly #filterReport: FilterReport;
  readonly #verdict: Verdict;

  constructor(equipment: Equipment) {
    const { store, id, storage, notices } = equipment;
    this.#with = equipment;
    this.#alarm = new AlarmClock(storage);
    this.#budget = new Budget(capsOf(store.variables));
    this.#store = store.counting(this.#budget);
    this.life = new Lifecycle(storage, notices);
    this.#verdict = new Verdict({ store: store.name, consumer: id });
    this.#filterReport = new FilterReport({
      id,
      kv: storage.kv,
      log: this.#log,
      settings: () => this.#settings,
      onFailure: (error) => {
        this.#complain("the log could not be notified which events a webhook handles; trying again", error);
        this.#watch();
      },
    });
  }

  /** Reads which alarm is set: await it before anything else. */
  load(): Promise<void> {
    return this.#alarm.load();
  }

  /** Opened on first use, so that a webhook that was never created leaves no database behind. Undefined: it has not begun. */
  get ledger(): Ledger | undefined {
    if (this.#ledger?.isBroken && !this.#dispatcher?.isRunning) {
      this.#ledger = undefined;
      this.#dispatcher = undefined;
    }
    return (this.#ledger ??= Ledger.open(this.#with.storage));
  }

  /** The ledger; a webhook in code begins it when it is first woken. Undefined: the webhook has been removed. */
  async begin(): Promise<Ledger | undefined> {
    if (this.ledger) return this.ledger;
    const position = await this.beginsAfter();
    if (!this.#settings) return undefined;
    if (!this.ledger) Ledger.begin(this.#with.storage, position);
    return this.ledger;
  }

  /** The position after which a webhook in code begins: the log knows its head at the time when it first heard of the webhook. */
  beginsAfter(): Promise<number> {
    const { id: name, start } = this.#with;
    return beginsAfter({ name, start }, this.#log);
  }

  /** Takes what is new. Returns the position up to which it takes care of events by itself now. */
  async wake(): Promise<number> {
    this.#budget.renew();
    if (!this.#settings) return NOTHING_TO_RING_FOR;
    if (!this.#sending) return this.#rest();
    const ledger = await this.begin();
    if (!ledger) return NOTHING_TO_RING_FOR; // removed since
    await this.tellWhatItHandles();
    ledger.feeds.own.mayHaveMore = true;
    const dispatcher = this.#dispatcherOf(ledger);
    await dispatcher.refill();
    if (ledger.isBroken) throw new Error("the storage has failed; the ledger is reopened once the requests under way have ended");
    if (!this.#settings) return NOTHING_TO_RING_FOR;
    if (!this.#sending) return this.#rest();
    if (ledger.pending > 0) this.#watch();
    else ledger.saveIfFar();
    void dispatcher.run(); // not awaited: a slow endpoint must not hold up the queue
    return ledger.feeds.own.taken;
  }

  /** Never throws: the platform gives up on an alarm after six failures. */
  async wentOff(): Promise<void> {
    this.#alarm.wentOff();
    this.#budget.renew();
    try {
      await this.#with.notices.publish();
      await this.#tellTheLog();
      await this.tellWhatItHandles();
      const ledger = this.#sending && (await this.begin());
      if (!ledger || !this.#sending) return;
      if (ledger.pending > 0 || ledger.feeds.own.mayHaveMore || ledger.isBroken) this.#watch();
      const dispatcher = this.#dispatcherOf(ledger);
      if (dispatcher.isRunning) return; // the alarm above watches over it
      await within(ALARM_MS, dispatcher.run(), () => {});
      this.#ledger?.save();
      const prune = this.#ledger?.prune(Date.now());
      if (prune !== undefined && this.#settings) this.#alarm.wakeAt(prune);
    } catch (error) {
      this.#complain("a webhook's alarm failed and will be retried", error);
      this.#watch();
    }
  }

  /** Delivers what can be delivered now, watched over by the alarm. */
  goOn(): void {
    const ledger = this.#sending && this.ledger;
    if (!ledger) return;
    this.#watch();
    void this.#dispatcherOf(ledger).run();
  }

  /** The settings have changed: deliveries that have not begun are read from the log again. */
  reread(): void {
    this.#dispatcher?.reread();
  }

  /** The storage is empty. */
  forget(): void {
    this.#alarm.wentOff();
    this.#ledger = undefined;
    this.#dispatcher = undefined;
    this.#filterReport.forget();
  }

  pause(): void {
    this.#ledger?.save();
    this.life.pause();
  }

  /** Also switches it on again. */
  async resume(): Promise<void> {
    const { ledger } = this;
    if (ledger && this.life.disabled) retryNow(ledger);
    else ledger?.statistics.health.forgive();
    this.life.resume();
    if (ledger) ledger.feeds.own.mayHaveMore = true;
    this.#alarm.wakeNow(); // it also notifies the log, in case that fails here
    await this.#tellTheLog().catch((error: unknown) =>
      this.#complain("the log could not be notified that a webhook continues; trying again", error),
    );
  }

  /** Its settings, whether or not it may send at the moment. */
  get #settings(): DeliverySettings | undefined {
    return this.#with.transport.settings();
  }

  /** The same, if anything is to be sent. */
  get #sending(): DeliverySettings | undefined {
    return this.life.isSending ? this.#settings : undefined;
  }

  get #log() {
    return this.#store.log;
  }

  #watch(): void {
    this.#alarm.wakeAt(Date.now() + WATCH_MS);
  }

  /** The dispatcher of this ledger. */
  #dispatcherOf(ledger: Ledger): Dispatcher {
    const { transport } = this.#with;
    return (this.#dispatcher ??= new Dispatcher({
      ownStream: transport.ownStream,
      ledger,
      log: () => liftedLog(this.#log, transport),
      settings: () => (ledger.isBroken ? undefined : this.#sending),
      exists: () => this.#ledger === ledger,
      send: async (key, event) => {
        this.#budget.spend(1);
        return transport.send(key, event);
      },
      hasRoom: (calls) => this.#budget.fits(calls),
      settled: (outcome) => this.#settled(outcome),
      wakeAt: (time) => this.#alarm.wakeAt(time),
      complain: (message, error) => this.#complain(message, error),
    }));
  }

  #settled(outcome: Outcome): void {
    const reason = this.#ledger && this.#verdict.after(outcome, this.#ledger);
    if (reason === undefined || !this.life.disable(reason)) return;
    const { store, id } = this.#with;
    logger.error({ message: "a webhook was switched off", store: store.name, consumer: id, reason });
    this.#alarm.wakeNow(); // to announce it
  }

  /** Paused or switched off: its events wait in the log, and it need not be woken. */
  #rest(): number {
    this.life.rest();
    return NOTHING_TO_RING_FOR;
  }

  /** Never throws. */
  tellWhatItHandles(): Promise<void> {
    return this.#filterReport.send();
  }

  /** It is active again: the log may wake it. */
  async #tellTheLog(): Promise<void> {
    if (!this.life.owesTheLog) return;
    // Its earlier reports, which may still be on their way, no longer count.
    await this.#log.sweep(this.#with.id);
    this.life.toldTheLog();
  }

  #complain(message: string, error: unknown): void {
    logger.error({ message, store: this.#store.name, consumer: this.#with.id }, error);
  }
}
