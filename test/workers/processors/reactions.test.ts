import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { append, reactor, send, streamIdOf } from "../../../src/index.ts";
import { CheckpointMoved } from "../../../src/consumers/checkpoint.ts";
import { type Consumer } from "../../../src/consumers/consumer.ts";
import { catchUp } from "../../../src/consumers/catch-up.ts";
import type { RecordedEvent } from "../../../src/core/event.ts";
import { derivedId, newId } from "../../../src/core/ids.ts";
import { reactorConsumer } from "../../../src/processors/reactor-consumer.ts";
import type { Reactor } from "../../../src/definitions/processors/reactor.ts";
import { alarm, app, counter, reading, relay } from "../app.ts";
import { quietStore } from "../delivery/support.ts";
import { storeNamed, read } from "../support.ts";
import { allowErrors, expectErrors } from "../errors.ts";

afterEach(() => vi.restoreAllMocks());

/** A quiet store, and its log as clients see it. */
function store(name: string) {
  const quiet = quietStore(name);
  const log = async (): Promise<RecordedEvent[]> => (await quiet.json("/log?limit=1000")).events;
  const run = (consumer: Consumer) => catchUp(consumer, storeNamed(quiet.store).log, Number.POSITIVE_INFINITY);
  return { ...quiet, log, run, consumerOf: (one: Reactor) => reactorConsumer(storeNamed(quiet.store, app), one) };
}

/** As a crash leaves it that came after the effects and before the checkpoint. */
async function forgetCheckpoint(store: string, consumer: string) {
  await env.VIEWS.prepare(`DELETE FROM headspring_checkpoints WHERE store = ? AND consumer = ?`).bind(store, consumer).run();
}

/** Answers every reading with a count. */
const answering = (name: string, by = 1) =>
  reactor(name, { from: reading, emits: counter, on: { Read: ({ stream }) => send(counter, streamIdOf(stream), "Count", { by }) } });

/** One that is given up at once. */
const strict = (consumer: Consumer): Consumer => ({ ...consumer, retry: { attempts: 1, firstDelayMs: 0, maxDelayMs: 0 } });

describe("promise 5: reactions happen once,", () => {
  it("when a range of events is run again after a crash before the checkpoint moved", async () => {
    const { store: name, read: append, wake, log } = store("crash");
    for (const value of [1, 101, 2, 200]) await append("s", value);
    await wake("relay");
    const before = await log();
    expect(before.map(({ type }) => type)).toEqual([
      "Read",
      "Read",
      "Read",
      "Read",
      "Counted",
      "Counted",
      "Raised",
      "Counted",
      "Counted",
      "Raised",
    ]);

    for (let crash = 0; crash < 3; crash++) {
      await forgetCheckpoint(name, "relay");
      await wake("relay");
    }
    expect(await log()).toEqual(before);
  });

  it("when the checkpoint cannot be moved, and the next run finds everything done", async () => {
    expectErrors(/a consumer could not process an event and will retry/);
    const { store: name, read: append, wake, log, consumer } = store("commit");
    await append("s", 1);
    await wake("relay"); // the tables exist from here on
    await append("s", 150);
    const batch = vi.spyOn(env.VIEWS, "batch").mockRejectedValueOnce(new Error("D1 is away"));
    await wake("relay");
    batch.mockRestore();
    const done = await log();
    expect(done.filter(({ type }) => type === "Raised")).toHaveLength(1);
    expect(await consumer("relay")).toMatchObject({ attempts: 1, lastError: { message: "D1 is away" } });

    await env.VIEWS.prepare(`UPDATE headspring_checkpoints SET next_attempt_at = 0 WHERE store = ?`).bind(name).run();
    await wake("relay");
    expect(await log()).toEqual(done);
    expect(await consumer("relay")).toMatchObject({ status: "live", lag: 0 });
  });

  it("when one of several actions fails, and the event is tried again", async () => {
    expectErrors(/a command failed: decide or evolve threw/, /a consumer could not process an event and will retry/);
    let broken = true;
    const fragile = reactor("fragile", {
      from: reading,
      emits: [counter, alarm],
      on: {
        Read: ({ stream, data }) => [
          send(counter, streamIdOf(stream), "Count", {}),
          send(counter, streamIdOf(stream), broken ? "Throw" : "DoNothing", {}),
          append(alarm, streamIdOf(stream), "Raised", { from: stream, value: data.value }),
        ],
      },
    });
    const { store: name, read: append_, run, consumerOf, log } = store("fragile");
    await append_("s", 1);
    expect(await run(consumerOf(fragile))).toMatchObject({ position: 0, outcome: "backing-off" });
    expect((await log()).map(({ type }) => type)).toEqual(["Read", "Counted"]);

    broken = false;
    await env.VIEWS.prepare(`UPDATE headspring_checkpoints SET next_attempt_at = 0 WHERE store = ?`).bind(name).run();
    await run(consumerOf(fragile));
    expect((await log()).map(({ type }) => type)).toEqual(["Read", "Counted", "Raised"]);
  });

  it("when many workers run at the same time", async () => {
    const { read: append, run, consumerOf, log } = store("race");
    for (const value of [1, 2, 101, 3]) await append("s", value);
    await Promise.all(Array.from({ length: 8 }, () => run(consumerOf(relay))));
    const types = (await log()).map(({ type }) => type);
    expect(types.filter((type) => type === "Counted")).toHaveLength(4);
    expect(types.filter((type) => type === "Raised")).toHaveLength(1);
  });

  it("even if the code now gives another answer: the first outcome stands", async () => {
    const { store: name, read: append, run, consumerOf, log } = store("changed");
    await append("s", 1);
    await run(consumerOf(answering("r", 1)));
    const before = await log();
    await forgetCheckpoint(name, "r");
    expect(await run(consumerOf(answering("r", 2)))).toMatchObject({ outcome: "caught-up" });
    expect(await log()).toEqual(before);
  });

  it("for each event, even if two streams have events with the same id", async () => {
    const { post, wake, log } = store("same-id");
    const id = "0198c0de-0000-7000-8000-000000000001";
    for (const stream of ["a", "b"]) await post(`/streams/reading/${stream}`, { type: "Read", data: { value: 200 }, id });
    await wake("relay");
    const raised = (await log()).filter(({ type }) => type === "Raised");
    expect(raised.map(({ stream }) => stream).toSorted()).toEqual(["alarm/a", "alarm/b"]); // which comes first is not said
    expect(raised[0]?.id).not.toBe(raised[1]?.id);
  });

  it("for each reactor that answers", async () => {
    const { read: append, run, consumerOf, log } = store("each");
    await append("s", 1);
    await run(consumerOf(answering("one")));
    await run(consumerOf(answering("other")));
    expect((await log()).map(({ type }) => type)).toEqual(["Read", "Counted", "Counted"]);
  });
});

