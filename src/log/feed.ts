/**
 * Live subscriptions: the log, pushed over WebSockets that let this object sleep while nothing happens.
 *
 * A subscriber gets every event that passes its filter, after the position it asks for, in order, once: first the existing events, then new
 * ones. Everything about a subscription, including its filter and position, is in the attachment of its socket, which outlives this
 * object's memory; no timer is pending while nothing happens (decision 0010).
 *
 * The messages are events, as JSON, and now and then a checkpoint, `{"checkpoint":{"position":n,"head":m}}`: "you have everything up to n".
 * A subscriber that only listens gets everything. A subscriber that asked to `acknowledge` sends every checkpoint back when it has
 * processed what came before it: at most {@link FEED_WINDOW} characters are under way beyond the last answered checkpoint, so nothing piles
 * up for it. If it leaves more waiting for {@link FEED_ANSWER_MS}, a timer closes it. When it connects again, it resumes where it was.
 */

import { FEED_ANSWER_MS } from "../core/limits.ts";
import { FEED_INTERVAL_MS, FEED_READERS, FEED_SUBSCRIBERS, FEED_TAIL_EVENTS, FEED_WINDOW } from "./limits.ts";
import type { FeedFilter, LogPage, LogReadRequest } from "../store/log-protocol.ts";
import { matches } from "./filter.ts";
import { CLOSE, checkpointIn, close, isWaiting, save, subscriptionOf } from "./subscription.ts";
import { FeedSender } from "./feed-sender.ts";

/** Milliseconds between two checks of subscribers that leave something waiting: the clock may be set in between. Ours. */
const FEED_WATCH_MS = 1_000;

/** Marks the feed's sockets among all that the object may have. */
const TAG = "feed";

export class Feed {
  readonly #ctx: DurableObjectState;
  readonly #head: () => number;
  readonly #read: (request: LogReadRequest) => Promise<LogPage>;
  readonly #sender: FeedSender;
  /** Subscribers far from the head: those that wait for their turn, in order, and those that have it. */
  readonly #far = new Set<WebSocket>();
  readonly #reading = new Set<WebSocket>();
  #readers = 0;
  #pushing = false;
  #again = false;
  #watching = false;

  constructor(ctx: DurableObjectState, store: string, head: () => number, read: (request: LogReadRequest) => Promise<LogPage>) {
    this.#ctx = ctx;
    this.#head = head;
    this.#read = read;
    this.#sender = new FeedSender(store, head, () => this.#watch());
  }

  /**
   * Begins a subscription. The route has checked the request: `after` is a position or `head`, `filter` a {@link FeedFilter} as JSON;
   * `until` may give the time when the subscription ends (milliseconds since 1970), `acknowledge` that it answers checkpoints, and `by` the
   * account it counts for. A log with too many subscribers closes the socket and gives the reason; for a position beyond the head the
   * answer is 409, with both.
   */
  open(request: Request): Response {
    const { searchParams } = new URL(request.url);
    const after = searchParams.get("after");
    const head = this.#head();
    const position = after === "head" ? head : Number(after);
    // The subscriber would get nothing until the log reached the position that the subscriber believes in.
    if (position > head) return Response.json({ position, head }, { status: 409 });
    const { 0: client, 1: server } = new WebSocketPair();
    const by = searchParams.get("by");
    const mine = by === null ? [] : [`by:${by}`];
    const refusal = this.#refusal(mine[0]);
    if (refusal === undefined) {
      // The runtime answers this, without waking the object.
      this.#ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
      this.#ctx.acceptWebSocket(server, [TAG, ...mine]);
      const filter = JSON.parse(searchParams.get("filter") ?? "{}") as FeedFilter;
      const until = searchParams.get("until");
      const end = until === null ? {} : { until: Number(until) };
      const acknowledges = searchParams.get("acknowledge") === "true";
      save(server, { filter, acknowledges, position, live: false, told: position, sent: 0, unanswered: [], ...end });
      this.push();
    } else {
      server.accept();
      server.close(CLOSE.tryLater, refusal);
    }
    return new Response(null, { status: 101, webSocket: client });
  }

