/**
 * ⑥ One webhook = one Durable Object: it follows the log, and delivers each event that it asks for until it arrives or is
 * parked (promise 6). This file holds the doors: what operators and the queue say to it.
 *
 * From a wake-up to a delivery: `follower.ts` takes the wake-up, `intake.ts` reads the log, `dispatcher.ts` says whose turn it
 * is, `courier.ts` sends, and `books.ts` records what came of it. Beside that way: `registration.ts` knows what the webhook is
 * told to do, `lifecycle.ts` whether it may, `levers.ts` and `replay.ts` what operators can do with deliveries.
 *
 * The words: a *feed* is a way along the log, the webhook's own or a replay's, and its number is the *run*; a *window* is what a
 * feed has read and not settled; a *lane* is a stream whose events wait for one that failed; a *turn* is the next attempt to be
 * made; the *ledger* has what came of each delivery, and the *books* are all of these together.
 */

import { DurableObject } from "cloudflare:workers";
import { markRetryable } from "../core/retryable.ts";
import type { App } from "../definitions/app.ts";
import { envOfObject } from "../store/placement.ts";
import { logOf, nameOf, streamOf } from "../store/objects.ts";
import type { ConsumerAction } from "../store/stream-protocol.ts";
import { logger } from "../telemetry/logger.ts";
import { Announcements, streamAbout } from "./announcements.ts";
import { Books } from "./books.ts";
import { Courier } from "./courier.ts";
import { SYSTEM_CATEGORY } from "./events.ts";
import { Follower } from "./follower.ts";
import { listDeliveries, parkFailing, retryAll, retryDelivery, retryNow, retryParked } from "./levers.ts";
import type {
  DeliveriesPage,
  DeliveriesRequest,
  DeliveryReport,
  Outcome,
  PublicKeys,
  Refused,
  ReplayCount,
  ReplayReport,
  ReplayRequest,
  SettingsPatch,
  Subscription,
  WebhookReport,
  WebhookRpc,
} from "../store/webhook-protocol.ts";
import { Registration } from "./registration.ts";
import { addReplay, countReplay } from "./replay.ts";
import { reportOf } from "./report.ts";
import { Keys } from "./secrets.ts";

