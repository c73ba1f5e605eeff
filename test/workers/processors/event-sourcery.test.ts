/** What EventSourcery promises of its reactors, by the same names. */

import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { prepare } from "../../../src/consumers/schema.ts";
import { append, effect, event, reactor, send } from "../../../src/index.ts";
import { alarm, counter, reading } from "../app.ts";
import { payment, processorStore as store, strict } from "./support.ts";
import { expectErrors } from "../errors.ts";

beforeAll(() => prepare(env.VIEWS));
afterEach(() => vi.restoreAllMocks());

describe("a reactor, in EventSourcery's scenarios:", () => {
  it("undeclared emission refused", async () => {
    expectErrors(/a consumer has failed and stopped/);
    const { read, run, reacting, log } = store("undeclared");
    await read("s", 1);
    const undeclared = reactor("undeclared", {
      from: reading,
      emits: [alarm, [counter, "DoNothing"]],
      // No further attempt would find it.
      retry: { attempts: 2 },
      // The first one is declared. Nothing of an answer is carried out that is not declared as a whole.
      on: { Read: () => [append(alarm, "s", "Raised", { from: "s", value: 1 }), send(counter, "c", "Count", {}) as never] },
    });
    const consumer = reacting(undeclared);
    expect(await run(consumer)).toEqual({ position: 0, outcome: "resting" });
    expect(await consumer.checkpoint.look())?.toMatchObject({
      status: "failed",
      attempts: 1,
      error: {
        message:
          'reactor "undeclared" answers Read (reading/s, version 1) with the command Count to "counter", ' +
          'but declares to emit Raised to "alarm"; DoNothing to "counter"',
      },
    });
    expect(await log()).toHaveLength(1);
  });

  it("causation and correlation set", async () => {
    const { post, run, reacting, calling, log } = store("cause");
    await post("/streams/reading/s", { type: "Read", data: { value: 1 } }, { "correlation-id": "conversation" });
    const both = reactor("both", {
      from: reading,
      emits: [alarm, counter],
      on: { Read: () => [append(alarm, "s", "Raised", { from: "s", value: 1 }), send(counter, "c", "Count", {})] },
    });
    const call = effect("call", { from: reading, records: payment, on: { Read: async () => event("Paid", { receipt: "" }) } });
    await run(reacting(both));
    await run(calling(call));
    const [cause, ...emitted] = await log();
    expect(emitted.map(({ type }) => type)).toEqual(["Raised", "Counted", "Paid"]);
    for (const { meta } of emitted) expect(meta).toMatchObject({ correlationId: "conversation", causationId: cause?.id });
  });

  it("body changed by the action before it is stored", async () => {
    const { read, run, calling, log } = store("action");
    await read("s", 7);
    const call = effect("call", {
      from: reading,
      records: payment,
      on: {
        Read: async ({ data }, { fetch }) => {
          const paid = { receipt: `for ${data.value}` };
          const answer = await fetch("https://payments.example/", { method: "POST" });
          paid.receipt += `: ${await answer.text()}`;
          return event("Paid", paid);
        },
      },
    });
    await run(calling(call, () => new Response("secret-identifier")));
    expect((await log()).at(-1)).toMatchObject({ type: "Paid", data: { receipt: "for 7: secret-identifier" } });
  });

  it("an invalid event is not stored", async () => {
    expectErrors(/a consumer has failed and stopped/);
    const { read, run, reacting, log } = store("invalid");
    await read("s", 1);
    const invalid = reactor("invalid", {
      from: reading,
      emits: alarm,
      on: { Read: () => append(alarm, "s", "Raised", { from: "s", value: "high" as never }) },
    });
    const consumer = strict(reacting(invalid));
    expect(await run(consumer)).toMatchObject({ outcome: "resting" });
    expect((await consumer.checkpoint.look())?.error?.message).toContain("`data.value` must be a number, got a string");
    expect(await log()).toHaveLength(1);
  });
});
