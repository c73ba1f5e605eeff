import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { prepare } from "../../../src/delivery/schema.ts";
import { category, defineApp, effect, event, nothing } from "../../../src/index.ts";
import { EFFECTS_IN_FLIGHT, EFFECT_LEASE_MARGIN_MS } from "../../../src/limits.ts";
import { keyOf } from "../../../src/processors/outside.ts";
import { processorConsumer } from "../../../src/processors/processor.ts";
import { reading } from "../app.ts";
import { payment, processorStore as store, strict } from "./support.ts";

beforeAll(() => prepare(env.VIEWS));
beforeEach(() => {
  vi.spyOn(console, "error").mockReturnValue();
});
afterEach(() => vi.restoreAllMocks());

/** Pays for every reading; what is asked in words is declined. */
const pay = effect("pay", {
  from: reading,
  records: payment,
  on: {
    Read: async ({ data }, { fetch }) => {
      const answer = await fetch("https://payments.example/", { method: "POST", body: JSON.stringify({ value: data.value }) });
      if (answer.status === 402) return event("Declined", { reason: await answer.text() });
      if (!answer.ok) throw new Error(`the payment service answered ${answer.status}`);
      return event("Paid", { receipt: await answer.text() });
    },
  },
});

/** Sends every value, as text. */
const definition = {
  from: reading,
  records: payment,
  on: {
    Read: async ({ data }: { data: { value: number } }, { fetch }: { fetch: (url: string, init: RequestInit) => Promise<Response> }) => {
      const answer = await fetch("https://payments.example/", { method: "POST", body: String(data.value) });
      if (!answer.ok) throw new Error(`the outside answered ${answer.status}`);
      return event("Paid", { receipt: "" });
    },
  },
} as const;

/** An outside that answers, and remembers what it was asked. */
function outside(answer: (request: Request, call: number) => Response | Promise<Response> = (_request, call) => new Response(`r${call}`)) {
  const keys: (string | null)[] = [];
  return {
    keys,
    fetch: async (request: Request) => {
      keys.push(request.headers.get("idempotency-key"));
      return answer(request, keys.length);
    },
  };
}