/** The class of the webhook objects of an app. Export it as `WebhookObject`. */
export function webhookObject(app: App) {
  return class WebhookObject extends DurableObject<Env> implements WebhookRpc {
    static {
      markRetryable(this.prototype, "report", "wake", "deliveries", "remove");
    }

    readonly #store: string;
    readonly #id: string;
    readonly #registration: Registration;
    readonly #keys: Keys;
    readonly #courier: Courier;
    readonly #follower: Follower;
    #testing: Promise<Outcome> | undefined;

    constructor(ctx: DurableObjectState, bindings: Env) {
      const env = envOfObject(ctx, bindings);
      super(ctx, env);
      const { storage } = ctx;
      const name = nameOf(ctx);
      const store = name.slice(0, name.indexOf("/"));
      const id = name.slice(name.indexOf("/") + 1);
      this.#store = store;
      this.#id = id;
      this.#registration = new Registration(id, app.webhooks.get(id), env, storage.kv);
      this.#keys = new Keys(storage, () => this.#registration.configuration !== undefined);
      this.#courier = new Courier(env, store, id, this.#keys);
      const about = () => streamOf(env, store, SYSTEM_CATEGORY, id);
      const announcements = new Announcements(storage.kv, about, store, id);
      this.#follower = new Follower({ store, id, env, storage, registration: this.#registration, courier: this.#courier, announcements });
      void ctx.blockConcurrencyWhile(() => this.#follower.load());
    }

    async create(subscription: Subscription, position: number): Promise<void> {
      this.ctx.storage.transactionSync(() => {
        this.#registration.create(subscription);
        Books.begin(this.ctx.storage, position);
      });
    }

    async report(): Promise<WebhookReport | undefined> {
      const configuration = this.#registration.configuration;
      if (!configuration) return undefined;
      const { books, life } = this.#follower;
      const start = books ? 0 : await this.#follower.start();
      return reportOf(this.#id, this.#registration.inCode ? "code" : "api", configuration, life, books, start);
    }

    async wake(): Promise<number> {
      return this.#follower.wake();
    }

    override async alarm(): Promise<void> {
      await this.#follower.wentOff();
    }

    async remove(): Promise<void> {
      await this.ctx.storage.deleteAll();
      this.#registration.forget();
      this.#follower.forget();
    }

    async change(patch: SettingsPatch): Promise<WebhookReport | Refused | undefined> {
      if (!this.#registration.configuration) return undefined;
      const { paused, ...settings } = patch;
      if (Object.keys(settings).length > 0) {
        const refusal = this.#registration.change(settings);
        if (refusal) return refusal;
        // Another endpoint has not failed yet.
        const books = settings.url === undefined ? undefined : this.#follower.books;
        if (books) retryNow(books);
        this.#follower.reread();
      }
      if (paused === true) this.#follower.pause();
      if (paused === false) await this.#follower.resume();
      this.#follower.goOn();
      return this.report();
    }

    async control(action: ConsumerAction, at?: number): Promise<WebhookReport | Refused | undefined> {
      if (!this.#registration.configuration) return undefined;
      const books = await this.#follower.begin();
      if (action === "pause") this.#follower.pause();
      else if (action === "resume") await this.#follower.resume();
      else if (action === "retry") {
        if (books) retryAll(books);
        if (this.#follower.life.disabled) await this.#follower.resume();
      } else if (action === "skip") {
        const skipped = books ? parkFailing(books, at) : 0;
        if (skipped === 0) return { refused: "no delivery is failing: there is nothing to skip" };
        logger.warn({ message: "failing deliveries were parked by an operator", store: this.#store, consumer: this.#id, count: skipped });
      } else books?.reset(Math.min(at ?? 0, await this.#head()));
      this.#follower.goOn();
      return this.report();
    }

    async rotate(secret: string): Promise<{ secret: string; previousUntil: string } | Refused | undefined> {
      if (!this.#registration.configuration) return undefined;
      return this.#registration.rotate(secret, this.#keys);
    }

    async sendTest(): Promise<Outcome | undefined> {
      const configuration = this.#registration.configuration;
      if (!configuration) return undefined;
      // One at a time: it goes past the limits that deliveries keep to.
      this.#testing ??= this.#courier.test(configuration).finally(() => (this.#testing = undefined));
      return this.#testing;
    }

    async replay(request: ReplayRequest): Promise<ReplayReport | Refused | undefined> {
      if (!this.#registration.configuration) return undefined;
      const head = await this.#head();
      const books = await this.#follower.begin();
      if (!books) return undefined;
      const answer = addReplay(books, request, head);
      this.#follower.goOn();
      return answer;
    }

    async countReplay(request: ReplayRequest): Promise<ReplayCount | Refused | undefined> {
      const { configuration } = this.#registration;
      if (!configuration) return undefined;
      const about = { store: this.#store, ownStream: streamAbout(this.#id) };
      return countReplay(request, await this.#head(), logOf(this.env, this.#store), configuration, about);
    }

    async deliveries(request: DeliveriesRequest): Promise<DeliveriesPage | undefined> {
      if (!this.#registration.configuration) return undefined;
      const { books } = this.#follower;
      return books ? listDeliveries(books, [this.#store, this.#id], request) : { deliveries: [], waiting: 0 };
    }

    async retry(delivery: string): Promise<DeliveryReport | Refused | undefined> {
      if (!this.#registration.configuration) return undefined;
      const { books } = this.#follower;
      const answer = books && retryDelivery(books, [this.#store, this.#id], delivery);
      this.#follower.goOn();
      return answer;
    }

    async retryParked(from: number, to: number): Promise<{ retried: number; left: number } | undefined> {
      if (!this.#registration.configuration) return undefined;
      const { books } = this.#follower;
      const answer = books ? retryParked(books, from, to) : { retried: 0, left: 0 };
      this.#follower.goOn();
      return answer;
    }

    async publicKeys(): Promise<PublicKeys | undefined> {
      return this.#registration.configuration?.asymmetric ? this.#keys.public(Date.now()) : undefined;
    }

    #head(): Promise<number> {
      return logOf(this.env, this.#store).head();
    }
  };
}
