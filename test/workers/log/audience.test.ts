/** Which consumers the log wakes: those that an event concerns, once until they have answered, and none for an event that concerns none. */

import { env } from "cloudflare:workers";
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { defineApp, webhook } from "../../../src/index.ts";
import { PASSED_EVENTS } from "../../../src/core/limits.ts";
import { NOTIFY_AGAIN_MS } from "../../../src/log/limits.ts";
import type { LogRpc } from "../../../src/store/log-protocol.ts";
import { objects } from "../../../src/runtime.ts";
import { app, reading } from "../app.ts";
import { deliver, later, quietStore, stopClock } from "../delivery/support.ts";
import { allowErrors } from "../errors.ts";
import { storedEvent } from "./events.ts";

afterEach(() => vi.restoreAllMocks());

/** The consumers that a reading concerns. */
const READERS = ["relay", "values"];
const consumers = [...app.views.keys(), ...app.processors.keys()].toSorted();

/** A store in which everybody has answered. */
async function answered(name: string) {
  const store = quietStore(name);
  const { sent, post, read, logObject } = store;
  let seen = 0;
  /** The consumers that were woken since this was asked last. */
  const rung = () =>
    sent()
      .slice(seen, (seen = sent().length))
      .flatMap(({ body }) => body.consumers)
      .toSorted();
  /** When the log has had time to send wake-ups for what has happened. */
  const rungNow = async () => {
    await scheduler.wait(250);
    return rung();
  };
  const alarm = async () => {
    await runDurableObjectAlarm(logObject());
    return rung();
  };
  const isArmed = () => runInDurableObject(logObject(), async (_instance, { storage }) => (await storage.getAlarm()) !== null);
  const acknowledge = (position: number, ...names: string[]) => logObject().acknowledge(names.map((consumer) => ({ consumer, position })));
  const fact = (times = 1) =>
    post("/streams/sample/s", { events: Array.from({ length: times }, () => ({ type: "Read", data: { value: 1 } })) });
  await read("s", 1);
  expect(await rungNow()).toEqual(consumers);
  await acknowledge(1, ...consumers);
  expect(await alarm()).toEqual([]);
  return { ...store, rung, rungNow, alarm, isArmed, acknowledge, fact };
}