describe("a reaction", () => {
  it("belongs to the conversation of its event, and names the event as its cause", async () => {
    const { post, wake, log } = store("cause");
    await post("/streams/reading/s", { type: "Read", data: { value: 200 } }, { "correlation-id": "conversation" });
    await wake("relay");
    const [cause, ...effects] = await log();
    expect(cause?.meta).toEqual({ correlationId: "conversation" });
    expect(effects.map(({ type, meta }) => [type, meta])).toEqual([
      ["Counted", { correlationId: "conversation", causationId: cause?.id, $command: "Count", $processor: "relay", $hops: 1 }],
      ["Raised", { correlationId: "conversation", causationId: cause?.id, $processor: "relay", $hops: 1 }],
    ]);
  });

  it("starts a conversation when its event belongs to none", async () => {
    const { read: append, wake, log } = store("alone");
    await append("s", 1);
    await wake("relay");
    const [cause, effect] = await log();
    expect(cause?.meta).toEqual({});
    expect(effect?.meta).toEqual({ correlationId: cause?.id, causationId: cause?.id, $command: "Count", $processor: "relay", $hops: 1 });
  });

  it("carries the conversation on from a command over several steps", async () => {
    const { post, settle, log } = store("steps");
    await post("/aggregates/product/tea/ReceiveStock", { quantity: 5 });
    await post(
      "/aggregates/order/1/PlaceOrder",
      { customer: "a customer", lines: [{ sku: "tea", quantity: 2 }] },
      { "correlation-id": "order-1" },
    );
    await settle();
    const chain = (await log()).filter(({ meta }) => meta.correlationId === "order-1");
    expect(chain.map(({ type }) => type)).toEqual(["OrderPlaced", "StockReserved", "OrderLineReserved", "OrderReady"]);
    expect(chain.map(({ meta }) => meta.$hops)).toEqual([undefined, 1, 2, 2]);
    expect(chain.slice(1, 3).map(({ meta }) => meta.causationId)).toEqual(chain.slice(0, 2).map(({ id }) => id));
  });

  it("has an id derived from reactor, stream, event and index, which the stream recognises", async () => {
    const { read: append, wake, log, post } = store("ids");
    await append("s", 200);
    await wake("relay");
    const [cause, counted, raised] = await log();
    expect(raised?.id).toBe(derivedId("relay", "reading/s", cause?.id ?? "", 1));
    const repeated = await post(
      "/aggregates/counter/of-s/Count",
      {},
      { "idempotency-key": derivedId("relay", "reading/s", cause?.id ?? "", 0) },
    );
    expect(repeated.headers.get("idempotent-replayed")).toBe("true");
    expect((await read(repeated)).events).toMatchObject([{ id: counted?.id }]);
  });

  it("stores the data as the schema returns it", async () => {
    const { read: append, run, consumerOf, log } = store("defaults");
    const terse = reactor("terse", { from: reading, emits: counter, on: { Read: () => send(counter, "c", "Count", {}) } });
    await append("s", 1);
    await run(consumerOf(terse));
    expect((await log())[1]?.data).toEqual({ by: 1, total: 1 });
  });

  it("may be left out", async () => {
    const silent = reactor("silent", { from: reading, on: { Read: () => undefined, Calibrated: () => [] } });
    const { read: append, post, run, consumerOf, log } = store("none");
    await append("s", 1);
    await post("/streams/reading/s", { type: "Calibrated", data: {} });
    expect(await run(consumerOf(silent))).toMatchObject({ position: 2, outcome: "caught-up" });
    expect(await log()).toHaveLength(2);
  });
});

