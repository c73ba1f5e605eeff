/**
 * Delivers what the feeds bring, in the order of each stream: a few at a time, failed deliveries by their schedule, and one at a time while
 * the endpoint is down. What it holds in memory can be lost at any moment: the ledger and the log restore it.
 */

import { WEBHOOK_DELIVERY_CALLS } from "./limits.ts";
import { WEBHOOK_IN_FLIGHT } from "../core/limits.ts";
import type { Ledger } from "./ledger.ts";
import type { Attempt } from "./attempt.ts";
import type { Context } from "./context.ts";
import { Reader } from "./reader.ts";
import { isUnwanted, whyNotSendable } from "./interest.ts";

/** Milliseconds until the log is asked again after it could not be reached. Ours. */
const READ_AGAIN_MS = 5_000;
/** The longest pause that is waited for in place; for longer ones the object goes to sleep. */
const DOZE_MS = 1_000;

export class Dispatcher {
  readonly #context: Context;
  readonly #ledger: Ledger;
  readonly #reader: Reader;
  /** By run and stream: never two of one stream. */
  readonly #underWay = new Map<string, Promise<void>>();
  #running: Promise<void> | undefined;
  #stir: () => void = () => {};
  #readAgainAt = 0;
  /** When the rate limit allows the next delivery (milliseconds since 1970). */
  #slot = 0;
  /** The feed that had its turn last, so that a replay and new events take turns. */
  #lastFeed = 0;