describe("an event", () => {
  it("that the storage has refused keeps nobody awake", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    const { logClient, logObject, rungNow, acknowledge } = await answered("refused");
    await runInDurableObject(logObject(), (_instance, { storage }) => {
      const real = storage.transactionSync.bind(storage);
      // All of it is carried out, and then not kept.
      vi.spyOn(storage, "transactionSync").mockImplementationOnce((work) =>
        real(() => {
          work();
          throw new Error("broken disk");
        }),
      );
    });
    await expect(logClient().sequence("reading/t", [{ ...storedEvent(1, "Read"), data: '{"value":1}' }])).rejects.toThrow("broken disk");
    await acknowledge(1, ...consumers);
    expect(await rungNow()).toEqual([]);
  });

  it("that concerns no consumer wakes none, and needs no alarm", async () => {
    const { fact, rungNow, isArmed, logObject } = await answered("nobody");
    await fact();
    expect(await rungNow()).toEqual([]);
    expect(await isArmed()).toBe(false);
    await evictDurableObject(logObject());
    await fact();
    expect(await rungNow()).toEqual([]);
    expect(await isArmed()).toBe(false);
  });

  it("wakes the consumers that follow its type and category, even after the log has forgotten all of them", async () => {
    const { read, post, rungNow, acknowledge, alarm, logObject } = await answered("some");
    await read("s", 2);
    expect(await rungNow()).toEqual(READERS);
    await acknowledge(2, ...READERS);
    await alarm();
    await evictDurableObject(logObject());
    await post("/aggregates/counter/c/Count", {});
    expect(await rungNow()).toEqual(["totals"]);
    await post("/streams/reading/s", { type: "Calibrated", data: {} });
    expect(await rungNow()).toEqual(["values"]);
  });

  it("that ends a stream wakes the views of its category", async () => {
    const { send, rungNow } = await answered("ended");
    expect((await send("DELETE", "/streams/reading/s")).status).toBe(200);
    expect(await rungNow()).toEqual(["values"]);
  });

  it("wakes the webhooks that ask for it now, and those that the log knows nothing of", async () => {
    const { fact, read, post, send, json, logObject, acknowledge, rungNow } = await answered("hooks");
    const hook = async (types: string[]) =>
      (await (await post("/webhooks", { url: "http://receiver.test/", types })).json<{ id: string }>()).id;
    const [narrow, other] = [await hook(["Read"]), await hook(["Raised"])];
    await logObject().subscribe("wh_unknown"); // as version 0.1 did
    expect(await rungNow()).toEqual(["wh_unknown"]);
    await acknowledge(1, "wh_unknown");
    await fact();
    expect(await rungNow()).toEqual([narrow, "wh_unknown"].toSorted());
    const { head } = await json("/log/head");
    await acknowledge(head, narrow, other, "wh_unknown");

    expect((await send("PATCH", `/webhooks/${other}`, { types: ["Calibrated"] })).status).toBe(200);
    expect(await rungNow()).toEqual([other]); // what it asks for now may be there already
    await acknowledge(head, other);
    await post("/streams/reading/s", { type: "Calibrated", data: {} });
    expect(await rungNow()).toEqual(["values", other, "wh_unknown"].toSorted());
    await read("s", 3);
    expect(await rungNow()).not.toContain(other);
    await evictDurableObject(logObject());
    await logObject().wakeBehind({ standings: consumers.map((consumer) => ({ consumer, position: 1_000 })) });
    await acknowledge(1_000, narrow, other, "wh_unknown");
    await rungNow();
    await post("/streams/alarm/s", { type: "Raised", data: { from: "s", value: 1 } });
    expect(await rungNow()).not.toContain(other);
  });

  it.each(["", "with what a webhook asks for lost on its way"])(
    "wakes a webhook that asks for it since it was changed %s",
    async (lost) => {
      allowErrors(
        /the log could not be notified which events a webhook handles; trying again/,
        /webhook deliveries stopped; they continue in a moment/,
      );
      const { post, send, rungNow, logObject, store } = await answered("changed");
      const { id } = await (await post("/webhooks", { url: "http://receiver.test/", types: ["Raised"] })).json<{ id: string }>();
      await deliver({ store, consumer: id, head: 0 }); // from then on the log knows what it asks for
      await rungNow();
      const getByName = env.LOGS.getByName.bind(env.LOGS);
      if (lost)
        vi.spyOn(env.LOGS, "getByName").mockImplementation((name) => {
          if (name === store) throw new Error("the log is out of reach");
          return getByName(name);
        });
      expect((await send("PATCH", `/webhooks/${id}`, { types: ["Read"] })).status).toBe(200);
      if (lost) {
        vi.mocked(env.LOGS.getByName).mockRestore();
        await runDurableObjectAlarm(env.WEBHOOKS.getByName(`${store}/${id}`));
      }
      expect(await rungNow()).toContain(id);
      await logObject().acknowledge([{ consumer: id, position: 1 }]);
      await post("/streams/sample/s", { type: "Read", data: { value: 1 } });
      expect(await rungNow()).toContain(id);
    },
  );

  it("wakes every consumer when the log meets other code: once, and again as long as they have not answered", async () => {
    const { logObject, fact, isArmed, store, sent } = await answered("deployed");
    const changed = webhook("changed", { from: reading, url: "http://receiver.test/", secret: { variable: "SECRET" } });
    const newer = defineApp({
      categories: [reading],
      aggregates: [...app.aggregates.values()].filter(({ name }) => name === "counter"),
      views: [app.views.get("values")!, app.views.get("totals")!],
      webhooks: [changed],
    });
    await fact(); // nobody
    const before = sent().length;
    await runInDurableObject(logObject(), async (_instance, state) => {
      const Newer = objects(newer).LogObject as unknown as new (state: DurableObjectState, env: Env) => LogRpc;
      const event = { version: 2, id: crypto.randomUUID(), type: "Read", data: `{"value":2}`, meta: "{}", time: null, recordedAt: 0 };
      const fresh = new Newer(state, env);
      await fresh.sequence("sample/s", [{ ...event, schemaVersion: 1 }]);
      await scheduler.wait(250);
      const again = new Newer(state, env); // evicted before anybody has answered
      await again.sequence("sample/s", [{ ...event, schemaVersion: 1, version: 3, id: crypto.randomUUID() }]);
      await scheduler.wait(250);
    });
    const rung = sent().slice(before);
    expect(rung.flatMap(({ body }) => body.consumers).toSorted()).toEqual(["totals", "totals", "values", "values"]);
    expect(rung.every(({ body }) => body.store === store)).toBe(true);
    expect(await isArmed()).toBe(true);
  });
});

describe("a consumer that is passed by events of no concern to it", () => {
  it("is woken when there are so many that its checkpoint should move", async () => {
    const { fact, rungNow } = await answered("passed");
    await fact(PASSED_EVENTS - 1);
    expect(await rungNow()).toEqual([]);
    await fact();
    expect(await rungNow()).toEqual(consumers);
  });
});

