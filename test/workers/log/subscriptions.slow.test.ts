/** Promise 3, live: a client that follows the log, by whatever route and through whatever disturbance, sees exactly what `GET /log` shows. */

import { evictAllDurableObjects } from "cloudflare:test";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RecordedEvent } from "../../../src/core/event.ts";
import { freshStore, setVariables } from "../support.ts";
import { storedEvent, storedEvents } from "./events.ts";
import { EventStreamClient, SocketClient } from "./subscribers.ts";
import { runs } from "../../effort.ts";
import { eventually } from "../eventually.ts";

const STREAMS = ["a/1", "a/2", "b/1", "c/x"];
const TYPES = ["Odd", "Even", "Rare"];

type Store = ReturnType<typeof freshStore>;

/** A client that is cut off now and then and resumes from what it knows, as a browser would. */
class Follower {
  readonly filter: string;
  readonly #store: Store;
  readonly #door: "web-socket" | "event-stream";
  readonly #seen: RecordedEvent[] = [];
  #position = 0;
  #connection: SocketClient | EventStreamClient | undefined;
  #busy: Promise<void> = Promise.resolve();

  constructor(store: Store, door: "web-socket" | "event-stream", filter: string) {
    this.#store = store;
    this.#door = door;
    this.filter = filter;
  }

  /** From now on it is connected, and comes back whenever the other side ends the connection. */
  connect(): Promise<void> {
    return this.#oneAtATime(async () => {
      const connection = await this.#open();
      this.#connection = connection;
      void connection.ended.then(async () => {
        if (this.#connection !== connection) return;
        await this.disconnect();
        await this.connect();
      });
    });
  }

  /** Cut off: what has not arrived by now never will. */
  disconnect(): Promise<void> {
    return this.#oneAtATime(async () => {
      const connection = this.#connection;
      if (!connection) return;
      this.#connection = undefined;
      this.#seen.push(...connection.events);
      this.#position = Math.max(this.#position, connection.position);
      await connection.close();
    });
  }

  /** All it has ever received, over all connections. */
  received(): RecordedEvent[] {
    return [...this.#seen, ...(this.#connection?.events ?? [])];
  }

  #open(): Promise<SocketClient | EventStreamClient> {
    return this.#door === "web-socket"
      ? SocketClient.open(this.#store, `/log?${this.filter}&after=${this.#position}`)
      : EventStreamClient.open(this.#store, `/log?${this.filter}`, String(this.#position));
  }

  #oneAtATime(work: () => Promise<void>): Promise<void> {
    return (this.#busy = this.#busy.then(work));
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

describe("promise 3, for clients that follow the log live", () => {
  it("each gets exactly what passes its filter, in order, once, whichever are cut off, however the log's objects sleep and however many it has", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(filters, { minLength: 4, maxLength: 4 }),
        fc.array(steps, { minLength: 5, maxLength: 25 }),
        fc.constantFrom(undefined, "200000"),
        async (asked, story, segmentBytes) => {
          setVariables({ LOG_SEGMENT_BYTES: segmentBytes });
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
              // A deployment closes every connection.
              await evictAllDurableObjects({ webSockets: one.step === "sleep" ? "hibernate" : "close" });
            }
          }
          await writing;
          // Whatever passes a filter, one of these does: a client that has it has everything before it.
          for (const stream of STREAMS) for (const type of TYPES) await write(stream, type, 1, 0);

          for (const follower of followers) {
            const expected = await everything(store, follower.filter);
            await eventually(() => expect(follower.received().at(-1)?.position).toBe(expected.at(-1)?.position));
            expect(follower.received()).toEqual(expected);
            await follower.disconnect();
          }
        },
      ),
      { numRuns: runs(8) },
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
