/** The log fails or takes its time, for writers and for those who follow it. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { totals, values } from "../app.ts";
import { deliver, eventually } from "../delivery/support.ts";
import { IMPATIENT, freshStore, interceptLog, read } from "../support.ts";
import { interceptReads, subscribed } from "../webhooks/support.ts";

beforeEach(() => {
  for (const level of ["warn", "error"] as const) vi.spyOn(console, level).mockReturnValue();
});
afterEach(() => vi.restoreAllMocks());

describe("a log that cannot be read", () => {
  it("stops no consumer for good and moves none: the queue wakes them again, and they miss nothing (promises 4, 5 and 6)", async () => {
    const store = await subscribed("unreadable", { categories: ["reading"] });
    for (const value of [1, 101, 2]) await store.read("s", value);
    const spy = interceptReads(store.store, () => () => Promise.reject(new Error("the log is away")));
    const consumers = ["values", "totals", "relay"];
    for (let attempt = 0; attempt < 12; attempt++) {
      const { retryMessages } = await deliver(
        ...[...consumers, store.webhook.id].map((consumer) => ({ store: store.store, consumer, head: 3 })),
      );
      expect(retryMessages).toHaveLength(consumers.length + 1);
    }
    spy.mockRestore();
    for (const consumer of consumers) expect((await store.consumer(consumer)).status).not.toBe("failed");
    await store.settle();
    expect(await store.rows(values)).toEqual(await store.folded(values));
    expect(await store.rows(totals)).toEqual(await store.folded(totals));
    expect((await store.log()).filter(({ stream }) => stream === "counter/of-s")).toHaveLength(3);
    await eventually(() => expect(store.received()).toEqual(["reading/s/1", "reading/s/2", "reading/s/3"]));
  });
});

describe("a log that answers only every other call, and late", () => {
  it("holds up no write, mixes up no stream, and has every event in the end, once (promises 1, 2, 3 and 8)", async () => {
    const { store, post, log, json } = freshStore("moody");
    let calls = 0;
    const { restore } = interceptLog(store, (real) => async (stream, events) => {
      const mood = calls++ % 4;
      if (mood === 0) throw new Error("the log is away");
      await scheduler.wait(5 * mood);
      const answer = await real(stream, events);
      if (mood === 2) throw new Error("the answer got lost");
      return answer;
    });
    const told = await Promise.all(
      Array.from({ length: 40 }, async (_, n) => {
        const write = async () => read(await post(`/aggregates/counter/${n % 4}/Count`, {}, { ...IMPATIENT, "idempotency-key": `k-${n}` }));
        return [await write(), await write()];
      }),
    );
    restore();
    // A read makes sure of what it shows.
    for (let id = 0; id < 4; id++) expect((await json(`/aggregates/counter/${id}`)).state).toEqual({ total: 10 });
    const events = await log();
    expect(events.map(({ position }) => position)).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
    for (const [, ofStream] of Map.groupBy(events, ({ stream }) => stream))
      expect(ofStream.map(({ version }) => version)).toEqual(Array.from({ length: 10 }, (_, index) => index + 1));
    for (const [first, repeat] of told) {
      expect(repeat.events.map(({ id }: { id: string }) => id)).toEqual(first.events.map(({ id }: { id: string }) => id));
      for (const { position, version, stream } of [first, repeat])
        if (position !== undefined) expect(events[position - 1]).toMatchObject({ stream, version });
    }
  });

  it("makes a view refuse a query for a position that it has not reached, and answer it when the log is back (promise 7)", async () => {
    const store = await subscribed("late-reader", { categories: ["reading"] });
    const { position } = await read(await store.read("s", 1));
    const spy = interceptReads(store.store, () => () => Promise.reject(new Error("the log is away")));
    const refused = await store.get(`/views/values?minPosition=${position}`, { prefer: "wait=1" });
    expect(refused.status).toBeGreaterThanOrEqual(500);
    await refused.body?.cancel();
    spy.mockRestore();
    const answer = await store.json(`/views/values?minPosition=${position}`);
    expect(answer.position).toBeGreaterThanOrEqual(position);
    expect(answer.rows).toHaveLength(2);
  });
});
