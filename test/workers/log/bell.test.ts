import { env } from "cloudflare:workers";
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { WakeUp } from "../../../src/protocol.ts";
import { app } from "../app.ts";
import { freshStore } from "../support.ts";

const COUNT = "/aggregates/counter/1/Count";
const consumers = [...app.views.keys(), ...app.processors.keys()];

/** Wake-ups that were sent, none of which arrives. */
let sent: WakeUp[];
let fails = false;

beforeEach(() => {
  sent = [];
  fails = false;
  vi.spyOn(env.WAKE_UPS, "sendBatch").mockImplementation(async (messages) => {
    if (fails) throw new Error("Queue sendBatch failed: Queue is overloaded. Please back off.");
    sent.push(...[...messages].map(({ body }) => body as WakeUp));
    return {} as never;
  });
});
afterEach(() => vi.restoreAllMocks());

const of = (store: string) => sent.filter((wakeUp) => wakeUp.store === store);
const alarmOf = (stub: DurableObjectStub) => runInDurableObject(stub, (_instance, { storage }) => storage.getAlarm());

describe("the log's bell", () => {
  it("tells every consumer of the app, at once", async () => {
    const { store, post } = freshStore();
    await post(COUNT, {});
    await vi.waitFor(() =>
      expect(
        of(store)
          .map(({ consumer }) => consumer)
          .toSorted(),
      ).toEqual(consumers.toSorted()),
    );
    expect(of(store)[0]).toMatchObject({ store, head: 1 });
  });

  it("does not ring once for every event while events keep coming", async () => {
    const { store, post } = freshStore();
    await Promise.all(Array.from({ length: 100 }, () => post(COUNT, {})));
    await vi.waitFor(() => expect(of(store).at(-1)?.head).toBe(100));
    expect(of(store).length).toBeLessThan(50 * consumers.length);
  });

  it("rings again by alarm, across an eviction, for those who have not said that they are at the head", async () => {
    const { store, post, logObject } = freshStore();
    await post(COUNT, {});
    await vi.waitFor(() => expect(of(store)).not.toHaveLength(0));
    await evictDurableObject(logObject());
    sent = [];
    expect(await runDurableObjectAlarm(logObject())).toBe(true);
    expect(of(store)).toHaveLength(consumers.length);

    const [first, ...others] = consumers;
    await logObject().acknowledge(others.map((consumer) => ({ consumer, position: 1 })));
    sent = [];
    await runDurableObjectAlarm(logObject());
    expect(of(store).map(({ consumer }) => consumer)).toEqual([first]);

    await logObject().acknowledge([{ consumer: first as string, position: 1 }]);
    await runDurableObjectAlarm(logObject());
    expect(await alarmOf(logObject())).toBeNull();
  });

  it("does not ring for who rests on purpose", async () => {
    const { store, post, logObject } = freshStore();
    await post(COUNT, {});
    await logObject().acknowledge(consumers.map((consumer) => ({ consumer, position: 0, resting: true })));
    sent = [];
    await runDurableObjectAlarm(logObject());
    expect(of(store)).toEqual([]);
    expect(await alarmOf(logObject())).toBeNull();
  });

  it("loses nothing when the queue refuses: the alarm stays armed and rings later", async () => {
    const { store, post, logObject } = freshStore();
    fails = true;
    expect((await post(COUNT, {})).status).toBe(200);
    await runDurableObjectAlarm(logObject());
    expect(await alarmOf(logObject())).not.toBeNull();
    fails = false;
    await runDurableObjectAlarm(logObject());
    expect(of(store)).toHaveLength(consumers.length);
  });

  it("rings for those behind when the sweep asks", async () => {
    const { store, post, logObject } = freshStore();
    await post(COUNT, {});
    await vi.waitFor(() => expect(of(store)).not.toHaveLength(0));
    await logObject().acknowledge(consumers.slice(1).map((consumer) => ({ consumer, position: 1 })));
    sent = [];
    await logObject().sweep();
    expect(of(store).map(({ consumer }) => consumer)).toEqual(consumers.slice(0, 1));
  });
});
