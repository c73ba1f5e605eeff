/**
 * ⑥ One webhook = one Durable Object: it follows the log, and delivers each event that it asks for until it arrives or is
 * parked (promise 6). This file holds the doors and the alarm; `registration.ts` knows what it is told to do, `intake.ts`
 * reads the log, `dispatcher.ts` says whose turn it is, `courier.ts` sends, `books.ts` remembers.
 *
 * What makes the intent durable, before the log is told that this consumer has seen something: the position up to which
 * everything is on the books, and an armed alarm. Whatever dies, the alarm reads on from that position.
 */

import { DurableObject } from "cloudflare:workers";
import type { App } from "../app.ts";
import { logOf, nameOf, streamOf } from "../objects.ts";
import type { ConsumerAction } from "../protocol.ts";
import { AlarmSetter } from "./alarm-setter.ts";
import { Announcements, streamAbout } from "./announcements.ts";
import { Books } from "./books.ts";
import type { Active } from "./configuration.ts";
import { Courier } from "./courier.ts";
import { Dispatcher } from "./dispatcher.ts";
import { SYSTEM_CATEGORY } from "./events.ts";
import type { Host } from "./host.ts";
import { listDeliveries, parkFailing, retryAll, retryDelivery, retryNow, retryParked } from "./levers.ts";
import { Lifecycle } from "./lifecycle.ts";
import type {
  DeliveriesPage,
  DeliveriesRequest,
  DeliveryReport,
  Disabled,
  Outcome,
  PublicKeys,
  Refused,
  ReplayReport,
  ReplayRequest,
  SettingsPatch,
  Subscription,
  WebhookReport,
  WebhookRpc,
} from "./protocol.ts";
import { Registration } from "./registration.ts";
import { addReplay } from "./replay.ts";
import { reportOf } from "./report.ts";
import { Keys } from "./secrets.ts";
import type { Webhook } from "./webhook.ts";
import { logger } from "../telemetry/logger.ts";

/** How soon the alarm looks after deliveries under way, should this object be gone by then. */
const WATCH_MS = 5_000;
/** Milliseconds that an alarm stays with a dispatch; one that takes longer goes on without it, and is watched by the next. */
const ALARM_MS = 60_000;
/** What a webhook answers that is no more, or wants nothing: nobody needs to ring for it. */
const NOTHING_TO_RING_FOR = Number.MAX_SAFE_INTEGER;

