// oxlint-disable vitest/expect-expect -- a sentence of the kit is an assertion
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { type EffectContext, category, effect, event, nothing } from "../../../src/index.ts";
import { EFFECT_RESPONSE_BYTES } from "../../../src/processors/limits.ts";
import { EFFECT_TIMEOUT_MAX_MS, EFFECT_TIMEOUT_MS, REACTION_HOPS } from "../../../src/definitions/limits.ts";
import { on, when } from "../../../src/testing/index.ts";

const order = category("order", { events: { Placed: z.object({ cents: z.int() }), Shipped: z.object({}) } });
const payment = category("payment", {
  events: { Charged: z.object({ receipt: z.string(), currency: z.string().default("EUR") }), Declined: z.object({}) },
});

const charge = effect("charge", {
  from: order,
  records: payment,
  on: {
    Placed: async ({ data }, { fetch, variable }) => {
      if (data.cents === 0) return nothing();
      const answer = await fetch(variable("PAYMENT_URL"), { method: "POST", body: JSON.stringify({ cents: data.cents }) });
      if (answer.status === 402) return event("Declined", {});
      if (!answer.ok) throw new Error(`the payment service answered ${answer.status}`);
      return event("Charged", { receipt: await answer.text() });
    },
  },
});

const placed = (cents = 500) => on("order/42", event("Placed", { cents }));
const variables = { PAYMENT_URL: "https://payments.example/charges" };

/** An effect that does this with its context. */
const doing = (act: (context: EffectContext) => Promise<unknown>, timeout?: "20ms") =>
  effect("doing", {
    from: order,
    records: payment,
    ...(timeout === undefined ? {} : { timeout }),
    on: {
      Placed: async (_placed, context) => {
        await act(context);
        return nothing();
      },
    },
  });

describe("a response", () => {
  it("has its final address after a redirect, and so do its clones", async () => {
    const seen: unknown[] = [];
    const look = doing(async ({ fetch }) => {
      const answer = await fetch("https://payments.example/old");
      for (const one of [answer.clone(), answer]) seen.push([one.url, one.redirected, one.status, await one.text()]);
    });
    const redirected = () =>
      Object.defineProperties(new Response("there"), { url: { value: "https://payments.example/new" }, redirected: { value: true } });
    await when(look, placed(), { fetch: redirected }).thenNothing();
    const there = ["https://payments.example/new", true, 200, "there"];
    expect(seen).toEqual([there, there]);
  });
});

describe("the test kit, with the test as the outside,", () => {
  it("shows what an effect records for each answer", async () => {
    await when(charge, placed(), { variables, fetch: () => new Response("r1") }).thenRecords(event("Charged", { receipt: "r1" }));
    await when(charge, placed(), { variables, fetch: () => new Response("r1") }).thenRecords(
      event("Charged", { receipt: "r1", currency: "EUR" }),
      "payment/42",
    );
    await when(charge, placed(), { variables, fetch: () => new Response(null, { status: 402 }) }).thenRecords(event("Declined", {}));
    await when(charge, placed(), { variables, fetch: () => new Response(null, { status: 500 }) }).thenFails(
      "the payment service answered 500",
    );
    await when(charge, placed(0)).thenNothing();
    await when(charge, on("order/42", event("Shipped", {}))).thenNothing();
  });

  it.each([
    ["another outcome", () => when(charge, placed(), { variables, fetch: () => new Response("r1") }).thenRecords(event("Declined", {}))],
    [
      "another receipt",
      () => when(charge, placed(), { variables, fetch: () => new Response("r1") }).thenRecords(event("Charged", { receipt: "r2" })),
    ],
    [
      "another stream",
      () =>
        when(charge, placed(), { variables, fetch: () => new Response("r1") }).thenRecords(
          event("Charged", { receipt: "r1" }),
          "payment/1",
        ),
    ],
    ["something instead of nothing", () => when(charge, placed(), { variables, fetch: () => new Response("r1") }).thenNothing()],
    ["nothing instead of something", () => when(charge, placed(0)).thenRecords(event("Declined", {}))],
    ["an outcome instead of a failure", () => when(charge, placed(0)).thenFails("")],
    ["a failure instead of an outcome", () => when(charge, placed()).thenRecords(event("Declined", {}))],
    ["another failure", () => when(charge, placed()).thenFails("the payment service answered 500")],
  ])("throws where an expectation is wrong: %s", async (_what, sentence) => {
    await expect(sentence).rejects.toThrow(
      expect.objectContaining({ name: "AssertionError", message: expect.stringMatching(/^charge: when Placed on order\/42\n/) }),
    );
  });

  it("has no outside and no variables unless the test gives them", async () => {
    await when(charge, placed()).thenFails('effect "charge" needs the variable PAYMENT_URL, which is not set');
    await when(charge, placed(), { variables: { PAYMENT_URL: "" } }).thenFails("PAYMENT_URL, which is not set");
    await when(charge, placed(), { variables }).thenFails("POST https://payments.example/charges: the test gives no `fetch` to answer it");
  });

  it("refuses what the store would refuse", async () => {
    const wrong = effect("wrong", { from: order, records: payment, on: { Placed: async () => event("Charged", { receipt: 1 }) as never } });
    await when(wrong, placed()).thenFails("must be a string");
    const unknown = effect("unknown", { from: order, records: payment, on: { Placed: async () => event("Refunded", {}) as never } });
    await when(unknown, placed()).thenFails('effect "unknown" records Refunded, which "payment" does not have (Charged, Declined)');
    const nowhere = effect("nowhere", { from: order, records: payment, stream: () => "", on: { Placed: async () => nothing() } });
    await when(nowhere, placed()).thenFails("a stream id must not be empty");
    const again = on("order/42", event("Placed", { cents: 1 }), { meta: { $hops: REACTION_HOPS } });
    await when(charge, again, { variables }).thenFails("does it feed itself?");
  });
});