describe("a call to the outside", () => {
  it("is noted before it is made, and what came of it is recorded, in the conversation of its event", async () => {
    const { post, run, calling, log } = store("noted");
    await post("/streams/reading/s", { type: "Read", data: { value: 1 } }, { "correlation-id": "conversation" });
    let noted: unknown[] = [];
    const { keys, fetch } = outside(async () => {
      noted = (await log()).map(({ type }) => type);
      return new Response("receipt");
    });
    expect(await run(calling(pay, fetch))).toEqual({ position: 1, outcome: "caught-up" });
    expect(noted).toEqual(["Read", "$EffectStarted"]);
    const [cause, started, paid] = await log();
    const meta = { correlationId: "conversation", causationId: cause?.id, $hops: 1 };
    expect(started).toMatchObject({ stream: "payment/s", version: 1, type: "$EffectStarted", meta });
    expect(started?.data).toEqual({
      effect: "pay",
      key: keys[0],
      event: { id: cause?.id, stream: "reading/s", version: 1, type: "Read" },
    });
    expect(paid).toMatchObject({ stream: "payment/s", version: 2, type: "Paid", data: { receipt: "receipt" }, meta });
  });

  it("carries a key that belongs to effect and event, the same when it is repeated", async () => {
    const { read, run, calling, timePasses, log } = store("keys");
    await read("s", 1);
    await read("s", 2);
    const { keys, fetch } = outside((_request, call) => (call < 3 ? new Response("busy", { status: 503 }) : new Response("ok")));
    for (let attempt = 1; attempt <= 3; attempt++) {
      await run(calling(pay, fetch));
      await timePasses();
    }
    const [first, second] = await log();
    const key = (of: typeof first) => of && keyOf(pay, of);
    expect(keys).toEqual([key(first), key(first), key(first), key(second)]);
    expect(new Set(keys).size).toBe(2);
  });

  it("is one of its own for each event, even of two streams that gave the same id", async () => {
    const { post, run, calling, types } = store("same-id");
    const id = "0198c0de-0000-7000-8000-000000000001";
    for (const stream of ["a", "b"]) await post(`/streams/reading/${stream}`, { type: "Read", data: { value: 1 }, id });
    const one = effect("one", { ...definition, stream: () => "all" });
    const { keys, fetch } = outside();
    await run(calling(one, fetch));
    expect(new Set(keys).size).toBe(2);
    expect(await types("payment/all")).toEqual(["$EffectStarted", "Paid", "$EffectStarted", "Paid"]);
  });

  it("is not made again once its outcome is recorded, though the checkpoint was lost", async () => {
    const { read, run, calling, forgetCheckpoint, log } = store("recorded");
    for (const value of [1, 2, 3]) await read("s", value);
    const { keys, fetch } = outside();
    await run(calling(pay, fetch));
    const before = await log();
    for (let crash = 0; crash < 2; crash++) {
      await forgetCheckpoint("pay");
      expect(await run(calling(pay, fetch))).toMatchObject({ outcome: "caught-up" });
    }
    expect(keys).toHaveLength(3);
    expect(await log()).toEqual(before);
  });

  it("is made again when a crash came before its outcome was recorded, and is told so", async () => {
    const { read, run, calling, timePasses, types } = store("crash");
    const told: boolean[] = [];
    const careful = effect("careful", {
      from: reading,
      records: payment,
      on: {
        Read: async (_read, { fetch, repeated }) => {
          told.push(repeated);
          return event("Paid", { receipt: await (await fetch("https://payments.example/", { method: "PUT" })).text() });
        },
      },
    });
    await read("s", 1);
    const { keys, fetch } = outside((_request, call) => {
      if (call === 1) throw new Error("the connection was lost");
      return new Response("ok");
    });
    await run(calling(careful, fetch));
    expect(await types("payment/s")).toEqual(["$EffectStarted"]);
    await timePasses();
    await run(calling(careful, fetch));
    expect(told).toEqual([false, true]);
    expect(keys[0]).toBe(keys[1]);
    expect(await types("payment/s")).toEqual(["$EffectStarted", "Paid"]);
  });

  it("leaves no trace when none was needed", async () => {
    const idle = effect("idle", { from: reading, records: payment, on: { Read: async () => nothing() } });
    const { read, run, calling, log } = store("idle");
    await read("s", 1);
    expect(await run(calling(idle))).toEqual({ position: 1, outcome: "caught-up" });
    expect(await log()).toHaveLength(1);
  });

  it("is not made when its outcome could not be kept, because the stream was deleted", async () => {
    const info = vi.spyOn(console, "info").mockReturnValue();
    const { read, run, calling, send, stream } = store("deleted");
    await stream("payment", "s").append({
      events: [{ type: "Paid", data: `{"receipt":"x"}`, meta: "{}", schemaVersion: 1 }],
      expected: { kind: "any" },
    });
    await stream("payment", "s").remove({ erase: false, expected: { kind: "any" } });
    await read("s", 1);
    const { keys, fetch } = outside();
    expect(await run(calling(pay, fetch))).toMatchObject({ outcome: "caught-up" });
    expect(keys).toEqual([]);
    expect(info).toHaveBeenCalledWith(expect.objectContaining({ processor: "pay", reason: "the stream was deleted" }));
    expect((await send("GET", "/streams/reading/s")).status).toBe(200);
  });

  it("keeps its outcome where the effect says", async () => {
    const elsewhere = effect("elsewhere", {
      from: reading,
      records: payment,
      stream: ({ data }) => `by-${data !== undefined && "value" in data ? data.value : "nothing"}`,
      on: { Read: async () => event("Paid", { receipt: "" }) },
    });
    const { read, run, calling, types } = store("elsewhere");
    await read("s", 7);
    await run(calling(elsewhere));
    expect(await types("payment/by-7")).toEqual(["Paid"]);
  });
});

