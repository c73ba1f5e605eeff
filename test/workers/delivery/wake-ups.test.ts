import { createExecutionContext, createMessageBatch, createScheduledController, getQueueResult } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { totals, values } from "../app.ts";
import worker from "../worker.ts";
import { deliver, eventually, quietStore } from "./support.ts";

afterEach(() => vi.restoreAllMocks());

describe("a wake-up", () => {
  it("is acknowledged once its consumer has run, with all its repeats", async () => {
    const { store, read, consumer } = quietStore("acknowledged");
    await read("s", 1);
    const wakeUp = { store, consumer: "values", head: 1 };
    const { explicitAcks, retryMessages, outcome } = await deliver(wakeUp, wakeUp, { ...wakeUp, head: 0 });
    expect(outcome).toBe("ok");
    expect(explicitAcks).toHaveLength(3);
    expect(retryMessages).toEqual([]);
    expect(await consumer("values")).toMatchObject({ status: "live", position: 1 });
  });

  it("says only “look”: a head that is too low or too high changes nothing", async () => {
    const { store, read, rows, folded, consumer } = quietStore("head");
    await read("s", 1);
    await read("s", 2);
    await deliver({ store, consumer: "values", head: 1 });
    expect((await consumer("values")).position).toBe(2);
    await deliver({ store, consumer: "values", head: 99 });
    expect(await rows(values)).toEqual(await folded(values));
  });

  it("for a store that was never written finds nothing to do", async () => {
    const { wake, rows } = quietStore("empty");
    expect((await wake("values", "relay")).explicitAcks).toHaveLength(2);
    expect((await rows(values)).size).toBe(0);
  });

  it("for a consumer that this deployment does not have is acknowledged, and not rung for again", async () => {
    const { wake, read } = quietStore("unknown");
    await read("s", 1);
    expect((await wake("of-an-earlier-deployment", "wh_removed")).explicitAcks).toHaveLength(2);
  });

  it("that is none is dropped, and does not take the others with it", async () => {
    const errors = vi.spyOn(console, "error").mockReturnValue();
    const { store, read, consumer } = quietStore("foreign");
    await read("s", 1);
    const foreign = [
      "text",
      null,
      {},
      { store: "NO", consumer: "values", head: 1 },
      { store, consumer: "no/name", head: 1 },
      { store, consumer: "values" },
    ];
    const { explicitAcks, retryMessages } = await deliver(...foreign, { store, consumer: "values", head: 1 });
    expect(explicitAcks).toHaveLength(foreign.length + 1);
    expect(retryMessages).toEqual([]);
    expect(errors).toHaveBeenCalledTimes(foreign.length);
    expect((await consumer("values")).position).toBe(1);
  });

  it("comes back when the database is out of reach, while those for other consumers are done", async () => {
    vi.spyOn(console, "warn").mockReturnValue();
    const { store, post, read, consumer } = quietStore("unreachable");
    await read("s", 1);
    const { id } = await (await post("/webhooks", { url: "http://receiver.test/" })).json<{ id: string }>();
    const prepare = vi.spyOn(env.VIEWS, "prepare").mockImplementation(() => {
      throw new Error("D1 is away");
    });
    const { explicitAcks, retryMessages } = await deliver({ store, consumer: "values", head: 1 }, { store, consumer: id, head: 1 });
    expect(retryMessages).toHaveLength(1);
    expect(explicitAcks).toHaveLength(1);
    prepare.mockRestore();

    await deliver({ store, consumer: "values", head: 1 });
    expect(await consumer("values")).toMatchObject({ status: "live", position: 1 });
  });

  it("that the queue has given up is logged, and loses nothing", async () => {
    const errors = vi.spyOn(console, "error").mockReturnValue();
    const { store, read, settle, rows, folded } = quietStore("dead");
    await read("s", 1);
    const body = { store, consumer: "values", head: 1 };
    const batch = createMessageBatch("headspring-dead-wake-ups", [{ id: "1", timestamp: new Date(), attempts: 11, body }]);
    const context = createExecutionContext();
    await worker.queue?.(batch, env, context);
    expect(await getQueueResult(batch, context)).toMatchObject({ outcome: "ok", ackAll: true });
    expect(errors).toHaveBeenCalledWith({ message: "a wake-up was given up by the queue", messageId: "1", store, consumer: "values" });
    await settle();
    expect(await rows(values)).toEqual(await folded(values));
  });
});

describe("a consumer whose wake-ups were all lost", () => {
  it("catches up with the cron's sweep", async () => {
    const { read, wake, sent, rows } = quietStore("sweep");
    await read("s", 1);
    await wake("values"); // stores whose consumers have run once are known to the sweep
    await read("s", 2);
    const lost = sent().length;
    await worker.scheduled?.(createScheduledController(), env, createExecutionContext());
    await eventually(() =>
      expect(
        sent()
          .slice(lost)
          .map(({ body }) => body.consumer),
      ).toContain("values"),
    );
    await deliver(
      ...sent()
        .slice(lost)
        .map(({ body }) => body),
    );
    expect((await rows(values)).get("any")).toEqual({ value: "any", count: 2 });
  });

  it("catches up with the log's alarm", async () => {
    const { read, settle, rows, folded } = quietStore("alarm");
    await read("s", 1);
    await settle();
    expect(await rows(values)).toEqual(await folded(values));
    expect(await rows(totals)).toEqual(await folded(totals));
  });
});
