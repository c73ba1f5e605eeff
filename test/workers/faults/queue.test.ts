/** The queue accepts nothing: neither from the log, which wakes consumers, nor from a consumer, which wants to be woken again. */

import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { poison, totals, values } from "../app.ts";
import { deliver } from "../delivery/support.ts";
import { subscribed } from "../webhooks/support.ts";
import { eventually } from "../eventually.ts";
import { expectErrors } from "../errors.ts";

const OVERLOADED = new Error("Queue sendBatch failed: Queue is overloaded. Please back off.");

beforeEach(() => void vi.spyOn(console, "warn").mockReturnValue());
afterEach(() => {
  poison.active = true;
  vi.restoreAllMocks();
});

/** Closes the queue that the store of the test holds. @returns what opens it again */
function closeQueue(): () => void {
  const doors = [vi.mocked(env.WAKE_UPS.send), vi.mocked(env.WAKE_UPS.sendBatch)] as const;
  const held = doors.map((door) => door.getMockImplementation());
  for (const door of doors) door.mockRejectedValue(OVERLOADED);
  return () => doors.forEach((door, index) => door.mockImplementation(held[index] as never));
}

describe("a queue that accepts no message", () => {
  it("fails no write, and when it is back the log's alarm wakes every consumer (promises 1, 4, 5 and 6)", async () => {
    const store = await subscribed("closed-queue", { categories: ["reading"] });
    const open = closeQueue();
    for (const value of [1, 2, 101]) expect((await store.read("s", value)).status).toBe(201);
    expect((await store.post("/aggregates/counter/1/Count", {})).status).toBe(200);
    await runDurableObjectAlarm(store.logObject());
    expect(await store.log()).toHaveLength(4);

    open();
    expect(await runDurableObjectAlarm(store.logObject())).toBe(true);
    const sent = store.sent();
    expect(sent.flatMap(({ body }) => body.consumers)).toEqual(expect.arrayContaining(["values", "totals", "relay", store.webhook.id]));
    await deliver(...sent.map(({ body }) => body));
    await store.settle();
    expect(await store.rows(values)).toEqual(await store.folded(values));
    expect(await store.rows(totals)).toEqual(await store.folded(totals));
    expect((await store.log()).filter(({ stream }) => stream === "counter/of-s")).toHaveLength(3);
    await eventually(() => expect(store.received()).toEqual(["reading/s/1", "reading/s/2", "reading/s/3"]));
  });

  it("loses no consumer that wants to try again later: its wake-up comes back, and the log wakes it too (promise 4)", async () => {
    expectErrors(/a consumer could not process an event and will retry/);
    const store = await subscribed("closed-later", { categories: ["counter"] });
    await store.read("s", -1);
    const open = closeQueue();
    const { explicitAcks, retryMessages } = await store.wake("values");
    expect([explicitAcks.length, retryMessages.length]).toEqual([0, 1]);
    poison.active = false;
    open();
    await env.VIEWS.prepare(`UPDATE headspring_checkpoints SET next_attempt_at = 0 WHERE store = ?`).bind(store.store).run();
    await store.settle();
    expect(await store.rows(values)).toEqual(await store.folded(values));
  });
});