describe("a call that fails", () => {
  it("is tried again by the policy, then stops the effect, with the reason on record", async () => {
    const { read, run, calling, timePasses } = store("fails");
    await read("s", 1);
    const twice = effect("twice", { ...definition, retry: { attempts: 2 } });
    const { keys, fetch } = outside(() => new Response("no", { status: 500 }));
    const consumer = calling(twice, fetch);
    expect(await run(consumer)).toMatchObject({ position: 0, outcome: "backing-off" });
    await timePasses();
    expect(await run(consumer)).toEqual({ position: 0, outcome: "resting" });
    expect(keys).toHaveLength(2);
    expect(await consumer.checkpoint.look()).toMatchObject({
      status: "failed",
      attempts: 2,
      error: { message: "the outside answered 500", event: { position: 1, stream: "reading/s" } },
    });
  });

  it("is recorded as the effect says when the last attempt has failed, and the effect goes on", async () => {
    const { read, run, calling, timePasses, log } = store("otherwise");
    await read("s", 1);
    await read("t", 2);
    const lenient = effect("lenient", {
      ...definition,
      retry: { attempts: 2 },
      otherwise: (_event, error) => event("Declined", { reason: (error as Error).message }),
    });
    const { keys, fetch } = outside(async (request) => new Response(null, { status: (await request.text()) === "1" ? 500 : 200 }));
    const consumer = calling(lenient, fetch);
    expect(await run(consumer)).toMatchObject({ position: 0, outcome: "backing-off" });
    await timePasses();
    expect(await run(consumer)).toMatchObject({ outcome: "caught-up" });
    expect(keys).toHaveLength(3); // one was called twice; the other, which had been answered, once
    const outcomes = (await log()).filter(({ type }) => type === "Declined" || type === "Paid");
    expect(new Map(outcomes.map(({ stream, type, data }) => [stream, [type, data]]))).toEqual(
      new Map<string, unknown>([
        ["payment/t", ["Paid", { receipt: "" }]],
        ["payment/s", ["Declined", { reason: "the outside answered 500" }]],
      ]),
    );
  });

  it("leaves the events before it done, and those of other streams that were done already are not called for again", async () => {
    const { read, run, calling, timePasses } = store("prefix");
    for (const [stream, value] of [
      ["a", 1],
      ["b", 2],
      ["c", 3],
    ] as const)
      await read(stream, value);
    let broken = true;
    const asked: string[] = [];
    const fetch = async (request: Request) => {
      const body = await request.text();
      asked.push(body);
      return new Response(null, { status: body === "2" && broken ? 500 : 200 });
    };
    const consumer = calling(effect("prefix", definition), fetch);
    expect(await run(consumer)).toMatchObject({ position: 1, outcome: "backing-off" });
    broken = false;
    await timePasses();
    expect(await run(consumer)).toMatchObject({ outcome: "caught-up" });
    expect(asked.toSorted()).toEqual(["1", "2", "2", "3"]);
  });

  it.each([
    [
      "an outcome that the category does not have",
      event("Refunded", {}) as never,
      'records Refunded, which "payment" does not have (Paid, Declined)',
    ],
    ["an outcome that does not fit its schema", event("Paid", { receipt: 1 }) as never, "expected string"],
    ["an outcome that is too large", event("Paid", { receipt: "x".repeat(128 * 1024) }), "Paid for payment/s has more than 131072 bytes"],
  ])("may be one that cannot be recorded: %s", async (_what, outcome, message) => {
    const { read, run, calling, types } = store("unrecordable");
    await read("s", 1);
    const wrong = effect("wrong", { from: reading, records: payment, on: { Read: async () => outcome } });
    const consumer = strict(calling(wrong));
    expect(await run(consumer)).toMatchObject({ outcome: "resting" });
    expect((await consumer.checkpoint.look())?.error?.message).toContain(message);
    expect(await types("payment/s")).toEqual([]);
  });

  it("may be one on a stream that cannot be", async () => {
    const { read, run, calling } = store("nowhere");
    await read("s", 1);
    const nowhere = effect("nowhere", { from: reading, records: payment, stream: () => "a/b", on: { Read: async () => nothing() } });
    const consumer = strict(calling(nowhere));
    expect(await run(consumer)).toMatchObject({ outcome: "resting" });
    expect((await consumer.checkpoint.look())?.error?.message).toBe(
      'effect "nowhere" acts on Read (reading/s, version 1) on the stream "a/b", but a stream id contains no `/`',
    );
  });
});