describe("a request of an effect", () => {
  const sent = async (act: (context: EffectContext) => Promise<unknown>) => {
    const requests: Request[] = [];
    const fetch = (request: Request) => {
      requests.push(request);
      return new Response();
    };
    await when(doing(act), placed(), { fetch, repeated: true }).thenNothing();
    return requests;
  };
  const keyOf = (request: Request | undefined) => request?.headers.get("idempotency-key");

  it("carries the key if it may change something, and no other header is touched", async () => {
    let key = "";
    const [post, get] = await sent(async (context) => {
      key = context.key;
      await context.fetch("https://a.example/", { method: "POST", headers: { accept: "text/plain" }, body: "b" });
      await context.fetch(new URL("https://a.example/"));
    });
    expect(key).toMatch(/^[0-9a-f-]{36}$/);
    expect(keyOf(post)).toBe(key);
    expect(post?.headers.get("accept")).toBe("text/plain");
    expect(await post?.text()).toBe("b");
    expect(keyOf(get)).toBeNull();
  });

  it("keeps a key that the handler has set", async () => {
    const [first, second] = await sent(async ({ fetch, keyFor }) => {
      await fetch(new Request("https://a.example/", { method: "DELETE", headers: { "Idempotency-Key": keyFor("one") } }));
      await fetch("https://a.example/", { method: "POST", headers: { "Idempotency-Key": keyFor("two") } });
    });
    expect(keyOf(first)).not.toBe(keyOf(second));
  });

  it("has the same key for the same effect, event and call, and another one for any other", async () => {
    const keys = async (name: string, stream: "order/42" | "order/43") => {
      let found: string[] = [];
      const one = effect(name, {
        from: order,
        records: payment,
        on: {
          Placed: async (_placed, { key, keyFor }) => {
            found = [key, keyFor("a"), keyFor("b")];
            return nothing();
          },
        },
      });
      await when(one, on(stream, event("Placed", { cents: 1 }))).thenNothing();
      return found;
    };
    const all = [...(await keys("one", "order/42")), ...(await keys("two", "order/42")), ...(await keys("one", "order/43"))];
    expect(new Set(all).size).toBe(9);
    expect(await keys("one", "order/42")).toEqual(all.slice(0, 3));
  });

  it("may know that an earlier one was sent", async () => {
    await sent(async ({ repeated }) => expect(repeated).toBe(true));
    await when(
      doing(async ({ repeated }) => expect(repeated).toBe(false)),
      placed(),
    ).thenNothing();
  });
});