  /**
   * Why there is no room for another subscription. A token may have as many as are left for the others, so that each gets some, however
   * many one of them opens, and a token that is alone gets half.
   */
  #refusal(tag: string | undefined): string | undefined {
    const free = FEED_SUBSCRIBERS - this.#ctx.getWebSockets(TAG).length;
    if (free <= 0) return `the log has ${FEED_SUBSCRIBERS} subscribers already`;
    const own = tag === undefined ? 0 : this.#ctx.getWebSockets(tag).length;
    return own < free ? undefined : `this token has ${own} of the log's subscriptions; the other ${free} are for other tokens`;
  }

  /** Sends what there is to send. Never throws, and sends nothing before the caller's synchronous work is done. */
  push(): void {
    this.#again = true;
    if (!this.#pushing && this.#ctx.getWebSockets(TAG).length > 0) void this.#pushUntilDone();
  }

  /** A subscriber sent a message: a checkpoint, or something else, which is an error. */
  answered(socket: WebSocket, message: string | ArrayBuffer): void {
    const subscription = subscriptionOf(socket);
    const position = checkpointIn(message);
    // A subscriber that only listens may answer all the same: it changes nothing.
    if (subscription.acknowledges === false && position !== undefined) return;
    const index = subscription.unanswered.findIndex((checkpoint) => checkpoint.position === position);
    if (index < 0) return close(socket, CLOSE.policy, "send only `ping` and each checkpoint, once");
    subscription.unanswered.splice(0, index + 1);
    save(socket, subscription);
    this.push();
  }

  /** A subscriber has gone. The runtime does not answer a close for a socket that may hibernate. */
  closed(socket: WebSocket, code: number): void {
    const isSendable = code !== CLOSE.noCode && code !== CLOSE.abnormal;
    close(socket, isSendable ? code : CLOSE.normal, "");
  }

  /** Closes all subscriptions, because the log continues elsewhere. Subscribers resume there from their last positions. */
  sendAway(): void {
    for (const socket of this.#ctx.getWebSockets(TAG))
      close(socket, CLOSE.goOnElsewhere, "the log continues in another segment. Resume from your last position");
  }

  /** Sends what there is to every subscriber near the head, in rounds, until all have everything. */
  async #pushUntilDone(): Promise<void> {
    this.#pushing = true;
    while (this.#again) {
      // First let calls run that wait for the log: the writer of this commit, and the next one.
      await scheduler.wait(0);
      this.#again = false;
      const pages = new Map<number, LogPage>();
      for (const socket of this.#ctx.getWebSockets(TAG)) {
        if (this.#isFar(socket)) this.#bringUp(socket);
        else if (await this.#sender.advance(socket, (position, filter) => this.#tail(position, filter, pages))) this.#again = true;
        if (this.#sender.hasSentMany()) await scheduler.wait(0);
      }
      // Events that arrive close together are sent together.
      await scheduler.wait(FEED_INTERVAL_MS);
    }
    this.#pushing = false;
  }

  /**
   * Queues a subscriber that is far from the head for its next page. Pages of history may come from another object: no subscriber near the
   * head waits for them.
   */
  #bringUp(socket: WebSocket): void {
    if (this.#reading.has(socket)) return;
    this.#far.add(socket);
    if (this.#readers < FEED_READERS) void this.#readHistory();
  }

  /** One of a few readers: sends a page to each of the subscribers that are far from the head, in turns, until none can take more. */
  async #readHistory(): Promise<void> {
    this.#readers += 1;
    for (const socket of this.#far) {
      this.#far.delete(socket);
      this.#reading.add(socket);
      const takesMore = await this.#sender.advance(socket, (position, filter) => this.#history(position, filter));
      // Nothing shows how fast a subscriber that only listens takes what it gets: this sets the pace.
      if (takesMore && subscriptionOf(socket).acknowledges === false) await scheduler.wait(FEED_INTERVAL_MS);
      this.#reading.delete(socket);
      if (takesMore && this.#isFar(socket)) this.#far.add(socket);
      else if (takesMore) this.push();
      await scheduler.wait(0);
    }
    this.#readers -= 1;
  }

  #isFar(socket: WebSocket): boolean {
    return socket.readyState === WebSocket.OPEN && this.#head() - subscriptionOf(socket).position > FEED_TAIL_EVENTS;
  }

  /** Closes subscribers that leave more waiting for too long, whether or not anything else happens. Pending only while there are any. */
  #watch(): void {
    if (!this.#watching) void this.#watchUntilNoneWaits();
  }

  async #watchUntilNoneWaits(): Promise<void> {
    this.#watching = true;
    for (;;) {
      const waiting = this.#ctx.getWebSockets(TAG).flatMap((socket) => {
        if (socket.readyState !== WebSocket.OPEN) return [];
        const subscription = subscriptionOf(socket);
        const due = (subscription.unanswered[0]?.at ?? 0) + FEED_ANSWER_MS;
        return isWaiting(subscription) && subscription.position < this.#head() ? [{ socket, due }] : [];
      });
      const now = Date.now();
      for (const { socket, due } of waiting) {
        if (due <= now) close(socket, CLOSE.tryLater, "you are too slow: send every checkpoint back. Resume from your last position");
      }
      const dues = waiting.flatMap(({ due }) => (due > now ? [due] : []));
      if (dues.length === 0) break;
      await scheduler.wait(Math.min(Math.min(...dues) - now, FEED_WATCH_MS));
    }
    this.#watching = false;
  }

  /** A page near the head, read once for all subscribers at that position. */
  async #tail(position: number, filter: FeedFilter, pages: Map<number, LogPage>): Promise<LogPage> {
    const page = pages.get(position) ?? (await this.#read({ after: position, limit: FEED_TAIL_EVENTS, bytes: FEED_WINDOW }));
    pages.set(position, page);
    return { ...page, events: page.events.filter((event) => matches(filter, event)) };
  }

  #history(position: number, filter: FeedFilter): Promise<LogPage> {
    return this.#read({ ...filter, after: position, limit: FEED_TAIL_EVENTS, bytes: FEED_WINDOW });
  }
}