/** The class of the webhook objects of an app. Export it as `WebhookObject`. */
export function webhookObject(app: App) {
  return class WebhookObject extends DurableObject<Env> implements WebhookRpc {
    readonly #store: string;
    readonly #id: string;
    readonly #inCode: Webhook | undefined;
    readonly #told: Registration;
    readonly #alarm: AlarmSetter;
    readonly #keys: Keys;
    readonly #courier: Courier;
    readonly #announcements: Announcements;
    readonly #life: Lifecycle;
    #books: Books | undefined;
    #dispatcher: Dispatcher | undefined;
    #testing: Promise<Outcome> | undefined;

    constructor(ctx: DurableObjectState, env: Env) {
      super(ctx, env);
      const name = nameOf(ctx);
      this.#store = name.slice(0, name.indexOf("/"));
      this.#id = name.slice(name.indexOf("/") + 1);
      this.#inCode = app.webhooks.get(this.#id);
      this.#told = new Registration(this.#id, this.#inCode, env, ctx.storage.kv);
      this.#alarm = new AlarmSetter(ctx.storage);
      this.#keys = new Keys(ctx.storage, () => this.#told.active !== undefined);
      this.#courier = new Courier(env, this.#store, this.#id, this.#keys);
      const about = () => streamOf(env, this.#store, SYSTEM_CATEGORY, this.#id);
      this.#announcements = new Announcements(ctx.storage.kv, about, this.#store, this.#id);
      this.#life = new Lifecycle(ctx.storage, this.#announcements);
    }

    async create(subscription: Subscription, position: number): Promise<void> {
      this.ctx.storage.transactionSync(() => {
        this.#told.create(subscription);
        Books.begin(this.ctx.storage, position);
      });
    }

    async report(): Promise<WebhookReport | undefined> {
      const configuration = this.#configuration();
      if (!configuration) return undefined;
      const books = this.#open();
      const start = books ? 0 : await this.#start();
      return reportOf(this.#id, this.#inCode ? "code" : "api", configuration, this.#life, books, start);
    }

    async wake(): Promise<number> {
      if (!this.#configuration()) return NOTHING_TO_RING_FOR;
      if (!this.#sending()) return this.#rest();
      const books = this.#open() ?? (await this.#begin());
      if (!books) return NOTHING_TO_RING_FOR; // removed meanwhile
      books.own.mayHaveMore = true;
      const dispatcher = this.#dispatch();
      await dispatcher.refill();
      if (books.isBroken) throw new Error("the storage has failed; the books are opened anew when what is under way has ended");
      if (!this.#configuration()) return NOTHING_TO_RING_FOR;
      if (!this.#sending()) return this.#rest();
      if (books.pending > 0) this.#alarm.wakeAt(Date.now() + WATCH_MS);
      else books.saveIfFar();
      void dispatcher.run(); // not awaited: a slow endpoint must not hold up the queue
      return books.own.taken;
    }

    async remove(): Promise<void> {
      await this.ctx.storage.deleteAll();
      this.#told.forget();
      this.#books = undefined;
      this.#dispatcher = undefined;
    }

    async change(patch: SettingsPatch): Promise<WebhookReport | Refused | undefined> {
      const subscription = this.#configuration();
      if (!subscription) return undefined;
      const { paused, ...settings } = patch;
      if (Object.keys(settings).length > 0) {
        const refusal = this.#told.change(settings);
        if (refusal) return refusal;
        // Another endpoint has not failed yet.
        const books = settings.url === undefined ? undefined : this.#open();
        if (books) retryNow(books);
        this.#dispatcher?.reread();
      }
      if (paused === true) this.#pause();
      if (paused === false) await this.#resume();
      this.#goOn();
      return this.report();
    }

    async control(action: ConsumerAction, at?: number): Promise<WebhookReport | Refused | undefined> {
      if (!this.#configuration()) return undefined;
      const books = this.#open() ?? (await this.#begin());
      if (action === "pause") this.#pause();
      else if (action === "resume") await this.#resume();
      else if (action === "retry") {
        if (books) retryAll(books);
        if (this.#life.disabled) await this.#resume();
      } else if (action === "skip") {
        const skipped = books ? parkFailing(books, at) : 0;
        if (skipped === 0) return { refused: "no delivery is failing: there is nothing to skip" };
        logger.warn({ message: "failing deliveries were parked by an operator", store: this.#store, consumer: this.#id, count: skipped });
      } else books?.reset(Math.min(at ?? 0, await this.#log().head()));
      this.#goOn();
      return this.report();
    }

    async rotate(secret: string): Promise<{ secret: string; previousUntil: string } | Refused | undefined> {
      if (!this.#configuration()) return undefined;
      return this.#told.rotate(secret, this.#keys);
    }

    async sendTest(): Promise<Outcome | undefined> {
      const configuration = this.#configuration();
      if (!configuration) return undefined;
      // One at a time: it goes past the limits that deliveries keep to.
      this.#testing ??= this.#courier.test(configuration).finally(() => (this.#testing = undefined));
      return this.#testing;
    }

    async replay(request: ReplayRequest): Promise<ReplayReport | Refused | undefined> {
      if (!this.#configuration()) return undefined;
      const head = await this.#log().head();
      const books = this.#open() ?? (await this.#begin());
      if (!books) return undefined;
      const answer = addReplay(books, request, head);
      this.#goOn();
      return answer;
    }

    async deliveries(request: DeliveriesRequest): Promise<DeliveriesPage | undefined> {
      if (!this.#configuration()) return undefined;
      const books = this.#open();
      return books ? listDeliveries(books, [this.#store, this.#id], request) : { deliveries: [], waiting: 0 };
    }

    async retry(delivery: string): Promise<DeliveryReport | Refused | undefined> {
      if (!this.#configuration()) return undefined;
      const books = this.#open();
      const answer = books && retryDelivery(books, [this.#store, this.#id], delivery);
      this.#goOn();
      return answer;
    }

    async retryParked(from: number, to: number): Promise<{ retried: number; left: number } | undefined> {
      if (!this.#configuration()) return undefined;
      const books = this.#open();
      const answer = books ? retryParked(books, from, to) : { retried: 0, left: 0 };
      this.#goOn();
      return answer;
    }

    async publicKeys(): Promise<PublicKeys | undefined> {
      return this.#configuration()?.asymmetric ? this.#keys.public(Date.now()) : undefined;
    }

    /** Never throws: the platform gives up on an alarm after six failures. */
    override async alarm(): Promise<void> {
      this.#alarm.wentOff();
      try {
        await this.#announcements.publish();
        await this.#tellTheLog();
        const books = this.#sending() && (this.#open() ?? (await this.#begin()));
        if (!books || !this.#sending()) return;
        if (books.pending > 0 || books.own.mayHaveMore || books.isBroken) this.#alarm.wakeAt(Date.now() + WATCH_MS);
        const dispatcher = this.#dispatch();
        if (dispatcher.isRunning) return; // the alarm above watches over it
        await within(ALARM_MS, dispatcher.run());
        this.#books?.save();
        const prune = this.#books?.prune(Date.now());
        if (prune !== undefined && this.#configuration()) this.#alarm.wakeAt(prune);
      } catch (error) {
        this.#complain("a webhook's alarm failed and will go off again", error);
        this.#alarm.wakeAt(Date.now() + WATCH_MS);
      }
    }

    /** What it is told to do, whether or not it may at the moment. */
    #configuration(): Active | undefined {
      return this.#told.active;
    }

    /** The same, if anything is to be sent. */
    #sending(): Active | undefined {
      return this.#life.isSending ? this.#configuration() : undefined;
    }

    #log() {
      return logOf(this.env, this.#store);
    }

    /** Opened on first use, so that a webhook nobody made leaves no database behind. */
    #open(): Books | undefined {
      if (this.#books?.isBroken && !this.#dispatcher?.isRunning) {
        this.#books = undefined;
        this.#dispatcher = undefined;
      }
      return (this.#books ??= Books.open(this.ctx.storage));
    }

    /** The first time that one in code is woken. */
    async #begin(): Promise<Books | undefined> {
      const position = await this.#start();
      if (!this.#configuration()) return undefined;
      if (!this.#open()) Books.begin(this.ctx.storage, position);
      return this.#open();
    }

    /** Where a webhook in code begins: the log knows what it had when it first heard of it. */
    async #start(): Promise<number> {
      return this.#inCode?.start === "beginning" ? 0 : this.#log().knownSince(this.#id);
    }

    #dispatch(): Dispatcher {
      const books = this.#open();
      if (!books) throw new Error("a webhook without books has nothing to deliver");
      const host: Host = {
        store: this.#store,
        ownStream: streamAbout(this.#id),
        books,
        log: () => this.#log(),
        settings: () => (books.isBroken ? undefined : this.#sending()),
        exists: () => this.#books === books,
        send: async (key, event) => {
          const configuration = this.#configuration();
          if (!configuration) return { delivered: false, error: "the webhook was removed", durationMs: 0 };
          return this.#courier.deliver(configuration, key, event);
        },
        settled: (outcome) => this.#settled(outcome),
        wakeAt: (time) => this.#alarm.wakeAt(time),
        complain: (message, error) => this.#complain(message, error),
      };
      return (this.#dispatcher ??= new Dispatcher(host));
    }

    /** Delivers what there is to deliver now, watched over by the alarm. */
    #goOn(): void {
      if (!this.#sending() || !this.#open()) return;
      this.#alarm.wakeAt(Date.now() + WATCH_MS);
      void this.#dispatch().run();
    }

    #settled({ delivered, response }: Outcome): void {
      if (delivered || !this.#books) return;
      if (response === 410) this.#disable("gone");
      else if (this.#books.health.isBeyondHope(Date.now())) this.#disable("failing");
    }

    #disable(reason: Disabled["reason"]): void {
      if (!this.#life.disable(reason, this.#configuration()?.url ?? "")) return;
      logger.error({ message: "a webhook was switched off", store: this.#store, consumer: this.#id, reason });
      this.#alarm.wakeNow(); // to say so
    }

    #pause(): void {
      this.#books?.save();
      this.#life.pause();
    }

    /** Also switches it on again. */
    async #resume(): Promise<void> {
      const books = this.#open();
      if (books && this.#life.disabled) retryNow(books);
      else books?.health.forgive();
      this.#life.resume(this.#configuration()?.url ?? "");
      if (books) books.own.mayHaveMore = true;
      this.#alarm.wakeNow(); // also tells the log, should that fail here
      await this.#tellTheLog().catch((error: unknown) =>
        this.#complain("the log was not told that a webhook goes on; trying again", error),
      );
    }

    /** Paused or switched off: its events wait in the log, and nobody needs to ring for it. */
    #rest(): number {
      this.#life.rest();
      return NOTHING_TO_RING_FOR;
    }

    /** It does not rest any more: the log may ring for it again. */
    async #tellTheLog(): Promise<void> {
      if (!this.#life.owesTheLog) return;
      await this.#log().acknowledge([{ consumer: this.#id, position: this.#books?.own.settled ?? 0 }]);
      this.#life.toldTheLog();
    }

    #complain(message: string, error: unknown): void {
      logger.error({ message, store: this.#store, consumer: this.#id }, error);
    }
  };
}

/** Waits for it, but not for ever. */
async function within(ms: number, work: Promise<void>): Promise<void> {
  const { promise: timeIsUp, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([work, timeIsUp]);
  clearTimeout(timer);
}
