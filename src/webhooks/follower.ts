/**
 * A webhook at work: it takes what is new in the log onto its books, delivers it, and sees to it that this goes
 * on whatever dies.
 *
 * What makes the intent durable, before the log is told that this consumer has seen something: the position up to which
 * everything is on the books, and an armed alarm. Whatever dies, the alarm reads on from that position.
 */

import { AlarmClock } from "../core/alarm-clock.ts";
import { Budget, capsOf, counting } from "../core/budget.ts";
import { WEBHOOK_FAILING_STREAMS } from "../core/limits.ts";
import { logOf } from "../store/objects.ts";
import { logger } from "../telemetry/logger.ts";
import { type Announcements, streamAbout } from "./announcements.ts";
import { Books } from "./books.ts";
import type { Configuration } from "./configuration.ts";
import type { Courier } from "./courier.ts";
import { Dispatcher } from "./dispatcher.ts";
import type { Host } from "./host.ts";
import { retryNow } from "./levers.ts";
import { Lifecycle } from "./lifecycle.ts";
import type { Disabled, Outcome } from "../store/webhook-protocol.ts";
import type { Registration } from "./registration.ts";

/** How soon the alarm looks after deliveries under way, should this object be gone by then. */
const WATCH_MS = 5_000;
/** Milliseconds that an alarm stays with a dispatch; one that takes longer goes on without it, and is watched by the next. */
const ALARM_MS = 60_000;
/** What a webhook answers that is no more, or wants nothing: nobody needs to ring for it. */
const NOTHING_TO_RING_FOR = Number.MAX_SAFE_INTEGER;

/** Which webhook, and what it works with. */
interface Equipment {
  readonly store: string;
  readonly id: string;
  readonly env: Env;
  readonly storage: DurableObjectStorage;
  readonly registration: Registration;
  readonly courier: Courier;
  readonly announcements: Announcements;
}

export class Follower {
  readonly life: Lifecycle;
  readonly #with: Equipment;
  readonly #alarm: AlarmClock;
  /** Of the invocation under way: each wake-up and each alarm is one. */
  readonly #budget: Budget;
  /** Its calls are counted. */
  readonly #env: Env;
  #books: Books | undefined;
  #dispatcher: Dispatcher | undefined;
  /** That it is full. */
  #hasWarned = false;

  constructor(equipment: Equipment) {
    const { storage, announcements } = equipment;
    this.#with = equipment;
    this.#alarm = new AlarmClock(storage);
    this.#budget = new Budget(capsOf(equipment.env));
    this.#env = counting(equipment.env, this.#budget);
    this.life = new Lifecycle(storage, announcements);
  }

  /** Reads which alarm is set: await it before anything else. */
  load(): Promise<void> {
    return this.#alarm.load();
  }