describe("a reaction that is refused", () => {
  it("is logged, and the reactor goes on", async () => {
    const info = vi.spyOn(console, "info").mockReturnValue();
    const greedy = reactor("greedy", {
      from: reading,
      emits: counter,
      on: { Read: ({ data }) => send(counter, "c", "Count", { by: data.value }) },
    });
    const { read: append, run, consumerOf, log } = store("refused");
    await append("s", 5_000);
    await append("s", 5);
    expect(await run(consumerOf(greedy))).toMatchObject({ position: 2 });
    expect(info).toHaveBeenCalledWith(expect.objectContaining({ consumer: "greedy", reaction: "Count for counter/c", reason: "too-much" }));
    expect((await log()).map(({ type }) => type)).toEqual(["Read", "Read", "Counted"]);
  });
});

describe("a reaction to a stream that has ended", () => {
  it("is logged, and the reactor goes on", async () => {
    const info = vi.spyOn(console, "info").mockReturnValue();
    const late = reactor("late", {
      from: reading,
      emits: [counter, alarm],
      on: { Read: () => [send(counter, "gone", "Count", {}), append(alarm, "gone", "Raised", { from: "s", value: 1 })] },
    });
    const { read: append_, post, send: request, run, consumerOf } = store("ended");
    await post("/aggregates/counter/gone/Count", {});
    await post("/streams/alarm/gone", { type: "Raised", data: { from: "s", value: 0 } });
    for (const stream of ["counter/gone", "alarm/gone"]) await request("DELETE", `/streams/${stream}`);
    const { position } = await read(await append_("s", 1));
    expect(await run(consumerOf(late))).toMatchObject({ position });
    for (const reaction of ["Count for counter/gone", "Raised for alarm/gone"])
      expect(info).toHaveBeenCalledWith(expect.objectContaining({ consumer: "late", reaction, reason: "the stream was deleted" }));
  });
});

