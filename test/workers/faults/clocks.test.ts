/** The clock is set forward or back by hours: while timers wait, while a consumer waits for its next attempt, while a worker holds a lease. */

import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { effect, event } from "../../../src/index.ts";
import type { RecordedEvent } from "../../../src/core/event.ts";
import { alarm, poison, values } from "../app.ts";
import { eventually, quietStore } from "../delivery/support.ts";
import { payment, processorStore } from "../processors/support.ts";
import { IMPATIENT, freshStore, interceptLog } from "../support.ts";
import { clock, subscribed } from "../webhooks/support.ts";

const HOUR = 3_600_000;

beforeEach(() => {
  for (const level of ["warn", "error"] as const) vi.spyOn(console, level).mockReturnValue();
});
afterEach(() => {
  poison.active = true;
  vi.restoreAllMocks();
});

const alarmOf = (stub: DurableObjectStub) => runInDurableObject(stub, (_instance, { storage }) => storage.getAlarm());

describe.each([
  ["forward", HOUR],
  ["back", -HOUR],
])("a clock that is set %s", (_way, jump) => {
  it("changes neither order nor ids: versions and positions go on, and ids stay unique (promises 2 and 3)", async () => {
    const { post, log } = freshStore("clock-order");
    const { pass } = clock();
    for (let n = 0; n < 6; n++) {
      await post(`/aggregates/counter/${n % 2}/CountTwice`, {});
      pass(jump);
    }
    const events = (await log()) as unknown as RecordedEvent[];
    expect(events.map(({ position }) => position)).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
    for (const [, ofStream] of Map.groupBy(events, ({ stream }) => stream))
      expect(ofStream.map(({ version }) => version)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(new Set(events.map(({ id }) => id)).size).toBe(12);
  });

  it("gives a repeat its first answer (promise 8)", async () => {
    const { post, log } = freshStore("clock-repeat");
    const { pass } = clock();
    const key = { "idempotency-key": "k" };
    const first = await (await post("/aggregates/counter/1/Count", {}, key)).json();
    pass(jump);
    const repeat = await post("/aggregates/counter/1/Count", {}, key);
    expect(repeat.headers.get("idempotent-replayed")).toBe("true");
    expect(await repeat.json()).toEqual(first);
    expect(await log()).toHaveLength(1);
  });

  it("keeps the alarm set that brings an acknowledged event to the log (promise 1)", async () => {
    const { store, post, log, stream } = freshStore("clock-alarm");
    const stub = stream("counter", "1");
    const { pass } = clock();
    const { restore } = interceptLog(store, () => () => Promise.reject(new Error("the log is down")));
    for (let n = 1; n <= 3; n++) {
      expect((await post("/aggregates/counter/1/Count", {}, IMPATIENT)).status).toBe(200);
      pass(jump);
    }
    restore();
    // An alarm in the past of the platform's clock goes off by itself: then there may be none left to run.
    expect((await runDurableObjectAlarm(stub)) || jump < 0).toBe(true);
    await eventually(async () => expect(await log()).toHaveLength(3));
  });

  it("loses no timer and carries out none twice (promise 2)", async () => {
    const { post, json, stream } = freshStore("clock-timer");
    const stub = stream("reminder", "1");
    const { pass, now } = clock();
    await post("/aggregates/reminder/1/Ask", { in: "30m" });
    pass(jump);
    await evictDurableObject(stub);
    await runDurableObjectAlarm(stub); // the platform's clock, and not ours, says when
    const due = jump > 0 ? 1 : 0;
    expect((await json("/aggregates/reminder/1")).state).toEqual({ count: due });
    if (due === 0) {
      expect(await alarmOf(stub)).toBeGreaterThan(now());
      pass(-jump + 31 * 60_000);
      await runDurableObjectAlarm(stub);
    }
    await runDurableObjectAlarm(stub);
    pass(-jump);
    await runDurableObjectAlarm(stub);
    expect((await json("/aggregates/reminder/1")).state).toEqual({ count: 1 });
  });

  it("lets a view that waits for its next attempt go on, once, after the clock is right again (promise 4)", async () => {
    const { read, wake, rows, folded, consumer } = quietStore("clock-view");
    const { pass } = clock();
    await read("s", 1);
    await read("s", -1);
    await wake("values");
    expect((await consumer("values")).position).toBe(1);
    poison.active = false;
    pass(jump);
    await wake("values");
    pass(-jump + HOUR);
    await wake("values");
    expect(await consumer("values")).toMatchObject({ status: "live", position: 2 });
    expect(await rows(values)).toEqual(await folded(values));
  });

  it("lets no worker call outside under another key, or record two outcomes, even if a lease seems to be over (promise 5)", async () => {
    const { post, run, calling, types } = processorStore("clock-lease");
    const { pass } = clock();
    const keys: string[] = [];
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
    const charge = effect("clock-charge", {
      from: alarm,
      records: payment,
      on: {
        Raised: async (_raised, { fetch }) => {
          await fetch("https://payments.example/", { method: "POST", body: "{}" });
          return event("Paid", { receipt: "r" });
        },
      },
    });
    const outside = async (request: Request) => {
      keys.push(request.headers.get("idempotency-key") ?? "");
      if (keys.length === 1) await answered;
      return new Response();
    };
    await post("/streams/alarm/a", { type: "Raised", data: { from: "test", value: 1 } });
    const first = run(calling(charge, outside));
    await eventually(() => expect(keys).toHaveLength(1));
    pass(jump);
    await run(calling(charge, outside));
    pass(1);
    answer();
    await first;
    await run(calling(charge, outside));
    expect(new Set(keys).size).toBe(1);
    expect((await types("payment/a")).filter((type) => type === "Paid")).toHaveLength(1);
  });

  it("loses no delivery and changes no order: what failed is tried again after the clock is right again (promise 6)", async () => {
    const { post, wake, endpoint, alarm, received, report } = await subscribed("clock-webhook", { categories: ["reading"] });
    const time = clock();
    endpoint.answer = () => new Response(null, { status: 500 });
    await post("/streams/reading/s", { events: [1, 2].map((value) => ({ type: "Read", data: { value } })) });
    await wake();
    await eventually(() => expect(received()).toEqual(["reading/s/1"]));
    endpoint.answer = () => new Response(null, { status: 204 });
    time.pass(jump);
    await alarm();
    time.pass(-jump + HOUR);
    await eventually(async () => {
      await alarm();
      expect((await report()).pending).toBe(0);
    });
    expect([...new Set(received())]).toEqual(["reading/s/1", "reading/s/2"]);
  });
});

describe("an alarm that the platform has lost", () => {
  it("is set again by the next write that relies on it (promise 1)", async () => {
    const { store, post, log, stream } = freshStore("lost-alarm");
    const stub = stream("counter", "1");
    const { pass } = clock();
    const { restore } = interceptLog(store, () => () => Promise.reject(new Error("the log is down")));
    const count = () => post("/aggregates/counter/1/Count", {}, IMPATIENT);
    await count();
    await runInDurableObject(stub, (_instance, { storage }) => storage.deleteAlarm());
    pass(2 * 60_000);
    expect((await count()).status).toBe(200);
    restore();
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect(await log()).toHaveLength(2);
  });

  it("is set again when the stream wakes up, for a timer that was due long ago", async () => {
    const { post, json, stream } = freshStore("lost-timer");
    const stub = stream("reminder", "1");
    await post("/aggregates/reminder/1/Ask", { in: "1h" });
    await runInDurableObject(stub, (_instance, { storage }) => {
      storage.sql.exec(`UPDATE timers SET due = ?`, Date.now() - 2 * 3_600_000);
      return storage.deleteAlarm();
    });
    await evictDurableObject(stub);
    await json("/streams/reminder/1"); // any request wakes it, also one that writes nothing
    await eventually(async () => {
      const { events } = await json("/streams/reminder/1");
      expect(events.map(({ type }: { type: string }) => type)).toContain("Reminded");
    });
  });

  it("is set again by the next wake-up of a webhook that waits for its next attempt (promise 6)", async () => {
    const { read, wake, endpoint, storage, armed } = await subscribed("lost-alarm");
    const { pass } = clock();
    endpoint.answer = () => new Response("no", { status: 500 });
    await read("s", 1);
    await wake();
    await eventually(async () => expect([endpoint.received.length, await armed()]).toEqual([1, true]));
    await storage((kept) => kept.deleteAlarm());
    pass(10 * 60_000);
    await wake();
    await eventually(async () => expect([endpoint.received.length, await armed()]).toEqual([2, true]));
  });
});

it("objects and workers read the clock that these tests set: otherwise the tests above would prove nothing", async () => {
  const { post, log, stream } = freshStore("clock");
  const { now, pass } = clock();
  pass(-HOUR);
  await post("/aggregates/counter/1/Count", {});
  expect(await runInDurableObject(stream("counter", "1"), () => Date.now())).toBe(now());
  expect(((await log()) as unknown as RecordedEvent[])[0]?.recordedAt).toBe(new Date(now()).toISOString());
  expect(env.HEADSPRING_ENV).toBe("local");
});