  constructor(context: Context) {
    this.#context = context;
    this.#ledger = context.ledger;
    this.#reader = new Reader(context);
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** Delivers what is due until nothing is, then asks to be woken for the rest. Only one runs at a time: another call nudges the first. */
  run(): Promise<void> {
    this.#stir();
    return (this.#running ??= this.#loop());
  }

  /** Reads from the log as much as there is room for. Throws when the log cannot be reached. */
  refill(): Promise<void> {
    return this.#reader.refill();
  }

  /** The settings have changed: deliveries that have not begun are read again. */
  reread(): void {
    this.#reader.reread();
  }

  async #loop(): Promise<void> {
    for (;;) {
      let wakeAt: number | undefined;
      try {
        if (this.#context.settings() && Date.now() >= this.#readAgainAt) await this.refill();
      } catch (error) {
        this.#readLater(error);
      }
      try {
        wakeAt = this.#start();
      } catch (error) {
        this.#readLater(error);
        wakeAt = this.#readAgainAt;
      }
      const isSpent = !this.#context.hasRoom(WEBHOOK_DELIVERY_CALLS);
      const reads = this.#reader.isHungry && Date.now() >= this.#readAgainAt;
      const pause = reads ? 0 : wakeAt === undefined ? Number.POSITIVE_INFINITY : Math.max(0, wakeAt - Date.now());
      if (this.#underWay.size === 0 && (isSpent || pause > DOZE_MS)) {
        // No await since the last check for work: what arrives from now on finds no loop, and starts one.
        this.#running = undefined;
        // What this invocation has no room for is left to the alarm's.
        const next = isSpent ? Date.now() : wakeAt;
        if (next !== undefined) this.#context.wakeAt(next);
        return;
      }
      await this.#doze(pause);
    }
  }

  /** Waits for the end of a delivery, for news, or for the time to be over. */
  async #doze(pause: number): Promise<void> {
    const { promise: stirred, resolve } = Promise.withResolvers<void>();
    this.#stir = resolve;
    const timer = pause === Number.POSITIVE_INFINITY ? undefined : setTimeout(resolve, pause);
    await Promise.race([stirred, ...this.#underWay.values()]);
    clearTimeout(timer);
  }

  /**
   * Starts what may be started now.
   *
   * @returns when there will be something else to start, or undefined: not before something ends or arrives
   */
  #start(): number | undefined {
    for (;;) {
      const settings = this.#context.settings();
      if (!settings) return undefined;
      const now = Date.now();
      const { health } = this.#ledger.statistics;
      const notBefore = Math.max(health.closedUntil, this.#readAgainAt, settings.rate === undefined ? 0 : this.#slot);
      const isRoom = this.#underWay.size < (health.isDown ? 1 : (settings.concurrency ?? WEBHOOK_IN_FLIGHT));
      const attempt = this.#next(now);
      if (!attempt) {
        const due = this.#ledger.waits.nextDue(this.#isUnderWay);
        const wantsMore = this.#readAgainAt > now ? this.#readAgainAt : undefined;
        const times = [due, wantsMore].filter((time) => time !== undefined);
        return times.length === 0 ? undefined : Math.max(Math.min(...times), health.closedUntil);
      }
      if (!isRoom || !this.#context.hasRoom((this.#underWay.size + 1) * WEBHOOK_DELIVERY_CALLS)) return undefined;
      if (notBefore > now) return notBefore;
      if (settings.rate !== undefined) this.#slot = now + 1_000 / settings.rate;
      this.#launch(attempt);
    }
  }

  /** The next attempt. While the endpoint is down, preferably one that has not failed: its event is not at fault. */
  #next(now: number): Attempt | undefined {
    const again = () => this.#ledger.waits.dueAttempt(now, this.#isUnderWay);
    const fresh = () => this.#freshAttempt();
    return this.#ledger.statistics.health.isDown ? (fresh() ?? again()) : (again() ?? fresh());
  }

  #freshAttempt(): Attempt | undefined {
    const { windows } = this.#ledger.feeds;
    for (let offset = 1; offset <= windows.length; offset++) {
      const at = (this.#lastFeed + offset) % windows.length;
      const window = windows[at];
      const item = window?.next((stream) => this.#isUnderWay(window.run, stream));
      if (!window || !item) continue;
      this.#lastFeed = at;
      return { kind: "fresh", run: window.run, stream: item.stream, position: item.position, window, item };
    }
    return undefined;
  }

  readonly #isUnderWay = (run: number, stream: string): boolean => this.#underWay.has(`${run}/${stream}`);

  #launch(attempt: Attempt): void {
    const key = `${attempt.run}/${attempt.stream}`;
    if (attempt.kind === "fresh") attempt.item.state = "under way";
    const underWay = this.#make(attempt)
      .catch((error: unknown) => {
        // Nothing was counted: the log or the ledger was unavailable.
        if (attempt.kind === "fresh" && attempt.item.state === "under way") attempt.item.state = "waiting";
        this.#readLater(error);
      })
      .finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, underWay);
  }

  async #make(attempt: Attempt): Promise<void> {
    const found =
      attempt.position === undefined ? await this.#reader.findNext(attempt) : await this.#reader.eventAt(attempt, attempt.position);
    const settings = this.#context.settings();
    if (!settings) return this.#putBack(attempt);
    if (!found) {
      if (attempt.position === undefined) return; // the blocked stream has ended
      return this.#ledger.skip(attempt, attempt.position, "", "the event was erased");
    }
    if (found.erased) return this.#ledger.skip(attempt, found.position, found.type, "the event was erased");
    if (isUnwanted(found, settings))
      return this.#ledger.skip(attempt, found.position, found.type, "the webhook's predicate rejects the event");
    const unsendable = whyNotSendable(found, settings);
    if (unsendable !== undefined) {
      this.#ledger.settle(attempt, found, { delivered: false, error: unsendable, durationMs: 0, ownFault: true }, Date.now());
      return;
    }
    const outcome = await this.#context.send({ run: attempt.run, position: found.position }, found);
    if (!this.#context.exists()) return; // removed while it was under way
    this.#ledger.settle(attempt, found, outcome, Date.now());
    this.#context.settled(outcome);
  }

  /** It was paused or switched off before anything was sent. */
  #putBack(attempt: Attempt): void {
    if (attempt.kind === "fresh") attempt.item.state = "waiting";
  }

  #readLater(error: unknown): void {
    this.#readAgainAt = Date.now() + READ_AGAIN_MS;
    this.#context.complain("webhook deliveries stopped; they continue in a moment", error);
  }
}