describe("several calls", () => {
  it("are under way at once for events of different streams, and one after the other for those of one stream", async () => {
    const { read, run, calling, log } = store("order");
    const streams = Array.from({ length: EFFECTS_IN_FLIGHT + 3 }, (_, index) => `s${index}`);
    for (const stream of streams) await read(stream, 1);
    for (const stream of streams) await read(stream, 2);
    const underWay = new Set<string>();
    let most = 0;
    const order: string[] = [];
    const watched = effect("watched", {
      from: reading,
      records: payment,
      on: {
        Read: async ({ stream, data }) => {
          expect(underWay).not.toContain(stream);
          underWay.add(stream);
          most = Math.max(most, underWay.size);
          order.push(`${stream} ${data.value}`);
          await log(); // takes its time
          underWay.delete(stream);
          return event("Paid", { receipt: String(data.value) });
        },
      },
    });
    expect(await run(calling(watched))).toMatchObject({ outcome: "caught-up" });
    expect(most).toBe(EFFECTS_IN_FLIGHT);
    for (const stream of streams) {
      expect(order.filter((one) => one.startsWith(`reading/${stream} `))).toEqual([`reading/${stream} 1`, `reading/${stream} 2`]);
      const paid = (await log()).filter((one) => one.stream === `payment/${stream}`);
      expect(paid.map(({ data }) => (data as { receipt: string }).receipt)).toEqual(["1", "2"]);
    }
  });

  it("of one event each need a key of their own", async () => {
    const { read, run, calling } = store("second");
    await read("s", 1);
    const twice = effect("twice", {
      from: reading,
      records: payment,
      on: {
        Read: async (_read, { fetch, keyFor }) => {
          await fetch("https://a.example/", { method: "POST" });
          await fetch("https://b.example/");
          await fetch("https://c.example/", { method: "POST", headers: { "idempotency-key": keyFor("refund") } });
          await fetch("https://d.example/", { method: "POST" });
          return nothing();
        },
      },
    });
    const { keys, fetch } = outside();
    const consumer = strict(calling(twice, fetch));
    expect(await run(consumer)).toMatchObject({ outcome: "resting" });
    expect((await consumer.checkpoint.look())?.error?.message).toContain("sends a second request without a key of its own");
    expect(keys).toHaveLength(3);
    expect(keys[1]).toBeNull();
    expect(new Set(keys).size).toBe(3);
  });
});