  /** Opened on first use, so that a webhook nobody made leaves no database behind. Undefined: it has not begun. */
  get books(): Books | undefined {
    if (this.#books?.isBroken && !this.#dispatcher?.isRunning) {
      this.#books = undefined;
      this.#dispatcher = undefined;
    }
    return (this.#books ??= Books.open(this.#with.storage));
  }

  /** The books; one in code begins them when it is woken for the first time. Undefined: it was removed meanwhile. */
  async begin(): Promise<Books | undefined> {
    if (this.books) return this.books;
    const position = await this.start();
    if (!this.#configuration) return undefined;
    if (!this.books) Books.begin(this.#with.storage, position);
    return this.books;
  }

  /** The position after which one in code begins: the log knows what it had when it first heard of it. */
  async start(): Promise<number> {
    return this.#with.registration.inCode?.start === "beginning" ? 0 : this.#log.knownSince(this.#with.id);
  }

  /** Takes what is new. Answers with the last position that is its own business now. */
  async wake(): Promise<number> {
    this.#budget.renew();
    if (!this.#configuration) return NOTHING_TO_RING_FOR;
    if (!this.#sending) return this.#rest();
    const books = await this.begin();
    if (!books) return NOTHING_TO_RING_FOR; // removed meanwhile
    books.feeds.own.mayHaveMore = true;
    const dispatcher = this.#dispatcherOf(books);
    await dispatcher.refill();
    if (books.isBroken) throw new Error("the storage has failed; the books are opened anew when what is under way has ended");
    if (!this.#configuration) return NOTHING_TO_RING_FOR;
    if (!this.#sending) return this.#rest();
    if (books.pending > 0) this.#watch();
    else books.saveIfFar();
    void dispatcher.run(); // not awaited: a slow endpoint must not hold up the queue
    return books.feeds.own.taken;
  }

  /** Never throws: the platform gives up on an alarm after six failures. */
  async wentOff(): Promise<void> {
    this.#alarm.wentOff();
    this.#budget.renew();
    try {
      await this.#with.announcements.publish();
      await this.#tellTheLog();
      const books = this.#sending && (await this.begin());
      if (!books || !this.#sending) return;
      if (books.pending > 0 || books.feeds.own.mayHaveMore || books.isBroken) this.#watch();
      const dispatcher = this.#dispatcherOf(books);
      if (dispatcher.isRunning) return; // the alarm above watches over it
      await within(ALARM_MS, dispatcher.run());
      this.#books?.save();
      const prune = this.#books?.prune(Date.now());
      if (prune !== undefined && this.#configuration) this.#alarm.wakeAt(prune);
    } catch (error) {
      this.#complain("a webhook's alarm failed and will go off again", error);
      this.#watch();
    }
  }

  /** Delivers what there is to deliver now, watched over by the alarm. */
  goOn(): void {
    const books = this.#sending && this.books;
    if (!books) return;
    this.#watch();
    void this.#dispatcherOf(books).run();
  }

  /** The settings have changed: what has not begun is read from the log again. */
  reread(): void {
    this.#dispatcher?.reread();
  }

  /** The storage is empty. */
  forget(): void {
    this.#alarm.wentOff();
    this.#books = undefined;
    this.#dispatcher = undefined;
  }

  pause(): void {
    this.#books?.save();
    this.life.pause();
  }

  /** Also switches it on again. */
  async resume(): Promise<void> {
    const { books } = this;
    if (books && this.life.disabled) retryNow(books);
    else books?.tally.health.forgive();
    this.life.resume(this.#configuration?.url ?? "");
    if (books) books.feeds.own.mayHaveMore = true;
    this.#alarm.wakeNow(); // also tells the log, should that fail here
    await this.#tellTheLog().catch((error: unknown) => this.#complain("the log was not told that a webhook goes on; trying again", error));
  }

  /** What it is told to do, whether or not it may at the moment. */
  get #configuration(): Configuration | undefined {
    return this.#with.registration.configuration;
  }

  /** The same, if anything is to be sent. */
  get #sending(): Configuration | undefined {
    return this.life.isSending ? this.#configuration : undefined;
  }

  get #log() {
    return logOf(this.#env, this.#with.store);
  }

  #watch(): void {
    this.#alarm.wakeAt(Date.now() + WATCH_MS);
  }

  /** The one that delivers what is on these books. */
  #dispatcherOf(books: Books): Dispatcher {
    return (this.#dispatcher ??= new Dispatcher(this.#hostOf(books)));
  }

  #hostOf(books: Books): Host {
    const { store, id, courier } = this.#with;
    return {
      store,
      ownStream: streamAbout(id),
      books,
      log: () => this.#log,
      settings: () => (books.isBroken ? undefined : this.#sending),
      exists: () => this.#books === books,
      send: async (key, event) => {
        const configuration = this.#configuration;
        if (!configuration) return { delivered: false, error: "the webhook was removed", durationMs: 0 };
        this.#budget.spend(1);
        return courier.deliver(configuration, key, event);
      },
      hasRoom: (calls) => this.#budget.fits(calls),
      settled: (outcome) => this.#settled(outcome),
      wakeAt: (time) => this.#alarm.wakeAt(time),
      complain: (message, error) => this.#complain(message, error),
    };
  }

  #settled({ delivered, response }: Outcome): void {
    if (delivered || !this.#books) return;
    this.#warnWhenFull(this.#books);
    if (response === 410) this.#disable("gone");
    else if (this.#books.tally.health.isBeyondHope(Date.now())) this.#disable("failing");
  }

  /** Once, not each time that one of the streams has ended and another one takes its place. */
  #warnWhenFull({ waits }: Books): void {
    if (waits.isFull && !this.#hasWarned) {
      const { store, id } = this.#with;
      const message = "a webhook takes no further event: too many of its streams wait for one that failed";
      logger.error({ message, store, consumer: id, count: waits.streams });
    }
    this.#hasWarned = waits.isFull || (this.#hasWarned && waits.streams > WEBHOOK_FAILING_STREAMS / 2);
  }

  #disable(reason: Disabled["reason"]): void {
    const { store, id } = this.#with;
    if (!this.life.disable(reason, this.#configuration?.url ?? "")) return;
    logger.error({ message: "a webhook was switched off", store, consumer: id, reason });
    this.#alarm.wakeNow(); // to say so
  }

  /** Paused or switched off: its events wait in the log, and nobody needs to ring for it. */
  #rest(): number {
    this.life.rest();
    return NOTHING_TO_RING_FOR;
  }

  /** It does not rest any more: the log may ring for it again. */
  async #tellTheLog(): Promise<void> {
    if (!this.life.owesTheLog) return;
    // What it has said of itself before, and is still on its way, counts no more.
    await this.#log.sweep();
    this.life.toldTheLog();
  }

  #complain(message: string, error: unknown): void {
    logger.error({ message, store: this.#with.store, consumer: this.#with.id }, error);
  }
}

/** Waits for it, but not for ever. */
async function within(ms: number, work: Promise<void>): Promise<void> {
  const { promise: timeIsUp, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([work, timeIsUp]);
  clearTimeout(timer);
}
