import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import type { LoggedEvent } from "../../../src/core/event.ts";
import { FEED_READERS, FEED_TAIL_EVENTS } from "../../../src/log/limits.ts";
import { FEED_ANSWER_MS } from "../../../src/core/limits.ts";
import { Feed } from "../../../src/log/feed.ts";
import { CLOSE, type Subscription, isWaiting } from "../../../src/log/subscription.ts";
import type { LogPage, LogReadRequest } from "../../../src/store/log-protocol.ts";
import { freshStore } from "../support.ts";
import { numbers, storedEvent } from "./events.ts";
import { eventually } from "../eventually.ts";

/** A feed on the sockets of a real object, over a log whose pages come when the test says so, as they may from another object. */
class SlowFeed {
  head = 0;
  /** How often the head was read. */
  looks = 0;
  readonly asked: LogReadRequest[] = [];
  readonly feed: Feed;
  readonly #ctx: DurableObjectState;
  #waiting: (() => void)[] = [];

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
    this.feed = new Feed(
      ctx,
      "test",
      () => {
        this.looks += 1;
        return this.head;
      },
      (request) => this.#read(request),
    );
  }

  /** Lets the pages go that have been asked for. */
  letGo(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Pushes, and waits until each subscriber has been served. */
  async push(): Promise<void> {
    const looks = this.looks;
    this.feed.push();
    await vi.waitUntil(() => this.looks > looks);
  }

  /** A subscriber that has said that it answers, and answers nothing by itself. What it sends is taken by the object's own feed. */
  subscribe(after: number): { positions: number[]; closed: number[]; send: (text: string) => void } {
    const { webSocket } = this.feed.open(
      new Request(`https://log/?after=${after}&acknowledge=true`, { headers: { upgrade: "websocket" } }),
    );
    if (!webSocket) throw new Error("no WebSocket");
    const [positions, closed]: [number[], number[]] = [[], []];
    webSocket.addEventListener("close", ({ code }) => closed.push(code));
    webSocket.addEventListener("message", ({ data }) => {
      const { position } = JSON.parse(data as string) as { position?: number };
      if (position !== undefined) positions.push(position);
    });
    webSocket.accept();
    return { positions, closed, send: (text) => webSocket.send(text) };
  }

  /** Ends, from the log's side, the connection of the subscriber that is at a position. */
  hangUp(position: number): void {
    const socket = this.#ctx.getWebSockets().find((one) => one.deserializeAttachment().position === position);
    socket?.close(1001, "the test hangs up");
  }

  kept(): Subscription[] {
    return this.#ctx.getWebSockets().map((socket) => socket.deserializeAttachment());
  }

  async #read(request: LogReadRequest): Promise<LogPage> {
    this.asked.push(request);
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const from = request.after ?? 0;
    const to = Math.min(from + request.limit, this.head);
    const events = numbers(from + 1, to).map((position): LoggedEvent => ({ ...storedEvent(position), stream: "a/1", position }));
    return { events, next: to, head: this.head };
  }
}

function withSlowFeed(test: (log: SlowFeed) => Promise<void>): Promise<void> {
  return runInDurableObject(freshStore().logObject(), (_instance, ctx) => test(new SlowFeed(ctx)));
}

describe("a feed that has to wait for its pages", () => {
  it("does not forget an answer that arrives in the meantime", () =>
    withSlowFeed(async (log) => {
      const subscriber = log.subscribe(0);
      await eventually(() => expect(log.asked).toHaveLength(1));
      log.letGo();
      await eventually(() => expect(log.kept()).toMatchObject([{ position: 0, unanswered: [{ position: 0 }] }]));

      log.head = 1;
      await log.push();
      await eventually(() => expect(log.asked).toHaveLength(2));
      subscriber.send(`{"checkpoint":{"position":0,"head":0}}`);
      await eventually(() => expect(log.kept()).toMatchObject([{ position: 0, unanswered: [] }]));
      log.letGo();
      await eventually(() => expect(subscriber.positions).toEqual([1]));
      expect(log.kept()).toMatchObject([{ position: 1, unanswered: [] }]);
    }));

  it("asks for a subscriber's history once, however often it is made to push", () =>
    withSlowFeed(async (log) => {
      log.head = FEED_TAIL_EVENTS + 1;
      const subscriber = log.subscribe(0);
      await log.push();
      await log.push();
      expect(log.asked).toHaveLength(1);
      log.letGo();
      await eventually(() => expect(subscriber.positions.length).toBeGreaterThan(0));
      expect(subscriber.positions).toEqual(numbers(1, subscriber.positions.length));
    }));

  it("makes no subscriber near the head wait for another one's history", () =>
    withSlowFeed(async (log) => {
      log.head = FEED_TAIL_EVENTS + 1;
      const far = log.subscribe(0);
      await eventually(() => expect(log.asked).toMatchObject([{ after: 0 }]));
      const near = log.subscribe(log.head - 1);
      await eventually(() => expect(log.asked).toMatchObject([{ after: 0 }, { after: log.head - 1 }]));
      expect([far.positions, near.positions]).toEqual([[], []]);
      log.letGo();
    }));

  it("sends nothing to a subscriber that left while a page was read, or while it waited for its turn", () =>
    withSlowFeed(async (log) => {
      log.head = 2 * FEED_TAIL_EVENTS;
      const complaints = vi.spyOn(console, "error").mockReturnValue();
      const subscribers = Array.from({ length: FEED_READERS + 2 }, (_, after) => log.subscribe(after));
      await eventually(() => expect(log.asked).toHaveLength(FEED_READERS));
      for (const index of [0, FEED_READERS]) log.hangUp(index);
      await eventually(() => {
        log.letGo();
        expect(subscribers.at(-1)?.positions.length).toBeGreaterThan(0);
      });
      expect([subscribers[0]?.positions, subscribers[FEED_READERS]?.positions]).toEqual([[], []]);
      expect(complaints).not.toHaveBeenCalled();
      complaints.mockRestore();
    }));

  it("reads the history of a few subscribers at a time, and each gets its turn", () =>
    withSlowFeed(async (log) => {
      log.head = 10 * FEED_TAIL_EVENTS;
      const subscribers = Array.from({ length: 2 * FEED_READERS }, () => log.subscribe(0));
      await eventually(() => expect(log.asked).toHaveLength(FEED_READERS));
      await log.push();
      expect(log.asked).toHaveLength(FEED_READERS);
      // Each takes a window's worth, and then has to answer.
      await eventually(() => {
        log.letGo();
        expect(subscribers.filter(({ positions }) => positions.length > 0)).toHaveLength(subscribers.length);
      });
      for (const { positions } of subscribers) expect(positions).toEqual(numbers(1, positions.length));
    }));

  it("closes a subscriber that answers nothing for too long, with the reason, and leaves one alone that has hung up", () =>
    withSlowFeed(async (log) => {
      log.head = 10 * FEED_TAIL_EVENTS;
      const [gone, slow] = [log.subscribe(0), log.subscribe(FEED_TAIL_EVENTS)];
      await eventually(() => {
        log.letGo();
        expect(log.kept().map(isWaiting)).toEqual([true, true]);
      });
      log.hangUp(Math.min(...log.kept().map(({ position }) => position)));
      await eventually(() => expect(gone.closed).toEqual([1001]));
      const real = Date.now;
      const clock = vi.spyOn(Date, "now").mockImplementation(() => real() + FEED_ANSWER_MS);
      await eventually(() => expect(slow.closed).toEqual([CLOSE.tryLater]));
      expect(gone.closed).toEqual([1001]);
      clock.mockRestore();
    }));
});
