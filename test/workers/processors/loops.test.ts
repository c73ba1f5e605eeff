/** A loop that could not be seen when the app was put together ends at run time. */

import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { prepare } from "../../../src/consumers/schema.ts";
import type { RecordedEvent } from "../../../src/core/event.ts";
import { append, event, reactor, send, streamIdOf, transform } from "../../../src/index.ts";
import { alarm, counter, reading } from "../app.ts";
import { processorStore as store, strict } from "./support.ts";
import { allowErrors } from "../errors.ts";

beforeAll(() => prepare(env.VIEWS));
beforeEach(() => {
  allowErrors(/a consumer has failed and stopped/);
});
afterEach(() => vi.restoreAllMocks());

const hopsOf = (events: readonly RecordedEvent[]) => events.map(({ meta }) => meta.$hops);

describe("a processor that feeds itself", () => {
  it("by commands is stopped with a clear error after the hops that it may take", async () => {
    const { post, run, reacting, log } = store("commands");
    await post("/aggregates/counter/c/Count", {});
    const again = reactor("again", {
      from: counter,
      emits: counter,
      loops: { hops: 5 },
      on: { Counted: ({ stream }) => send(counter, streamIdOf(stream), "Count", {}) },
    });
    const consumer = strict(reacting(again));
    for (let round = 0; round < 10; round++) await run(consumer);
    expect(hopsOf(await log())).toEqual([undefined, 1, 2, 3, 4, 5]);
    expect(await consumer.checkpoint.look())?.toMatchObject({
      status: "failed",
      position: 5,
      error: {
        message:
          'reactor "again" answers Counted (counter/c, version 6) after 5 reactions in a row, ' +
          "of which at most 5 may follow one another: does it feed itself?",
        event: { stream: "counter/c", version: 6 },
      },
    });
  });

  it("through another one, by events and commands, is stopped too", async () => {
    const { read, run, reacting, log } = store("over");
    await read("s", 1);
    const there = reactor("there", {
      from: reading,
      emits: counter,
      loops: { hops: 6 },
      on: { Read: () => send(counter, "c", "Count", {}) },
    });
    const back = reactor("back", {
      from: counter,
      emits: reading,
      loops: { hops: 6 },
      on: { Counted: () => append(reading, "s", "Read", { value: 1 }) },
    });
    const consumers = [strict(reacting(there)), strict(reacting(back))];
    for (let round = 0; round < 10; round++) for (const consumer of consumers) await run(consumer);
    expect(hopsOf(await log())).toEqual([undefined, 1, 2, 3, 4, 5, 6]);
    const [failed, live] = await Promise.all(consumers.map((consumer) => consumer.checkpoint.look()));
    expect(failed).toMatchObject({ status: "failed" });
    expect(live).toMatchObject({ status: "active" });
  });

  it("has its hops counted afresh each time a client starts it", async () => {
    const { post, run, reacting, log } = store("anew");
    const copy = reactor("copy", {
      from: counter,
      emits: alarm,
      on: { Counted: () => append(alarm, "s", "Raised", { from: "", value: 1 }) },
    });
    for (let time = 0; time < 3; time++) {
      await post("/aggregates/counter/c/Count", {});
      await run(reacting(copy));
    }
    expect(hopsOf(await log())).toEqual([undefined, 1, undefined, 1, undefined, 1]);
  });
});

describe("the count of reactions", () => {
  it("is kept by the store: a client that appends an event cannot set it", async () => {
    const { post } = store("forged");
    for (const body of [
      { type: "Read", data: { value: 1 }, meta: { $hops: 1_000 } },
      { events: [{ type: "Read", data: { value: 1 }, meta: { $hops: 0 } }] },
    ]) {
      const answer = await post("/streams/reading/s", body);
      expect(answer.status).toBe(400);
      expect(JSON.stringify(await answer.json())).toContain("$hops is counted by the store");
    }
    expect((await post("/streams/reading/s", { type: "Read", data: { value: 1 }, meta: { hops: 1 } })).status).toBe(201);
  });

  it("does not make a repeated append differ from the first", async () => {
    const { read, run, reacting, log, forgetCheckpoint } = store("repeat");
    await read("s", 1);
    const copy = transform("copy", {
      from: reading,
      to: alarm,
      on: { Read: ({ data }) => event("Raised", { from: "s", value: data.value }) },
    });
    await run(reacting(copy));
    const before = await log();
    await forgetCheckpoint("copy");
    await run(reacting(copy));
    expect(await log()).toEqual(before);
    expect(before[1]?.time).toBe(before[0]?.time);
  });
});
