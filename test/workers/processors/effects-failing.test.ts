import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type PackedAppend, received } from "../../../src/store/packed-stream.ts";
import { prepare } from "../../../src/consumers/schema.ts";
import { effect, event, nothing } from "../../../src/index.ts";
import { reading } from "../app.ts";
import { definition, outside } from "./paying.ts";
import { payment, processorStore as store, strict } from "./support.ts";
import { allowErrors } from "../errors.ts";

beforeAll(() => prepare(env.VIEWS));
beforeEach(() => {
  allowErrors(/a consumer could not process an event and will retry/, /a consumer has failed and stopped/);
});
afterEach(() => vi.restoreAllMocks());

describe("a call that fails", () => {
  it("is tried again by the policy and then stops the effect, with the reason on record", async () => {
    const { read, run, calling, timePasses } = store("fails");
    await read("s", 1);
    const twice = effect("twice", { ...definition, retry: { attempts: 2 } });
    const { keys, fetch } = outside(() => new Response("no", { status: 500 }));
    const consumer = calling(twice, fetch);
    expect(await run(consumer)).toMatchObject({ position: 0, outcome: "backing-off" });
    await timePasses();
    expect(await run(consumer)).toEqual({ position: 0, outcome: "resting" });
    expect(keys).toHaveLength(2);
    expect(await consumer.checkpoint.look())?.toMatchObject({
      status: "failed",
      attempts: 2,
      error: { message: "the outside answered 500", event: { position: 1, stream: "reading/s" } },
    });
  });

  it("is recorded with the effect's `otherwise` when the last attempt has failed, and the effect goes on", async () => {
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

  it("stops the effect when the record of its failure cannot be stored", async () => {
    const { read, run, calling } = store("unrecordable");
    await read("s", 1);
    const vague = effect("vague", {
      ...definition,
      retry: "none",
      otherwise: () => event("Declined", { reason: 7 as unknown as string }),
    });
    const consumer = calling(vague, outside(() => new Response(null, { status: 500 })).fetch);
    expect(await run(consumer)).toMatchObject({ position: 0, outcome: "resting" });
    expect(await consumer.checkpoint.look())?.toMatchObject({ error: { message: expect.stringContaining("must be a string") } });
  });

  it("is made with the platform's own fetch unless the app gives another", async () => {
    const { read, run, calling, log } = store("by-fetch");
    await read("s", 1);
    const fetched = vi.spyOn(globalThis, "fetch").mockImplementation(async () => new Response("r1"));
    expect(await run(calling(effect("plain", definition)))).toMatchObject({ outcome: "caught-up" });
    expect(fetched).toHaveBeenCalledOnce();
    expect((await log()).map(({ type }) => type)).toContain("Paid");
  });

  it("is not given up for a failure of the platform, whatever the handler makes of that", async () => {
    const { store: name, read, run, calling, timePasses, types } = store("passing");
    await read("s", 1);
    const handlers = {
      rethrows: definition.on.Read,
      wraps: async (...given: Parameters<typeof definition.on.Read>) =>
        definition.on.Read(...given).catch((cause: unknown) => {
          throw new Error("the payment failed", { cause });
        }),
      gives: async (...given: Parameters<typeof definition.on.Read>) =>
        definition.on.Read(...given).catch(() => event("Declined", { reason: "unreachable" })),
    };
    const getByName = env.STREAMS.getByName.bind(env.STREAMS);
    for (const [handler, Read] of Object.entries(handlers)) {
      const patient = effect(`patient.${handler}`, {
        ...definition,
        stream: () => handler,
        retry: "none",
        otherwise: () => event("Declined", { reason: "given up" }),
        on: { Read },
      });
      const consumer = calling(patient, outside().fetch);
      const moved = vi.spyOn(env.STREAMS, "getByName").mockImplementation((id) => {
        if (id !== `${name}/payment/${handler}`) return getByName(id);
        const append = async () => {
          // What asks whether there is an outcome gets its answer; the note of the call is what fails.
          throw Object.assign(new Error("the object was moved"), { retryable: true });
        };
        const real = getByName(id);
        return new Proxy(real, {
          get: (target, method) =>
            method === "append"
              ? (request: PackedAppend) => (received(request.packed)[0]?.type === "$Sought" ? target.append(request) : append())
              : Reflect.get(target, method),
        });
      });
      for (let attempt = 1; attempt <= 3; attempt++) {
        expect(await run(consumer)).toMatchObject({ position: 0, outcome: "backing-off" });
        await timePasses();
      }
      moved.mockRestore();
      expect(await run(consumer)).toMatchObject({ outcome: "caught-up" });
      expect(await types(`payment/${handler}`)).toEqual(["$EffectStarted", "Paid"]);
    }
  });

  it.each([
    ["Network connection lost.", {}],
    ["the bank asks to try again", { retryable: true }],
    ["too busy", { overloaded: true }],
    ["D1_ERROR: D1 DB is overloaded. Requests queued for too long.", { durableObjectReset: true }],
    ["internal error; reference = 0123456789", { retryable: true, remote: true }],
  ])("counts as the handler's failure, however much it reads like the platform's: %s %o", async (message, flags) => {
    const { read, run, calling, types, timePasses } = store("like-the-platform");
    await read("s", 1);
    const attempts = { ...definition, retry: { attempts: 2, delay: "0ms" } } as const;
    const breaking = () => Promise.reject(Object.assign(new Error(message), flags));
    const strictOne = calling(effect("strict", { ...attempts, stream: () => "strict" }), breaking);
    await run(strictOne);
    await timePasses();
    expect(await run(strictOne)).toMatchObject({ position: 0, outcome: "resting" });
    expect(await strictOne.checkpoint.look())?.toMatchObject({ status: "failed", attempts: 2, error: { message } });
    const otherwise = (_event: unknown, error: unknown) => event("Declined", { reason: (error as Error).message });
    const lenient = calling(effect("lenient", { ...attempts, stream: () => "lenient", otherwise }), breaking);
    await run(lenient);
    await timePasses();
    expect(await run(lenient)).toMatchObject({ outcome: "caught-up" });
    expect(await types("payment/lenient")).toEqual(["$EffectStarted", "Declined"]);
  });

  it("leaves the events before it done; those of other streams that were already done cause no second call", async () => {
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
    ["an outcome that does not fit its schema", event("Paid", { receipt: 1 }) as never, "must be a string"],
    ["an outcome that is too large", event("Paid", { receipt: "x".repeat(128 * 1024) }), "Paid for payment/s has more than 131072 bytes"],
  ])("may have an outcome that cannot be recorded: %s", async (_what, outcome, message) => {
    const { read, run, calling, types } = store("unrecordable");
    await read("s", 1);
    const wrong = effect("wrong", { from: reading, records: payment, on: { Read: async () => outcome } });
    const consumer = strict(calling(wrong));
    expect(await run(consumer)).toMatchObject({ outcome: "resting" });
    expect((await consumer.checkpoint.look())?.error?.message).toContain(message);
    expect(await types("payment/s")).toEqual([]);
  });

  it("may belong to an impossible stream", async () => {
    const { read, run, calling } = store("nowhere");
    await read("s", 1);
    const nowhere = effect("nowhere", { from: reading, records: payment, stream: () => "a/b", on: { Read: async () => nothing() } });
    const consumer = strict(calling(nowhere));
    expect(await run(consumer)).toMatchObject({ outcome: "resting" });
    expect((await consumer.checkpoint.look())?.error?.message).toBe(
      'effect "nowhere" acts on Read (reading/s, version 1) on the stream "a/b", but a stream id must not contain `/`',
    );
  });
});