describe("an answer from outside", () => {
  const reading = (body: ReadableStream<Uint8Array> | string) =>
    when(
      doing(async ({ fetch }) => (await fetch("https://a.example/")).text()),
      placed(),
      { fetch: () => new Response(body) },
    );

  it("is read if it is not too long", async () => {
    await reading("x".repeat(EFFECT_RESPONSE_BYTES)).thenNothing();
    await reading("x".repeat(EFFECT_RESPONSE_BYTES + 1)).thenFails(`the response has more than ${EFFECT_RESPONSE_BYTES} bytes`);
  });

  it("is cut off however it arrives, even if it never ends", async () => {
    const endless = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(new Uint8Array(64 * 1024)) });
    await reading(endless).thenFails(`the response has more than ${EFFECT_RESPONSE_BYTES} bytes`);
  });

  it("keeps its status and headers", async () => {
    const act = async ({ fetch }: EffectContext) => {
      const answer = await fetch("https://a.example/");
      expect([answer.status, answer.headers.get("location"), await answer.text()]).toEqual([303, "/there", "see"]);
    };
    await when(doing(act), placed(), { fetch: () => new Response("see", { status: 303, headers: { location: "/there" } }) }).thenNothing();
  });
});

describe("the time of an effect", () => {
  it("ends, and with it everything that the effect has begun", async () => {
    let aborted: unknown;
    const fetch = (request: Request) =>
      new Promise<Response>((_resolve, reject) => {
        request.signal.addEventListener("abort", () => {
          aborted = request.signal.reason;
          reject(request.signal.reason as Error);
        });
      });
    const message = 'effect "doing" took more than 20 ms for Placed (order/42)';
    await when(
      doing((context) => context.fetch("https://a.example/"), "20ms"),
      placed(),
      { fetch },
    ).thenFails(message);
    expect(aborted).toEqual(new Error(message));
  });

  it("leaves a request its own time limit, however that is given", async () => {
    const ended = AbortSignal.abort(new Error("the caller has ended it"));
    const fetch = (request: Request) => {
      request.signal.throwIfAborted();
      return new Response();
    };
    const byRequest = doing((context) => context.fetch(new Request("https://a.example/", { signal: ended })));
    await when(byRequest, placed(), { fetch }).thenFails("the caller has ended it");
    const byOption = doing((context) => context.fetch("https://a.example/", { signal: ended }));
    await when(byOption, placed(), { fetch }).thenFails("the caller has ended it");
  });

  it("ends even for a handler that ignores that", async () => {
    let late: Promise<Response> | undefined;
    const act = async ({ signal, fetch }: EffectContext) => {
      await new Promise((resolve) => {
        signal.addEventListener("abort", resolve);
      });
      late = fetch("https://a.example/"); // too late to send anything
      late.catch(() => {});
    };
    await when(doing(act, "20ms"), placed(), { fetch: () => new Response() }).thenFails("took more than 20 ms");
    await expect(late).rejects.toThrow("took more than 20 ms");
  });

  it("is half a minute, or as the effect declares, up to five minutes", () => {
    const taking = (timeout?: "1s" | "5m" | "301s" | "0s") =>
      effect("e", { from: order, records: payment, on: {}, ...(timeout ? { timeout } : {}) });
    expect(taking().timeoutMs).toBe(EFFECT_TIMEOUT_MS);
    expect(taking("1s").timeoutMs).toBe(1_000);
    expect(taking("5m").timeoutMs).toBe(EFFECT_TIMEOUT_MAX_MS);
    expect(() => taking("301s")).toThrow(new TypeError('effect "e" has a timeout of 301s; it is from 1ms to 300s'));
    expect(() => taking("0s")).toThrow(TypeError);
  });
});

describe("an effect's definition", () => {
  it("begins at the head by default", () => {
    expect(effect("e", { from: order, records: payment, on: {} })).toMatchObject({
      kind: "effect",
      start: "head",
      retry: { attempts: 8 },
      loops: false,
    });
    expect(effect("e", { from: order, records: payment, on: {}, start: "beginning", retry: "none" })).toMatchObject({
      start: "beginning",
      retry: { attempts: 1 },
    });
  });

  it("has a valid name, known events, and hops that can be counted", () => {
    expect(() => effect("a b", { from: order, records: payment, on: {} })).toThrow(/^effect "a b" is not a valid name/);
    expect(() => effect("e", { from: order, records: payment, on: { Paid: async () => nothing() } as never })).toThrow(
      new TypeError('effect "e" handles "Paid", which none of the categories that it follows has (Placed, Shipped)'),
    );
    expect(() => effect("e", { from: order, records: payment, on: {}, loops: { hops: 0 } })).toThrow(TypeError);
  });
});
