/**
 * ⑥ One webhook = one Durable Object: it follows the log, puts deliveries on its books together with its checkpoint,
 * and delivers them until they arrive or are parked (promise 6).
 */

import { DurableObject } from "cloudflare:workers";
import type { App } from "../app.ts";
import { type LoggedEvent, eventJson } from "../event.ts";
import { CONSUMER_BATCH_EVENTS, WEBHOOK_IN_FLIGHT, WEBHOOK_TIMEOUT_MS } from "../limits.ts";
import { logOf, nameOf } from "../objects.ts";
import { type Due, Ledger, type Outcome } from "./ledger.ts";
import type { Subscription, WebhookReport, WebhookRpc } from "./protocol.ts";
import { signatureHeaders } from "./signature.ts";
import { targetProblem } from "./target.ts";
import { type Webhook, secretOf, urlOf } from "./webhook.ts";

/** How soon the alarm looks after deliveries under way, should this object be gone by then. */
const WATCH_MS = 5_000;
/** The position of a webhook that is no more: nobody needs to ring for it again. */
const REMOVED = Number.MAX_SAFE_INTEGER;
/** Bytes of an error's text that the ledger keeps. */
const ERROR_TEXT = 200;

/** The class of the webhook objects of an app. Export it as `WebhookObject`. */
export function webhookObject(app: App) {
  return class WebhookObject extends DurableObject<Env> implements WebhookRpc {
    readonly #store: string;
    readonly #id: string;
    readonly #inCode: Webhook | undefined;
    #ledger: Ledger | undefined;
    #dispatching = false;
    #taking: Promise<number> | undefined;

    constructor(ctx: DurableObjectState, env: Env) {
      super(ctx, env);
      const name = nameOf(ctx);
      this.#store = name.slice(0, name.indexOf("/"));
      this.#id = name.slice(name.indexOf("/") + 1);
      this.#inCode = app.webhooks.get(this.#id);
    }

    async create(subscription: Subscription, position: number): Promise<void> {
      this.ctx.storage.transactionSync(() => {
        this.ctx.storage.kv.put("subscription", subscription);
        this.ctx.storage.kv.put("checkpoint", position);
      });
    }

    async report(): Promise<WebhookReport | undefined> {
      const subscription = this.#subscription();
      if (!subscription) return undefined;
      const { secret: _secret, headers: _headers, ...shown } = subscription;
      const counts = this.#checkpoint() > 0 ? this.#books().counts() : { pending: 0, parked: 0 };
      return { ...shown, origin: this.#inCode ? "code" : "api", position: this.#checkpoint(), ...counts };
    }

    async wake(): Promise<number> {
      const subscription = this.#subscription();
      if (!subscription) return REMOVED;
      this.#taking ??= this.#take(subscription).finally(() => (this.#taking = undefined));
      const position = await this.#taking;
      void this.#dispatch(); // not awaited: a slow endpoint must not hold up the queue
      return position;
    }

    async remove(): Promise<void> {
      await this.ctx.storage.deleteAll();
      this.#ledger = undefined;
    }

    override async alarm(): Promise<void> {
      if (!this.#subscription()) return;
      // While anything is pending an alarm is armed: set before the work, because the work may not return.
      if (this.#books().nextDue() !== undefined) await this.ctx.storage.setAlarm(Date.now() + WATCH_MS);
      await this.#dispatch();
    }

    /** Takes everything new from the log: intents and checkpoint in one transaction. */
    async #take({ types, categories }: Subscription): Promise<number> {
      for (;;) {
        const after = this.#checkpoint();
        const filter = { ...(types ? { types } : {}), ...(categories ? { categories } : {}) };
        const page = await logOf(this.env, this.#store).read({ after, limit: CONSUMER_BATCH_EVENTS, ...filter });
        const next = page.next ?? after;
        if (!this.#subscription()) return REMOVED;
        if (next > after && this.#checkpoint() === after) {
          const books = this.#books();
          this.ctx.storage.transactionSync(() => {
            books.intend(page.events.filter((event) => !event.erased));
            this.ctx.storage.kv.put("checkpoint", next);
            if (page.events.length > 0) void this.ctx.storage.setAlarm(Date.now() + WATCH_MS);
          });
        }
        if (next >= page.head) return next;
      }
    }

    /** Delivers what is due, a few at a time, until nothing is; then leaves the rest to the alarm. Single flight. */
    async #dispatch(): Promise<void> {
      if (this.#dispatching) return;
      this.#dispatching = true;
      const underWay = new Map<string, Promise<void>>();
      try {
        while (this.#subscription()) {
          for (const due of this.#books().due(Date.now(), WEBHOOK_IN_FLIGHT)) {
            if (underWay.size >= WEBHOOK_IN_FLIGHT || underWay.has(due.stream)) continue;
            underWay.set(
              due.stream,
              this.#attempt(due).finally(() => underWay.delete(due.stream)),
            );
          }
          if (underWay.size === 0) break;
          await Promise.race(underWay.values());
        }
        const next = this.#subscription() && this.#books().nextDue();
        if (next !== undefined) await this.ctx.storage.setAlarm(Math.max(next, Date.now()));
      } catch (error) {
        console.error({
          message: "webhook deliveries stopped; the alarm will go on",
          store: this.#store,
          webhook: this.#id,
          error: String(error),
        });
      } finally {
        // Those under way belong to this flight: the next must not overtake them.
        await Promise.allSettled(underWay.values());
        this.#dispatching = false;
      }
    }

    async #attempt(due: Due): Promise<void> {
      const subscription = this.#subscription();
      if (!subscription) return;
      const event = await this.#eventAt(due.position);
      // Erased while it waited: there is nothing left to tell.
      const outcome = !event || event.erased ? { delivered: true, error: "the event was erased" } : await this.#send(subscription, event);
      if (!this.#subscription()) return; // removed while it was under way
      this.#books().record(due, outcome, Date.now());
    }

    async #eventAt(position: number): Promise<LoggedEvent | undefined> {
      const page = await logOf(this.env, this.#store).read({ after: position - 1, to: position, limit: 1 });
      return page.events[0];
    }

    async #send(subscription: Subscription, event: LoggedEvent): Promise<Outcome> {
      const { url, secret, headers } = subscription;
      const problem = targetProblem(url, isLocal(this.env));
      if (problem) return { delivered: false, error: problem };
      const time = event.time ?? new Date(event.recordedAt).toISOString();
      const body = `{"type":${JSON.stringify(event.type)},"timestamp":${JSON.stringify(time)},"data":${eventJson(event.stream, event, event.position)}}`;
      // Not `AbortSignal.timeout`: its timer cannot be taken back, and would keep this object awake, and billed, till it ends.
      const late = new AbortController();
      const timer = setTimeout(() => late.abort(new DOMException("no answer in time", "TimeoutError")), WEBHOOK_TIMEOUT_MS);
      try {
        const response = await fetch(url, {
          method: "POST",
          body,
          redirect: "manual",
          signal: late.signal,
          headers: {
            ...headers,
            "content-type": "application/json",
            "user-agent": "Headspring",
            ...signatureHeaders(secret, `msg_${this.#store}_${this.#id}_${event.position}`, body, new Date()),
          },
        });
        await response.body?.cancel();
        return { delivered: response.ok, response: response.status, ...(response.ok ? {} : { error: `answered ${response.status}` }) };
      } catch (error) {
        return { delivered: false, error: String(error).slice(0, ERROR_TEXT) };
      } finally {
        clearTimeout(timer);
      }
    }

    #subscription(): Subscription | undefined {
      if (!this.#inCode) return this.ctx.storage.kv.get<Subscription>("subscription");
      const url = urlOf(this.#inCode, this.env);
      const secret = secretOf(this.#inCode, this.env);
      if (url === undefined || secret === undefined) return undefined;
      const { sources, types, description } = this.#inCode;
      const categories = sources.map((source) => source.name);
      return { id: this.#id, url, secret, categories, ...(types ? { types } : {}), ...(description ? { description } : {}) };
    }

    #checkpoint(): number {
      return this.ctx.storage.kv.get<number>("checkpoint") ?? 0;
    }

    /** Opened on first use, so that a webhook nobody made leaves no database behind. */
    #books(): Ledger {
      return (this.#ledger ??= new Ledger(this.ctx.storage.sql));
    }
  };
}

/** Whether this is `wrangler dev`: the one place where a webhook may point at the machine itself. */
function isLocal(env: Env): boolean {
  return env.HEADSPRING_ENV === "local";
}
