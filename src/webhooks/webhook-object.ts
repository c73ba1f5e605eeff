/**
 * ⑥ One webhook = one Durable Object: it follows the log, and delivers each event that it asks for until it arrives or is
 * parked (promise 6). This file holds the doors and the alarm; `dispatcher.ts` delivers, `books.ts` remembers.
 *
 * What makes the intent durable, before the log is told that this consumer has seen something: the position up to which
 * everything is on the books, and an armed alarm. Whatever dies, the alarm reads on from that position.
 */

import { DurableObject } from "cloudflare:workers";
import type { App } from "../app.ts";
import type { LoggedEvent } from "../event.ts";
import { newId } from "../ids.ts";
import { MAX_POSITION, WEBHOOK_RETRY_DELIVERIES } from "../limits.ts";
import { logOf, nameOf, streamOf } from "../objects.ts";
import type { ConsumerAction } from "../protocol.ts";
import { AlarmSetter } from "./alarm-setter.ts";
import { Announcements, streamAbout } from "./announcements.ts";
import { Books } from "./books.ts";
import { type Active, configured, patched } from "./configuration.ts";
import { Dispatcher, type Host } from "./dispatcher.ts";
import { SYSTEM_CATEGORY, WEBHOOK_TEST } from "./events.ts";
import { headersProblem } from "./headers.ts";
import { type Key, deliveryId, deliveryReport, messageId, parseDeliveryId } from "./ledger.ts";
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
import { addReplay } from "./replay.ts";
import { reportOf } from "./report.ts";
import { Keys, overlapEnd, rotated } from "./secrets.ts";
import { bodyOf, messageJson, send } from "./sender.ts";
import type { Webhook } from "./webhook.ts";
import { logger } from "../telemetry/logger.ts";
import { traceIdOf } from "../telemetry/trace.ts";
import { span } from "../telemetry/span.ts";

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
    readonly #alarm: AlarmSetter;
    readonly #keys: Keys;
    readonly #announcements: Announcements;
    readonly #life: Lifecycle;
    #active: Active | undefined;
    #books: Books | undefined;
    #dispatcher: Dispatcher | undefined;
    #testing: Promise<Outcome> | undefined;

    constructor(ctx: DurableObjectState, env: Env) {
      super(ctx, env);
      const name = nameOf(ctx);
      this.#store = name.slice(0, name.indexOf("/"));
      this.#id = name.slice(name.indexOf("/") + 1);
      this.#inCode = app.webhooks.get(this.#id);
      this.#alarm = new AlarmSetter(ctx.storage);
      this.#keys = new Keys(ctx.storage);
      const about = () => streamOf(env, this.#store, SYSTEM_CATEGORY, this.#id);
      this.#announcements = new Announcements(ctx.storage.kv, about, this.#store, this.#id);
      this.#life = new Lifecycle(ctx.storage, this.#announcements);
    }

    async create(subscription: Subscription, position: number): Promise<void> {
      this.ctx.storage.transactionSync(() => {
        this.ctx.storage.kv.put("subscription", subscription);
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
      this.#active = undefined;
      this.#books = undefined;
      this.#dispatcher = undefined;
    }

    async change(patch: SettingsPatch): Promise<WebhookReport | Refused | undefined> {
      const subscription = this.#configuration();
      if (!subscription) return undefined;
      const { paused, ...settings } = patch;
      if (Object.keys(settings).length > 0) {
        const stored = this.ctx.storage.kv.get<Subscription>("subscription");
        if (this.#inCode || !stored) return { refused: "it is declared in code: over HTTP it can only be paused and resumed" };
        const next = patched(stored, settings);
        const problem = headersProblem(next.headers ?? {});
        if (problem) return { refused: problem, invalid: true };
        this.ctx.storage.kv.put("subscription", next);
        this.#active = undefined;
        // Another endpoint has not failed yet.
        if (settings.url !== undefined) this.#open()?.retryNow();
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
        books?.retryNow();
        books?.revive(0, MAX_POSITION, WEBHOOK_RETRY_DELIVERIES);
        if (this.#life.disabled) await this.#resume();
      } else if (action === "skip") {
        const skipped = books?.parkHeads("skipped by an operator", at) ?? 0;
        if (skipped === 0) return { refused: "no delivery is failing: there is nothing to skip" };
        logger.warn({ message: "failing deliveries were parked by an operator", store: this.#store, consumer: this.#id, count: skipped });
      } else books?.reset(Math.min(at ?? 0, await this.#log().head()));
      this.#goOn();
      return this.report();
    }

    async rotate(secret: string): Promise<{ secret: string; previousUntil: string } | Refused | undefined> {
      if (!this.#configuration()) return undefined;
      const now = Date.now();
      if (this.#inCode)
        return { refused: "its secret is a variable of the deployment: put both there, the new one first, parted by a space" };
      if (this.#sending()?.asymmetric) await this.#keys.rotate(now);
      const stored = this.ctx.storage.kv.get<Subscription>("subscription"); // read after the await: nothing comes between
      if (!stored) return undefined;
      this.ctx.storage.kv.put("subscription", rotated(stored, secret, now));
      this.#active = undefined;
      return { secret, previousUntil: overlapEnd(now) };
    }

    async sendTest(): Promise<Outcome | undefined> {
      const configuration = this.#configuration();
      if (!configuration) return undefined;
      // One at a time: it goes past the limits that deliveries keep to.
      this.#testing ??= this.#attemptTest(configuration).finally(() => (this.#testing = undefined));
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

    async deliveries({ status, after, limit }: DeliveriesRequest): Promise<DeliveriesPage | undefined> {
      if (!this.#configuration()) return undefined;
      const books = this.#open();
      if (!books) return { deliveries: [], waiting: 0 };
      const { rows, next } = books.ledger.page(status, after === undefined ? undefined : parseDeliveryId(after), limit);
      return {
        deliveries: rows.map((row) => deliveryReport(this.#store, this.#id, row)),
        ...(next ? { next: deliveryId(next) } : {}),
        waiting: books.waiting,
      };
    }

    async retry(delivery: string): Promise<DeliveryReport | Refused | undefined> {
      if (!this.#configuration()) return undefined;
      const key = parseDeliveryId(delivery);
      const books = this.#open();
      const row = key && books?.ledger.find(key);
      if (!key || !books || !row) return undefined;
      if (row.status !== "parked" && row.status !== "pending")
        return { refused: `it is ${row.status}: replay its position to send it again` };
      if (row.status === "parked") books.reviveOne(key);
      else books.retryOne(key);
      this.#goOn();
      const now = books.ledger.find(key);
      return now && deliveryReport(this.#store, this.#id, now);
    }

    async retryParked(from: number, to: number): Promise<{ retried: number; left: number } | undefined> {
      if (!this.#configuration()) return undefined;
      const books = this.#open();
      const retried = books?.revive(from, to, WEBHOOK_RETRY_DELIVERIES) ?? 0;
      this.#goOn();
      return { retried, left: books?.ledger.parkedBetween(from, to) ?? 0 };
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
      return (this.#active ??= configured(this.#id, this.#inCode, this.env, this.ctx.storage.kv));
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
        send: (key, event) => this.#send(key, event),
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

    async #send(key: Key, event: LoggedEvent): Promise<Outcome> {
      const configuration = this.#configuration();
      if (!configuration) return { delivered: false, error: "the webhook was removed", durationMs: 0 };
      const { stream, version, position, type, id: causationId, trace } = event;
      const id = messageId(this.#store, this.#id, key);
      const traceId = traceIdOf(trace);
      const about = () => ({
        store: this.#store,
        consumer: this.#id,
        stream,
        version,
        position,
        type,
        messageId: id,
        causationId,
        traceId,
      });
      return span("deliver", about, async (note) => {
        const outcome = await this.#post(configuration, id, bodyOf(event), trace);
        note({ outcome: outcome.delivered ? "delivered" : "failed", response: outcome.response });
        return outcome;
      });
    }

    async #post({ url, headers = {}, secrets, asymmetric }: Active, id: string, body: string, trace?: string | null): Promise<Outcome> {
      const now = Date.now();
      const keys = asymmetric ? await this.#keys.signing(now) : [];
      return send({ url, headers, signers: { secrets: secrets(now), keys }, id, body, trace }, isLocal(this.env));
    }

    async #attemptTest(configuration: Active): Promise<Outcome> {
      const [id, time] = [newId(), new Date().toISOString()];
      const stream = streamAbout(this.#id);
      const data = { webhook: this.#id };
      // The shape of an event, so that receivers can parse it like one; it has no place in any stream or log.
      const event = { id, stream, version: 0, position: 0, type: WEBHOOK_TEST, data, meta: {}, time, recordedAt: time, schemaVersion: 1 };
      return this.#post(configuration, `msg_${id.replaceAll("-", "")}`, messageJson(WEBHOOK_TEST, time, JSON.stringify(event)));
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
      if (this.#life.disabled) books?.retryNow();
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

/** Whether this is `wrangler dev`: the one place where a webhook may point at the machine itself. */
function isLocal(env: Env): boolean {
  return env.HEADSPRING_ENV === "local";
}