describe("a reaction that cannot be carried out", () => {
  /** Claims to be the counter, and to have one command more. */
  const facts = { kind: "plain", name: "counter", events: counter.events } as const;
  const slammer = { name: "counter", commands: { Slam: z.object({}) } } as const;
  const broken: [string, Reactor, string][] = [
    [
      "an invalid command",
      reactor("r", { from: reading, emits: counter, on: { Read: () => send(counter, "c", "Count", { by: -1 }) } }),
      "Count for counter/c is invalid: by: ",
    ],
    [
      "a command that fails",
      reactor("r", { from: reading, emits: counter, on: { Read: () => send(counter, "c", "Throw", {}) } }),
      "Throw for counter/c was answered by failed",
    ],
    [
      "a command that the aggregate does not have",
      reactor("r", {
        from: reading,
        emits: slammer,
        on: { Read: () => send(slammer, "c", "Slam", {}) },
      }),
      "Slam for counter/c was answered by unknown-command",
    ],
    [
      "a stream id that cannot be",
      reactor("r", { from: reading, emits: counter, on: { Read: () => send(counter, "a/b", "Count", {}) } }),
      'reactor "r" answers Read (reading/s, version 1) to the stream "a/b", but a stream id must not contain `/`',
    ],
    [
      "a fact that does not fit its schema",
      reactor("r", {
        from: reading,
        emits: alarm,
        on: { Read: () => append(alarm, "s", "Raised", { from: "s", value: "high" as unknown as number }) },
      }),
      "event `Raised` of category `alarm`: `data.value` must be a number, got a string",
    ],
    [
      "a fact of an unknown type",
      reactor("r", { from: reading, emits: alarm, on: { Read: () => append(alarm, "s", "Lowered" as "Raised", { from: "s", value: 1 }) } }),
      'with an event Lowered to "alarm", but declares to emit Raised to "alarm"',
    ],
    [
      "a fact for an aggregate's category",
      reactor("r", { from: reading, emits: facts, on: { Read: () => append(facts, "s", "Counted", { by: 1, total: 1 }) } }),
      'no plain category "counter" with an event type "Counted"',
    ],
    [
      "a handler that throws",
      reactor("r", {
        from: reading,
        on: {
          Read: () => {
            throw new Error("it threw");
          },
        },
      }),
      "it threw",
    ],
  ];

  it.each(broken)("stops the reactor as failed, with the reason on record: %s", async (_what, one, message) => {
    allowErrors(/a command failed: decide or evolve threw/, /a consumer has failed and stopped/);
    const { read: append, run, consumerOf, log } = store("broken");
    await append("s", 1);
    await append("s", 2);
    const consumer = strict(consumerOf(one));
    expect(await run(consumer)).toEqual({ position: 0, outcome: "resting" });
    expect(await consumer.checkpoint.look())?.toMatchObject({
      status: "failed",
      attempts: 1,
      error: { message: expect.stringContaining(message), event: { position: 1, stream: "reading/s" } },
    });
    expect(await log()).toHaveLength(2);
  });

  it("stops the reactor when an import has stored its fact's id along with other events", async () => {
    expectErrors(/a consumer has failed and stopped/);
    const raising = reactor("raising", {
      from: reading,
      emits: alarm,
      on: { Read: () => append(alarm, "s", "Raised", { from: "s", value: 1 }) },
    });
    const { read: append_, post, json, run, consumerOf } = store("taken");
    const [cause] = (await read(await append_("s", 1))).events;
    const raised = (value: number, id: string) => JSON.stringify({ stream: "alarm/s", type: "Raised", data: { from: "s", value }, id });
    const lines = [raised(7, newId()), raised(8, derivedId("raising", "reading/s", cause.id, 0))];
    expect((await post("/import", lines.join("\n"))).status).toBe(200);
    const consumer = strict(consumerOf(raising));
    expect(await run(consumer)).toMatchObject({ outcome: "resting" });
    expect(await consumer.checkpoint.look())?.toMatchObject({
      error: { message: "Raised for alarm/s was answered by idempotency-conflict" },
    });
    expect((await json("/streams/alarm/s")).version).toBe(2);
  });

  it("leaves the events before it done, and only its own event is tried again", async () => {
    expectErrors(/a consumer could not process an event and will retry/);
    const picky = reactor("picky", {
      from: reading,
      emits: counter,
      on: { Read: ({ data }) => send(counter, "c", "Count", { by: data.value }) },
    });
    const { store: name, read: append, run, consumerOf, log } = store("picky");
    for (const value of [1, 2, -1, 3]) await append("s", value);
    const consumer = consumerOf(picky);
    expect(await run(consumer)).toMatchObject({ position: 2, outcome: "backing-off" });
    await env.VIEWS.prepare(`UPDATE headspring_checkpoints SET next_attempt_at = 0 WHERE store = ?`).bind(name).run();
    expect(await run(consumer)).toMatchObject({ position: 2, outcome: "backing-off" });
    expect(await consumer.checkpoint.look())?.toMatchObject({ attempts: 2, error: { event: { position: 3 } } });
    expect((await log()).filter(({ type }) => type === "Counted")).toHaveLength(2);
  });
});

describe("a reactor's checkpoint", () => {
  it("does not go back when a slower run commits after a faster one", async () => {
    const { read: append, run, consumerOf } = store("slower");
    await append("s", 1);
    const slow = consumerOf(relay);
    await slow.checkpoint.load();
    await run(consumerOf(relay));
    await expect(slow.apply({ events: [], from: 0, to: 1 })).rejects.toBeInstanceOf(CheckpointMoved);
    expect((await slow.checkpoint.look())?.position).toBeGreaterThanOrEqual(1);
  });
});
