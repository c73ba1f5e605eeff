/**
 * ⑥ One webhook = one Durable Object: it follows the log, and delivers each event that it wants until the event arrives or is parked
 * (promise 6). This file has the RPC methods that routes and the queue call.
 *
 * From a wake-up to a delivery: `deliveries/deliveries.ts` takes the wake-up, its `reader.ts` reads the log, its `dispatcher.ts` chooses
 * the next attempt, `sender.ts` here signs and posts it, and `deliveries/ledger.ts` records the outcome. The configuration is in
 * `registration.ts`; operators' actions are in `deliveries/control.ts`, `deliveries/operations.ts` and `deliveries/replay.ts`.
 */

import { Store } from "../store/store.ts";
import type { DeploymentEnv } from "../store/env.ts";
import { DurableObject } from "cloudflare:workers";
import { requireKnownFormat } from "../store/stored-format.ts";
import { markRetryable } from "../core/retryable.ts";
import type { App } from "../definitions/app.ts";
import { envOfObject } from "../store/placement.ts";
import { type RpcClass, nameOf } from "../store/objects.ts";
import type { ConsumerAction } from "../store/consumer-protocol.ts";
import { Announcements, streamAbout } from "./announcements.ts";
import { Ledger } from "../deliveries/ledger.ts";
import { Sender } from "./sender.ts";
import { SYSTEM_CATEGORY } from "../definitions/webhooks/events.ts";
import { Deliveries } from "../deliveries/deliveries.ts";
import { control } from "../deliveries/control.ts";
import { countControl, deliveriesOf, listDeliveries, retryDelivery, retryNow, retryParked } from "../deliveries/operations.ts";
import {
  type PublicKeys,
  type Refused,
  type ReplayCount,
  type ReplayReport,
  type ReplayRequest,
  type SettingsPatch,
  type Subscription,
  type WebhookReport,
  type WebhookRpc,
  UNKNOWN_WEBHOOK,
} from "../store/webhook-protocol.ts";
import type { DeliveriesOfEvents, DeliveriesPage, DeliveriesRequest, DeliveryReport, Outcome } from "../store/delivery-protocol.ts";
import { Registration } from "./registration.ts";
import { addReplay, countReplay } from "../deliveries/replay.ts";
import { reportOf } from "./report.ts";
import { Keys } from "./secrets.ts";
import { WEBHOOK_ID_PREFIX } from "../definitions/webhooks/webhook.ts";

const NOTHING_TO_SKIP = "no delivery is failing: there is nothing to skip";

