/** Sends one subscriber of the feed its events, and a checkpoint now and then, as far as it may have them now. */

import { type LoggedEvent, eventJson } from "../core/event.ts";
import { FEED_BURST_MESSAGES, FEED_PROGRESS, FEED_WINDOW } from "./limits.ts";
import type { FeedFilter, LogPage } from "../store/log-protocol.ts";
import { type Subscription, CLOSE, close, isWaiting, save, subscriptionOf } from "./subscription.ts";
import { logger } from "../telemetry/logger.ts";

export class FeedSender {
  readonly #store: string;
  readonly #head: () => number;
  readonly #onWaiting: () => void;
  /** An event's JSON, made once for all subscribers. */
  readonly #texts = new WeakMap<LoggedEvent, string>();
  /** Messages sent since {@link hasSentMany} answered yes. */
  #burst = 0;

  /** @param onWaiting a subscriber has so many unanswered checkpoints that it gets nothing more for now */
  constructor(store: string, head: () => number, onWaiting: () => void) {
    this.#store = store;
    this.#head = head;
    this.#onWaiting = onWaiting;
  }

  /** Whether so many messages were sent in a row that it is other calls' turn. */
  hasSentMany(): boolean {
    if (this.#burst < FEED_BURST_MESSAGES) return false;
    this.#burst = 0;
    return true;
  }

  /** Sends a subscriber what it may have now. @returns whether it could have more at once */
  async advance(socket: WebSocket, pageAfter: (position: number, filter: FeedFilter) => Promise<LogPage>): Promise<boolean> {
    if (socket.readyState !== WebSocket.OPEN) return false;
    try {
      const { position: from, filter, ...before } = subscriptionOf(socket);
      if (from >= this.#head() && before.live) return false;
      if (isWaiting(before)) {
        this.#onWaiting();
        return false;
      }
      const page = await pageAfter(from, filter);
      // It may have gone or answered in the meantime.
      if (socket.readyState !== WebSocket.OPEN) return false;
      const subscription = subscriptionOf(socket);
      if (subscription.until !== undefined && Date.now() >= subscription.until) {
        close(socket, CLOSE.policy, "the token has expired");
        return false;
      }
      for (const event of page.events) {
        if (isWaiting(subscription)) break;
        this.#send(socket, subscription, this.#textOf(event));
        subscription.position = event.position;
        if (subscription.sent >= FEED_WINDOW / 2) this.#checkpoint(socket, subscription);
      }
      const last = page.events.at(-1)?.position;
      if (last === undefined || last === subscription.position) subscription.position = page.next ?? from;
      const isAtHead = subscription.position >= this.#head();
      if ((isAtHead && !subscription.live) || subscription.position - subscription.told >= FEED_PROGRESS)
        this.#checkpoint(socket, subscription);
      subscription.live ||= isAtHead;
      save(socket, subscription);
      if (isWaiting(subscription)) this.#onWaiting();
      return !isAtHead && !isWaiting(subscription);
    } catch (error) {
      logger.error({ message: "a subscription failed and is closed", store: this.#store }, error);
      close(socket, CLOSE.failed, "the log could not be read. Resume from your last position");
      return false;
    }
  }

  #checkpoint(socket: WebSocket, subscription: Subscription): void {
    const { position, unanswered } = subscription;
    this.#send(socket, subscription, `{"checkpoint":{"position":${position},"head":${this.#head()}}}`);
    if (subscription.acknowledges !== false) unanswered.push({ position, sent: subscription.sent, at: Date.now() });
    subscription.told = position;
    subscription.sent = 0;
  }

  #send(socket: WebSocket, subscription: Subscription, text: string): void {
    socket.send(text);
    subscription.sent += text.length;
    this.#burst += 1;
  }

  #textOf(event: LoggedEvent): string {
    const text = this.#texts.get(event) ?? eventJson(event.stream, event, event.position);
    this.#texts.set(event, text);
    return text;
  }
}
