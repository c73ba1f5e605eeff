/** Promise 3, live: whoever follows the log, by whatever door, through whatever disturbance, sees what `GET /log` says it should. */

import { evictDurableObject } from "cloudflare:test";
import * as fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import type { RecordedEvent } from "../../../src/event.ts";
import { freshStore } from "../support.ts";
import { storedEvent, storedEvents } from "./events.ts";
import { EventStreamClient, SocketClient } from "./subscribers.ts";

const STREAMS = ["a/1", "a/2", "b/1", "c/x"];
const TYPES = ["Odd", "Even", "Rare"];

type Store = ReturnType<typeof freshStore>;

/** A client that is cut off now and then and resumes from what it knows, as a browser would. */
class Follower {
  readonly seen: RecordedEvent[] = [];
  readonly #store: Store;
  readonly #door: "web-socket" | "event-stream";
  readonly filter: string;
  #position = 0;
  #socket: SocketClient | undefined;
  #stream: EventStreamClient | undefined;

  constructor(store: Store, door: "web-socket" | "event-stream", filter: string) {
    this.#store = store;
    this.#door = door;
    this.filter = filter;
  }

  async connect(): Promise<void> {
    if (this.#door === "web-socket") this.#socket = await SocketClient.open(this.#store, `/log?${this.filter}&after=${this.#position}`);
    else this.#stream = await EventStreamClient.open(this.#store, `/log?${this.filter}`, String(this.#position));
  }

  /** Cut off: what has not arrived by now never will. */
  async disconnect(): Promise<void> {
    this.#note();
    const socket = this.#socket;
    const stream = this.#stream;
    this.#socket = this.#stream = undefined;
    socket?.close();
    await stream?.close();
  }

  /** All it has ever received, over all connections. */
  received(): RecordedEvent[] {
    return [...this.seen, ...(this.#socket?.events ?? this.#stream?.events ?? [])];
  }

  #note(): void {
    this.seen.push(...(this.#socket?.events ?? this.#stream?.events ?? []));
    this.#position = this.#socket?.position || Number(this.#stream?.stream.lastEventId ?? 0) || this.#position;
  }
}

const filters = fc
  .record({
    type: fc.subarray(TYPES),
    category: fc.oneof(fc.constant<string[]>([]), fc.subarray(["a", "b", "c"])),
    stream: fc.oneof(fc.constant<string[]>([]), fc.subarray(STREAMS)),
  })
  .map(({ type, category, stream }) =>
    [...type.map((one) => `type=${one}`), ...category.map((one) => `category=${one}`), ...stream.map((one) => `stream=${one}`)].join("&"),
  );

const steps = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      step: fc.constant("write" as const),
      stream: fc.nat(STREAMS.length - 1),
      type: fc.nat(TYPES.length - 1),
      count: fc.oneof(fc.constant(1), fc.nat(20), fc.constant(300)),
      characters: fc.constantFrom(0, 100, 3_000),
      waits: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ step: fc.constant("cut" as const), follower: fc.nat(3), waits: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constant("sleep" as const) }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constant("reset" as const) }) },
);

describe("promise 3, for those who follow the log live", () => {
  it("shows each of them exactly what passes its filter, in order, once, whoever is cut off and however the log's object sleeps", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(filters, { minLength: 4, maxLength: 4 }),
        fc.array(steps, { minLength: 5, maxLength: 25 }),
        async (asked, story) => {
          const store = freshStore("live");
          const log = store.logClient();
          const followers = asked.map((filter, index) => new Follower(store, index % 2 === 0 ? "web-socket" : "event-stream", filter));
          const versions = new Map(STREAMS.map((stream) => [stream, 0]));
          const write = (stream: string, type: string, count: number, characters: number) => {
            const version = versions.get(stream) ?? 0;
            versions.set(stream, version + count);
            const events =
              count === 1 ? [storedEvent(version + 1, type, characters)] : storedEvents(version + 1, version + count, type, characters);
            return log.sequence(stream, events);
          };

          await Promise.all(followers.map((follower) => follower.connect()));
          let writing: Promise<unknown> = Promise.resolve();
          for (const one of story) {
            if (one.step === "write") {
              // One writer after another, at the same time as everything else: a stream hands its events over in order.
              const { stream, type, count, characters } = one;
              writing = writing.then(() => write(STREAMS[stream] ?? "", TYPES[type] ?? "", count, characters));
              if (one.waits) await writing;
            } else if (one.step === "cut") {
              const follower = followers[one.follower];
              await follower?.disconnect();
              if (one.waits) await writing;
              await follower?.connect();
            } else {
              await writing;
              await log.head(); // what is not awake cannot be evicted
              await evictDurableObject(store.logObject(), { webSockets: one.step === "sleep" ? "hibernate" : "close" });
              // A deployment closes every connection. Clients come back.
              if (one.step === "reset") for (const follower of followers) await follower.disconnect().then(() => follower.connect());
            }
          }
          await writing;
          // Whatever passes a filter, one of these does: whoever has it has everything before it.
          for (const stream of STREAMS) for (const type of TYPES) await write(stream, type, 1, 0);

          for (const follower of followers) {
            const expected = await everything(store, follower.filter);
            await vi.waitFor(() => expect(follower.received().at(-1)?.position).toBe(expected.at(-1)?.position), 10_000);
            expect(follower.received()).toEqual(expected);
            await follower.disconnect();
          }
        },
      ),
      { numRuns: 12 },
    );
  }, 120_000);
});

async function everything(store: Store, filter: string): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for (let after = 0; ;) {
    const page = await store.json(`/log?${filter}&limit=1000&after=${after}`);
    events.push(...page.events);
    if (page.next >= page.head) return events;
    after = page.next;
  }
}