describe("a second worker", () => {
  it("stays away while the first one calls, and takes over when it has died", async () => {
    const { read, run, calling, timePasses } = store("lease");
    await read("s", 1);
    const entered = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<Response>();
    const { keys, fetch } = outside((_request, call) => {
      entered.resolve();
      return call === 1 ? answer.promise : new Response("second");
    });
    const first = run(calling(pay, fetch));
    await entered.promise;
    expect(await run(calling(pay, fetch))).toEqual({ position: 0, outcome: "backing-off" });
    expect(keys).toHaveLength(1);

    await timePasses(); // as if the first had died, and its time were over
    expect(await run(calling(pay, fetch))).toMatchObject({ outcome: "caught-up" });
    answer.resolve(new Response("first, but late"));
    expect(await first).toMatchObject({ outcome: "caught-up" });
    expect(keys).toHaveLength(2);
    expect(keys[0]).toBe(keys[1]);
  });

  it("stays away for the effect's timeout and a margin, from each call on, no longer", async () => {
    const { read, run, calling } = store("margin");
    await read("s", 1);
    await read("s", 2);
    const begun: number[] = [];
    const until: number[] = [];
    const quick = effect("quick", {
      from: reading,
      records: payment,
      timeout: "2s",
      on: {
        Read: async () => {
          begun.push(Date.now());
          until.push((await consumer.checkpoint.load()).nextAttemptAt);
          return nothing();
        },
      },
    });
    const consumer = calling(quick);
    const before = Date.now();
    await run(consumer);
    const lease = 2_000 + EFFECT_LEASE_MARGIN_MS;
    for (const [index, end] of until.entries()) {
      expect(end).toBeGreaterThanOrEqual((begun[index - 1] ?? before) + lease);
      expect(end).toBeLessThanOrEqual((begun[index] ?? 0) + lease);
    }
    expect(until).toHaveLength(2);
    expect((await consumer.checkpoint.load()).nextAttemptAt).toBe(0);
  });

  it("does not begin when the first one has just begun", async () => {
    const { read, run, calling } = store("just");
    await read("s", 1);
    const { keys, fetch } = outside();
    const consumer = calling(pay, fetch);
    const { checkpoint } = consumer;
    const stale = await checkpoint.load();
    await checkpoint.lease(0, Date.now() + 60_000);
    vi.spyOn(checkpoint, "load").mockResolvedValueOnce(stale);
    expect(await run(consumer)).toMatchObject({ position: 0, outcome: "backing-off" });
    expect(keys).toEqual([]);
  });

  it("does not begin when the consumer was paused in between", async () => {
    const { store: name, read, run, calling } = store("paused");
    await read("s", 1);
    const { keys, fetch } = outside();
    const consumer = calling(pay, fetch);
    await consumer.checkpoint.load();
    const { checkpoint } = consumer;
    const stale = await checkpoint.load();
    await env.VIEWS.prepare(`UPDATE headspring_checkpoints SET status = 'paused' WHERE store = ?`).bind(name).run();
    vi.spyOn(checkpoint, "load").mockResolvedValueOnce(stale);
    expect(await run(consumer)).toMatchObject({ outcome: "resting" });
    expect(keys).toEqual([]);
  });
});

describe("an effect as a consumer", () => {
  const receipts = category("receipt", { events: { Kept: z.object({}) } });
  const keep = effect("keep", {
    from: reading,
    records: receipts,
    retry: { attempts: 3, delay: "5s", backoff: "constant" },
    on: { Read: async () => event("Kept", {}) },
  });

  it("follows its types and categories, from the head unless it says otherwise, under its own policy", () => {
    const app = defineApp({ categories: [reading, receipts], processors: [keep] });
    expect(processorConsumer(app, env, "any", keep)).toMatchObject({
      name: "keep",
      types: ["Read"],
      categories: ["reading"],
      start: "head",
      retry: { attempts: 3, firstDelayMs: 5_000, maxDelayMs: 5_000 },
    });
  });

  it("moves on over events of no interest", async () => {
    const { read, post, run, calling } = store("gaps");
    await read("s", 1);
    await post("/aggregates/counter/c/Count", {});
    await post("/aggregates/counter/c/Count", {});
    const consumer = calling(keep);
    await run(consumer);
    expect(await run(consumer)).toMatchObject({ outcome: "caught-up" });
    expect(await consumer.checkpoint.look()).toMatchObject({ position: 4, nextAttemptAt: 0 });
  });

  it("stops in between when its time is over, and goes on from there", async () => {
    const { read, calling } = store("budget");
    for (const value of [1, 2, 3]) await read("s", value);
    let now = Date.now();
    const clock = vi.spyOn(Date, "now").mockImplementation(() => now);
    const slow = effect("slow", {
      from: reading,
      records: payment,
      on: {
        Read: async ({ data }) => {
          if (data.value === 2) now += 20_000;
          return event("Paid", { receipt: "" });
        },
      },
    });
    const consumer = calling(slow);
    await consumer.checkpoint.load();
    const events = [1, 2, 3].map((version) => ({
      id: `0198c0de-0000-4000-8000-00000000000${version}`,
      stream: "reading/s",
      version,
      position: version,
      type: "Read",
      data: { value: version },
      meta: {},
      time: "",
      recordedAt: "",
      schemaVersion: 1,
    }));
    expect(await consumer.apply(events, 0, 3)).toEqual({ position: 2 });
    clock.mockRestore();
    expect(await consumer.checkpoint.look()).toMatchObject({ position: 2, nextAttemptAt: 0 });
  });
});
