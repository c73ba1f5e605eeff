/** A worker that dies between two steps: for tests of what consumers leave behind, whatever happens to them. */

import { evictAllDurableObjects } from "cloudflare:test";
import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { vi } from "vitest";
import type { RecordedEvent } from "../../../src/core/event.ts";
import { deliver, quietStore } from "../delivery/support.ts";

/** What happens in one life of the worker. */
export interface Life {
  /** The step, counted from the worker's start, at which it dies. */
  readonly steps: number;
  /** It dies when the step has been done, but before it hears of it. */
  readonly done: boolean;
  /** Wake-ups that arrive in this life at the same time, by the index of their consumer; repeats and any order. */
  readonly wakeUps: readonly number[];
  /** The objects lose their memory before it. */
  readonly evicted: boolean;
}

export const lives = fc.array(
  fc.record({
    steps: fc.integer({ min: 0, max: 9 }),
    done: fc.boolean(),
    wakeUps: fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 3 }),
    evicted: fc.boolean(),
  }),
  { minLength: 4, maxLength: 20 },
);

/**
 * Lets the worker live these lives, then one more that brings everybody to the log's head.
 *
 * @param streams those that may be written to in the meantime
 * @returns in how many lives it died
 */
export async function live(
  store: ReturnType<typeof quietStore>,
  consumers: readonly string[],
  streams: readonly string[],
  plan: readonly Life[],
): Promise<number> {
  const mortal = new Mortal();
  vi.spyOn(console, "warn").mockReturnValue();
  vi.spyOn(console, "error").mockReturnValue();
  try {
    for (const { steps, done, wakeUps, evicted } of plan) {
      if (evicted) await evictAllDurableObjects();
      mortal.live(steps, done);
      await Promise.all(
        wakeUps.map((index) =>
          deliver({ store: store.store, consumer: consumers[index % consumers.length], head: 0 }).catch(() => undefined),
        ),
      );
    }
  } finally {
    mortal.restore();
  }
  for (let rounds = 0; rounds < 100; rounds++) {
    await deliver(...consumers.map((consumer) => ({ store: store.store, consumer, head: 0 })));
    // What a life before may have recorded as a failure is due at once.
    await env.VIEWS.prepare(`UPDATE headspring_checkpoints SET next_attempt_at = 0 WHERE store = ?`).bind(store.store).run();
    // An eviction may have cut a stream off from its log: who reads it makes sure that all of it is there.
    const before = (await store.json("/log/head")).head;
    for (const stream of streams) await store.get(`/streams/${stream}`);
    const reports = await store.consumers();
    const head = (await store.json("/log/head")).head;
    if (
      head === before &&
      (await isAllThere(store, streams)) &&
      consumers.every((name) => reports.some((one) => one.name === name && one.position >= head))
    ) {
      return mortal.deaths;
    }
  }
  throw new Error(`not at rest: ${JSON.stringify(await store.consumers())}`);
}

/** Whether the log has every event of these streams. */
async function isAllThere(store: ReturnType<typeof quietStore>, streams: readonly string[]): Promise<boolean> {
  const log = await store.log();
  const versions = await Promise.all(
    streams.map(
      async (stream) => [stream, Number(/\d+/.exec((await store.get(`/streams/${stream}`)).headers.get("etag") ?? "0"))] as const,
    ),
  );
  return versions.every(([stream, version]) => log.filter((event) => event.stream === stream).length === version);
}

/** The worker's way to everything outside of it, which ends when it dies. */
class Mortal {
  deaths = 0;
  #left = Number.POSITIVE_INFINITY;
  #done = false;
  #dead = false;
  readonly #spies: { mockRestore(): void }[];

  constructor() {
    const { STREAMS, LOGS, VIEWS } = env;
    const streams = STREAMS.getByName.bind(STREAMS);
    const logs = LOGS.getByName.bind(LOGS);
    const batch = VIEWS.batch.bind(VIEWS);
    const prepare = VIEWS.prepare.bind(VIEWS);
    this.#spies = [
      vi.spyOn(STREAMS, "getByName").mockImplementation((name) => this.#through(streams(name), ["execute", "append"])),
      vi.spyOn(LOGS, "getByName").mockImplementation((name) => this.#through(logs(name), ["read", "acknowledge"])),
      vi.spyOn(VIEWS, "batch").mockImplementation((statements) => this.#step(() => batch(statements))),
      vi.spyOn(VIEWS, "prepare").mockImplementation((query) => {
        if (this.#dead) throw new Error("killed");
        return prepare(query);
      }),
    ];
  }

  live(steps: number, done: boolean): void {
    this.#left = steps;
    this.#done = done;
    this.#dead = false;
  }

  restore(): void {
    for (const spy of this.#spies) spy.mockRestore();
  }

  async #step<Result>(act: () => Promise<Result>): Promise<Result> {
    if (this.#dead) throw new Error("killed");
    if (this.#left-- > 0) return act();
    this.#dead = true;
    this.deaths++;
    if (this.#done) await act();
    throw new Error("killed");
  }

  #through<Stub extends object>(stub: Stub, methods: readonly string[]): Stub {
    return new Proxy(stub, {
      get: (target, property) => {
        if (!methods.includes(String(property))) return Reflect.get(target, property) as unknown;
        // Called on the stub itself: its methods are no functions that could be kept or applied.
        const remote = target as Record<PropertyKey, (...given: unknown[]) => Promise<unknown>>;
        return (...parameters: unknown[]) => this.#step(async () => remote[property]?.(...parameters));
      },
    });
  }
}

/** What the streams of a store say, without what no two runs share: ids and times that the store makes. */
export async function storyOf(store: ReturnType<typeof quietStore>): Promise<Record<string, unknown[]>> {
  const events = (await store.log()) as unknown as RecordedEvent[];
  const streams = Map.groupBy(events, ({ stream }) => stream);
  return Object.fromEntries(
    [...streams].map(([stream, events]) => [
      stream,
      events.map(({ version, type, data, meta }) => ({ version, type, data, of: meta.correlationId })),
    ]),
  );
}