/** The class of the webhook objects of an app. Export it as `WebhookObject`. */
export function webhookObject(app: App): RpcClass<WebhookRpc> {
  return class WebhookObject extends DurableObject<DeploymentEnv> implements WebhookRpc {
    static {
      markRetryable(this.prototype, "report", "wake", "deliveries", "deliveriesOf", "remove");
    }

    readonly #store: Store;
    readonly #id: string;
    readonly #registration: Registration;
    readonly #keys: Keys;
    readonly #sender: Sender;
    readonly #deliveries: Deliveries;
    #testing: Promise<Outcome> | undefined;

    constructor(ctx: DurableObjectState, bindings: DeploymentEnv) {
      const env = envOfObject(ctx, bindings);
      super(ctx, env);
      requireKnownFormat(ctx, "WEBHOOKS");
      const { storage } = ctx;
      const name = nameOf(ctx);
      const store = new Store(env, name.slice(0, name.indexOf("/")), app);
      const id = name.slice(name.indexOf("/") + 1);
      this.#store = store;
      this.#id = id;
      this.#registration = new Registration(id, store.definitions.inCode.webhook(id), env, storage.kv);
      this.#keys = new Keys(storage, () => this.#registration.configuration !== undefined);
      this.#sender = new Sender(store, id, this.#registration, this.#keys);
      const about = () => store.stream(SYSTEM_CATEGORY, id);
      const notices = new Announcements(storage.kv, about, [store.name, id], () => this.#registration.configuration?.url);
      const { start = "head" } = this.#registration.inCode ?? {};
      this.#deliveries = new Deliveries({ store, id, start, storage, transport: this.#sender, notices });
      void ctx.blockConcurrencyWhile(() => this.#deliveries.load());
    }

    async create(subscription: Subscription, position: number): Promise<void> {
      this.ctx.storage.transactionSync(() => {
        this.#registration.create(subscription);
        Ledger.begin(this.ctx.storage, position);
      });
    }

    async report(): Promise<WebhookReport | undefined> {
      const configuration = this.#registration.configuration;
      if (!configuration) return undefined;
      const { ledger, life } = this.#deliveries;
      const start = ledger ? 0 : await this.#deliveries.beginsAfter();
      return reportOf(this.#id, this.#registration.inCode ? "code" : "api", configuration, life, ledger, start);
    }

    async wake(): Promise<number> {
      const isKnown = this.#registration.configuration !== undefined || this.#id.startsWith(WEBHOOK_ID_PREFIX);
      return isKnown ? this.#deliveries.wake() : UNKNOWN_WEBHOOK;
    }

    override async alarm(): Promise<void> {
      await this.#deliveries.wentOff();
    }

    async remove(): Promise<void> {
      await this.ctx.storage.deleteAll();
      this.#registration.forget();
      this.#deliveries.forget();
    }

    async change(patch: SettingsPatch): Promise<WebhookReport | Refused | undefined> {
      if (!this.#registration.configuration) return undefined;
      const { paused, ...settings } = patch;
      if (Object.keys(settings).length > 0) {
        const refusal = this.#registration.change(settings);
        if (refusal) return refusal;
        // Another endpoint has not failed yet.
        const ledger = settings.url === undefined ? undefined : this.#deliveries.ledger;
        if (ledger) retryNow(ledger);
        this.#deliveries.reread();
        await this.#deliveries.tellWhatItHandles();
      }
      if (paused === true) this.#deliveries.pause();
      if (paused === false) await this.#deliveries.resume();
      this.#deliveries.goOn();
      return this.report();
    }

    async control(action: ConsumerAction, at?: number): Promise<WebhookReport | Refused | undefined> {
      if (!this.#registration.configuration) return undefined;
      const about = { store: this.#store.name, consumer: this.#id };
      if (!(await control(this.#deliveries, action, at, about, () => this.#head()))) return { refused: NOTHING_TO_SKIP };
      this.#deliveries.goOn();
      return this.report();
    }

    async countControl(
      action: "resume" | "retry" | "skip",
      at?: number,
    ): Promise<{ after: number; deliveries: number } | Refused | undefined> {
      const report = await this.report();
      if (!report) return undefined;
      const { ledger } = this.#deliveries;
      const deliveries = ledger ? countControl(ledger, action, at) : 0;
      return action === "skip" && deliveries === 0 ? { refused: NOTHING_TO_SKIP } : { after: report.position, deliveries };
    }

    async rotate(secret: string): Promise<{ secret: string; previousUntil: string } | Refused | undefined> {
      if (!this.#registration.configuration) return undefined;
      return this.#registration.rotate(secret, this.#keys);
    }

    async sendTest(): Promise<Outcome | undefined> {
      const configuration = this.#registration.configuration;
      if (!configuration) return undefined;
      // One at a time: it ignores the limits that deliveries keep to.
      this.#testing ??= this.#sender.test(configuration).finally(() => (this.#testing = undefined));
      return this.#testing;
    }

    async replay(request: ReplayRequest): Promise<ReplayReport | Refused | undefined> {
      if (!this.#registration.configuration) return undefined;
      const head = await this.#head();
      const ledger = await this.#deliveries.begin();
      if (!ledger) return undefined;
      const answer = addReplay(ledger, request, head);
      this.#deliveries.goOn();
      return answer;
    }

    async countReplay(request: ReplayRequest): Promise<ReplayCount | Refused | undefined> {
      const { configuration } = this.#registration;
      if (!configuration) return undefined;
      const about = { ownStream: streamAbout(this.#id) };
      return countReplay(request, await this.#head(), this.#store.log, configuration, about);
    }

    async deliveries(request: DeliveriesRequest): Promise<DeliveriesPage | undefined> {
      if (!this.#registration.configuration) return undefined;
      const { ledger } = this.#deliveries;
      return ledger ? listDeliveries(ledger, [this.#store.name, this.#id], request) : { deliveries: [], waiting: 0 };
    }

    async deliveriesOf(positions: readonly number[]): Promise<DeliveriesOfEvents | undefined> {
      const { configuration } = this.#registration;
      if (!configuration) return undefined;
      const { ledger } = this.#deliveries;
      return { url: configuration.url, deliveries: ledger ? deliveriesOf(ledger, [this.#store.name, this.#id], positions) : [] };
    }

    async retry(delivery: string): Promise<DeliveryReport | Refused | undefined> {
      if (!this.#registration.configuration) return undefined;
      const { ledger } = this.#deliveries;
      const answer = ledger && retryDelivery(ledger, [this.#store.name, this.#id], delivery);
      this.#deliveries.goOn();
      return answer;
    }

    async retryParked(from: number, to: number): Promise<{ retried: number; left: number } | undefined> {
      if (!this.#registration.configuration) return undefined;
      const { ledger } = this.#deliveries;
      const answer = ledger ? retryParked(ledger, from, to) : { retried: 0, left: 0 };
      this.#deliveries.goOn();
      return answer;
    }

    async countParked(from: number, to: number): Promise<number | undefined> {
      return this.#registration.configuration && (this.#deliveries.ledger?.table.parkedBetween(from, to) ?? 0);
    }

    async publicKeys(): Promise<PublicKeys | undefined> {
      return this.#registration.configuration?.asymmetric ? this.#keys.public(Date.now()) : undefined;
    }

    #head(): Promise<number> {
      return this.#store.log.head();
    }
  };
}