describe("a consumer that was woken", () => {
  beforeEach(stopClock);

  it("is not woken again before it has answered", async () => {
    const { read, rungNow, rung, alarm, acknowledge } = await answered("once");
    for (const value of [2, 3, 4]) {
      await read("s", value);
      expect(await rungNow()).toEqual(value === 2 ? READERS : []);
    }
    expect(await alarm()).toEqual([]);
    await acknowledge(4, ...READERS);
    expect(await rungNow()).toEqual([]);
    await read("s", 5);
    expect(await rungNow()).toEqual(READERS);
    expect(rung()).toEqual([]);
  });

  it("is woken until it has everything, even if it reports that it waits and the log has forgotten what concerns it", async () => {
    const { read, rungNow, rung, alarm, acknowledge, isArmed, logObject } = await answered("waits");
    await read("s", 2);
    expect(await rungNow()).toEqual(READERS);
    await evictDurableObject(logObject());
    expect(await alarm()).toEqual(consumers);
    await acknowledge(2, ...consumers.filter((name) => name !== "values"));
    // As one does whose place another worker holds.
    await logObject().acknowledge([{ consumer: "values", position: 1, working: true }]);
    expect(rung()).toEqual([]);
    for (let times = 0; times < 2; times++) {
      later(2 * NOTIFY_AGAIN_MS);
      expect(await alarm()).toEqual(["values"]);
      await logObject().acknowledge([{ consumer: "values", position: 1, working: true }]);
    }
    await acknowledge(2, "values");
    expect(await alarm()).toEqual([]);
    expect(await isArmed()).toBe(false);
  });

  it("is woken at once when it answers and lacks an event that was written since", async () => {
    const { read, rungNow, acknowledge } = await answered("since");
    await read("s", 2);
    await rungNow();
    await read("s", 3);
    await acknowledge(3, "relay");
    await acknowledge(2, "values");
    expect(await rungNow()).toEqual(["values"]);
  });

  it("is woken again after five seconds, by the next event or by the alarm, which is set for then", async () => {
    const { read, rungNow, alarm, isArmed, logObject } = await answered("lost");
    await read("s", 2);
    await rungNow();
    later(NOTIFY_AGAIN_MS - 1_000);
    await read("s", 3);
    expect(await rungNow()).toEqual([]);
    expect(await alarm()).toEqual([]);
    expect(await isArmed()).toBe(true);
    const due = await runInDurableObject(logObject(), (_instance, { storage }) => storage.getAlarm());
    expect(Number(due) - Date.now()).toBeLessThanOrEqual(1_000);
    later(1_000);
    await read("s", 4);
    expect(await rungNow()).toEqual(READERS);
    later(NOTIFY_AGAIN_MS);
    expect(await alarm()).toEqual(READERS);
  });

  it("is left alone for as long as it reports that it is at work", async () => {
    const { read, rungNow, alarm, acknowledge, logObject } = await answered("working");
    await read("s", 2);
    await rungNow();
    await acknowledge(2, "relay");
    for (let time = 0; time < 4; time++) {
      later(NOTIFY_AGAIN_MS - 1_000);
      await logObject().acknowledge([{ consumer: "values", position: -1, working: true }]);
      expect(await alarm()).toEqual([]);
    }
    await read("s", 3);
    expect(await rungNow()).toEqual(["relay"]);
    later(NOTIFY_AGAIN_MS);
    expect(await alarm()).toEqual(READERS);
  });

  it("and answers late, twice or out of order is woken for the events that it lacks, and for nothing else", async () => {
    const { read, rungNow, alarm, acknowledge } = await answered("disorder");
    await read("s", 2);
    await rungNow();
    later(NOTIFY_AGAIN_MS);
    await read("s", 3);
    expect(await rungNow()).toEqual(READERS); // the first ones were lost, as it seems
    await acknowledge(3, ...READERS);
    await acknowledge(2, "values"); // the first one's answer, late
    await acknowledge(2, "values");
    expect(await rungNow()).toEqual([]);
    later(NOTIFY_AGAIN_MS);
    expect(await alarm()).toEqual(["values"]); // it does no harm
    await acknowledge(3, "values");
    await acknowledge(3, "values");
    later(NOTIFY_AGAIN_MS);
    expect(await alarm()).toEqual([]);
    await read("s", 4);
    expect(await rungNow()).toEqual(READERS);
  });

  it("and makes no progress is woken by the alarm, and not again and again", async () => {
    const { read, rungNow, alarm, acknowledge } = await answered("stuck");
    await read("s", 2);
    await rungNow();
    await acknowledge(2, "relay");
    for (let time = 0; time < 3; time++) await acknowledge(1, "values");
    expect(await rungNow()).toEqual([]);
    expect(await alarm()).toEqual(["values"]);
  });

  it("is woken again when the log has forgotten that it was woken: no consumer counts as having answered", async () => {
    const { read, rungNow, alarm, acknowledge, logObject } = await answered("forgotten");
    await read("s", 2);
    await rungNow();
    await evictDurableObject(logObject());
    await acknowledge(2, "relay"); // arrives after all
    await read("s", 3);
    expect(await rungNow()).toEqual(consumers);
    await acknowledge(3, ...consumers);
    later(NOTIFY_AGAIN_MS);
    expect(await alarm()).toEqual([]);
    await read("s", 4);
    expect(await rungNow()).toEqual(READERS);
  });

  it("is woken again when the queue did not take the message", async () => {
    vi.spyOn(console, "warn").mockReturnValue();
    const { read, rungNow, alarm, refuse } = await answered("refused");
    refuse(true);
    await read("s", 2);
    expect(await rungNow()).toEqual([]);
    refuse(false);
    expect(await alarm()).toEqual(READERS);
  });
});
