/** A webhook's transport: posts each delivery, signed with the current secrets and keys, in a span of its own. */

import type { Store } from "../store/store.ts";
import { isLocal } from "../store/env.ts";
import { type LoggedEvent, toRecorded } from "../core/event.ts";
import { newId } from "../core/ids.ts";
import { lift, tooNewFor } from "../definitions/upcast.ts";
import { span } from "../telemetry/span.ts";
import { causeInLine } from "../telemetry/trace.ts";
import { streamAbout } from "./announcements.ts";
import type { Configuration } from "./configuration.ts";
import type { Transport } from "../deliveries/transport.ts";
import type { Registration } from "./registration.ts";
import { type Key, messageId } from "../deliveries/delivery-id.ts";
import { WEBHOOK_TEST } from "../definitions/webhooks/events.ts";
import type { Outcome } from "../store/delivery-protocol.ts";
import type { Keys } from "./secrets.ts";
import { bodyOf, messageJson, send } from "./post.ts";

/** HTTP: the resource is gone, for good. */
const GONE = 410;

export class Sender implements Transport {
  readonly ownStream: string;
  readonly #store: Store;
  readonly #id: string;
  readonly #registration: Registration;
  readonly #keys: Keys;

  constructor(store: Store, id: string, registration: Registration, keys: Keys) {
    this.ownStream = streamAbout(id);
    this.#store = store;
    this.#id = id;
    this.#registration = registration;
    this.#keys = keys;
  }

  settings(): Configuration | undefined {
    return this.#registration.configuration;
  }

  /** A predicate in older code must not decide about an event that newer code stored: it is tried again. */
  lift(event: LoggedEvent): LoggedEvent {
    const { inCode } = this.#registration;
    const lifted = lift(this.#store.app, event.stream, event);
    const tooNew = typeof inCode?.where === "function" ? tooNewFor(inCode.followed, lifted) : undefined;
    return tooNew ? { ...lifted, unlifted: tooNew.message } : lifted;
  }

  async send(key: Key, event: LoggedEvent): Promise<Outcome> {
    const configuration = this.settings();
    if (!configuration) return { delivered: false, error: "the webhook was removed", durationMs: 0 };
    const { stream, version, position, type, trace } = event;
    const [store, consumer, id] = [this.#store.name, this.#id, messageId(this.#store.name, this.#id, key)];
    const about = () => ({ store, consumer, stream, version, position, type, messageId: id, ...causeInLine(toRecorded(event)) });
    return span("deliver", about, async (note) => {
      const outcome = await this.#post(configuration, id, bodyOf(store, event, configuration.format), trace);
      note({ outcome: outcome.delivered ? "delivered" : "failed", response: outcome.response });
      return outcome.response === GONE ? { ...outcome, isGone: true } : outcome;
    });
  }

  /** Sends a message that is not an event. */
  async test(configuration: Configuration): Promise<Outcome> {
    const [id, time] = [newId(), new Date().toISOString()];
    const stream = this.ownStream;
    const data = { webhook: this.#id };
    // It has the form of an event, so that receivers can parse it like one, but no place in any stream or log.
    const event = { id, stream, version: 0, position: 0, type: WEBHOOK_TEST, data, meta: {}, time, recordedAt: time, schemaVersion: 1 };
    const stored = { ...event, data: JSON.stringify(data), meta: "{}", recordedAt: Date.parse(time) };
    const body =
      configuration.format === "cloudevents"
        ? bodyOf(this.#store.name, stored, "cloudevents")
        : messageJson(WEBHOOK_TEST, time, JSON.stringify(event));
    return this.#post(configuration, `msg_${id.replaceAll("-", "")}`, body);
  }

  async #post(
    { url, headers = {}, secrets, asymmetric, format }: Configuration,
    id: string,
    body: string,
    trace?: string | null,
  ): Promise<Outcome> {
    const now = Date.now();
    const keys = asymmetric ? await this.#keys.signing(now) : [];
    return send({ url, headers, signers: { secrets: secrets(now), keys }, id, body, format, trace }, isLocal(this.#store.variables));
  }
}
