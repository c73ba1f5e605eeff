import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { prepare } from "../../../src/consumers/schema.ts";
import { effect, event, nothing } from "../../../src/index.ts";
import { EFFECTS_IN_FLIGHT } from "../../../src/processors/limits.ts";
import { keyOf } from "../../../src/processors/effect-call.ts";
import { reading } from "../app.ts";
import { definition, outside, pay } from "./paying.ts";
import { payment, processorStore as store, strict } from "./support.ts";
import { allowErrors } from "../errors.ts";

beforeAll(() => prepare(env.VIEWS));
beforeEach(() => {
  allowErrors(/a consumer could not process an event and will retry/, /a consumer has failed and stopped/);
});
afterEach(() => vi.restoreAllMocks());

describe("a call to the outside", () => {
  it("is noted before it is made, and recorded with its outcome in the conversation of its event", async () => {
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
    const meta = { correlationId: "conversation", causationId: cause?.id, $processor: "pay", $hops: 1 };
    expect(started).toMatchObject({ stream: "payment/s", version: 1, type: "$EffectStarted", meta });
    expect(started?.data).toEqual({
      effect: "pay",
      key: keys[0],
      event: { id: cause?.id, stream: "reading/s", version: 1, type: "Read" },
    });
    expect(paid).toMatchObject({ stream: "payment/s", version: 2, type: "Paid", data: { receipt: "receipt" }, meta });
  });

  it("carries a key made of effect and event, which stays the same when it is repeated", async () => {
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

  it("is separate for each event, even if two streams have events with the same id", async () => {
    const { post, run, calling, types } = store("same-id");
    const id = "0198c0de-0000-7000-8000-000000000001";
    for (const stream of ["a", "b"]) await post(`/streams/reading/${stream}`, { type: "Read", data: { value: 1 }, id });
    const one = effect("one", { ...definition, stream: () => "all" });
    const { keys, fetch } = outside();
    await run(calling(one, fetch));
    expect(new Set(keys).size).toBe(2);
    expect(await types("payment/all")).toEqual(["$EffectStarted", "Paid", "$EffectStarted", "Paid"]);
  });

  it("is not made again once its outcome is recorded, even if the checkpoint was lost", async () => {
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

  it("is made again after a crash before its outcome was recorded, and its handler knows that", async () => {
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

  it("leaves no trace when the handler makes none", async () => {
    const idle = effect("idle", { from: reading, records: payment, on: { Read: async () => nothing() } });
    const { read, run, calling, log } = store("idle");
    await read("s", 1);
    expect(await run(calling(idle))).toEqual({ position: 1, outcome: "caught-up" });
    expect(await log()).toHaveLength(1);
  });

  it("is not made when its outcome could not be recorded because the stream was deleted", async () => {
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
    expect(info).toHaveBeenCalledWith(expect.objectContaining({ consumer: "pay", reason: "the stream was deleted" }));
    expect((await send("GET", "/streams/reading/s")).status).toBe(200);
  });

  it("has its outcome recorded on the stream that the effect names", async () => {
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
