import { env } from "cloudflare:workers";
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { StoredEvent } from "../../../src/core/event.ts";
import type { LogRpc } from "../../../src/store/log-protocol.ts";
import { type WakeUp, wakeUpFor } from "../../../src/store/consumer-protocol.ts";
import { app } from "../app.ts";
import { NOTIFY_AGAIN_MS } from "../../../src/log/limits.ts";
import { Audience } from "../../../src/log/audience.ts";
import { Introduced } from "../../../src/log/introduced.ts";
import { Notifier } from "../../../src/log/notifier.ts";
import { later } from "../delivery/support.ts";
import { freshStore } from "../support.ts";
import { eventually } from "../eventually.ts";

const COUNT = "/aggregates/counter/1/Count";
const consumers = [...app.views.keys(), ...app.processors.keys()];

/** Consumers that were woken, none of which hears of it. */
let sent: Woken[];
let fails = false;

interface Woken {
  readonly store: string;
  readonly consumer: string;
  readonly head: number;
  readonly asOf?: number;
}

/** The consumers that messages wake, one by one. */
function wokenBy(messages: Iterable<MessageSendRequest>): Woken[] {
  return [...messages].flatMap(({ body }) => {
    const { consumers, ...of } = body as WakeUp;
    return consumers.map((consumer) => ({ ...of, consumer }));
  });
}

beforeEach(() => {
  sent = [];
  fails = false;
  vi.spyOn(console, "warn").mockReturnValue();
  vi.spyOn(env.WAKE_UPS, "sendBatch").mockImplementation(async (messages) => {
    if (fails) throw new Error("Queue sendBatch failed: Queue is overloaded. Please back off.");
    sent.push(...wokenBy(messages));
    return {} as never;
  });
});
afterEach(() => vi.restoreAllMocks());

const of = (store: string) => sent.filter((wakeUp) => wakeUp.store === store);
const alarmOf = (stub: DurableObjectStub) => runInDurableObject(stub, (_instance, { storage }) => storage.getAlarm());

type Bellows = LogRpc & { alarm(): Promise<void> };

describe("the log's notifier", () => {
  it("wakes every consumer of the app, at once", async () => {
    const { store, post } = freshStore();
    await post(COUNT, {});
    await eventually(() =>
      expect(
        of(store)
          .map(({ consumer }) => consumer)
          .toSorted(),
      ).toEqual(consumers.toSorted()),
    );
    expect(of(store)[0]).toMatchObject({ store, head: 1 });
  });

  it("wakes up to ten consumers with one message, and each of them once", async () => {
    const { store, post, logClient } = freshStore();
    const others = Array.from({ length: 23 }, (_, at) => `other-${at}`);
    await logClient().introduce({ consumers: [...consumers, ...others], startingAtHead: [] });
    const messages: WakeUp[] = [];
    const hold = vi.mocked(env.WAKE_UPS.sendBatch).getMockImplementation()!;
    vi.mocked(env.WAKE_UPS.sendBatch).mockImplementation(async (batch) => {
      messages.push(...[...batch].map(({ body }) => body as WakeUp).filter((body) => body.store === store));
      return hold(batch);
    });
    await post(COUNT, {});
    const all = [...consumers, ...others].toSorted();
    await eventually(() => expect(of(store).length).toBeGreaterThanOrEqual(all.length));
    expect(
      of(store)
        .map(({ consumer }) => consumer)
        .toSorted(),
    ).toEqual(all);
    expect(messages).toHaveLength(Math.ceil(all.length / 10));
    expect(Math.max(...messages.map((one) => one.consumers.length))).toBeLessThanOrEqual(10);
  });

  it("reaches each of them in turn in a worker of version 0.1, which reads one name of a message", () => {
    const names = ["a", "b", "c"];
    expect([7, 8, 9].map((head) => wakeUpFor("s", names, { head }).consumer).toSorted()).toEqual(names);
    expect(names).toContain(wakeUpFor("s", names, { head: -4 }).consumer);
  });

  it("does not send a wake-up for every event while events keep coming, even if consumers answer at once", async () => {
    const { store, post } = freshStore();
    vi.mocked(env.WAKE_UPS.sendBatch).mockImplementation(async (messages) => {
      const rung = wokenBy(messages);
      sent.push(...rung);
      await Promise.all(
        [...new Set(rung.map((one) => one.store))].map((name) =>
          env.LOGS.getByName(name).acknowledge(
            rung.filter((one) => one.store === name).map(({ consumer, head }) => ({ consumer, position: head })),
          ),
        ),
      );
      return {} as never;
    });
    await Promise.all(Array.from({ length: 100 }, () => post(COUNT, {})));
    await eventually(() => expect(of(store).findLast(({ consumer }) => consumer === "totals")?.head).toBe(100));
    expect(of(store).length).toBeLessThan(50 * consumers.length);
  });

  it("waits for nothing once it has sent its wake-ups: nobody pays for an idle log that is awake", async () => {
    await runInDurableObject(freshStore().logObject() as DurableObjectStub, async (_instance, { storage }) => {
      const audience = new Audience("code", new Map([["one", undefined]]), () => new Map(), new Introduced());
      const queue = { sendBatch: vi.fn<Queue<WakeUp>["sendBatch"]>() };
      const notifier = new Notifier(storage, queue as unknown as Queue<WakeUp>, "idle", () => 1, audience);
      await notifier.load();
      storage.transactionSync(() => notifier.note([{ stream: "counter/1", type: "Counted", position: 1 }]));
      const wait = vi.spyOn(scheduler, "wait");
      notifier.notify();
      // No turn of the event loop: nothing else of this runtime can wait in between.
      for (let turn = 0; turn < 50; turn++) await Promise.resolve();
      expect(queue.sendBatch).toHaveBeenCalledOnce();
      expect(wait).not.toHaveBeenCalled();
      // The next event comes at once, and waits for the rest of the interval.
      notifier.notify();
      for (let turn = 0; turn < 50; turn++) await Promise.resolve();
      expect(wait).toHaveBeenCalledOnce();
      expect(wait.mock.lastCall?.[0]).toBeGreaterThan(0);
      expect(queue.sendBatch).toHaveBeenCalledOnce();
      await storage.deleteAlarm();
    });
  });

  it("wakes consumers that have not reported to be at the head again by alarm, across an eviction", async () => {
    const { store, post, logObject } = freshStore();
    await post(COUNT, {});
    await eventually(() => expect(of(store)).not.toHaveLength(0));
    await evictDurableObject(logObject());
    sent = [];
    expect(await runDurableObjectAlarm(logObject())).toBe(true);
    expect(of(store)).toHaveLength(consumers.length);

    const [first, ...others] = consumers;
    await logObject().acknowledge(others.map((consumer) => ({ consumer, position: 1 })));
    sent = [];
    later(NOTIFY_AGAIN_MS);
    await runDurableObjectAlarm(logObject());
    expect(of(store).map(({ consumer }) => consumer)).toEqual([first]);

    await logObject().acknowledge([{ consumer: first as string, position: 1 }]);
    await runDurableObjectAlarm(logObject());
    expect(await alarmOf(logObject())).toBeNull();
  });

  it("does not wake a consumer that rests on purpose", async () => {
    const { store, post, logObject } = freshStore();
    await post(COUNT, {});
    await eventually(() => expect(of(store)).not.toHaveLength(0));
    const { asOf } = of(store)[0]!;
    await logObject().acknowledge(consumers.map((consumer) => ({ consumer, position: 0, resting: true, asOf: asOf! })));
    sent = [];
    await runDurableObjectAlarm(logObject());
    expect(of(store)).toEqual([]);
    expect(await alarmOf(logObject())).toBeNull();
  });

  it("loses nothing when the queue refuses: the alarm stays set and wakes consumers later", async () => {
    const { store, post, logObject } = freshStore();
    fails = true;
    expect((await post(COUNT, {})).status).toBe(200);
    await runDurableObjectAlarm(logObject());
    expect(await alarmOf(logObject())).not.toBeNull();
    fails = false;
    await runDurableObjectAlarm(logObject());
    expect(of(store)).toHaveLength(consumers.length);
  });

  describe("sets its alarm for an event that arrives while wake-ups are being sent", () => {
    /** The queue takes its time, until the test lets it go on. */
    async function armedWhile(
      logObject: () => DurableObjectStub,
      start: (log: Bellows) => Promise<unknown>,
      then?: (log: Bellows) => Promise<unknown>,
    ) {
      return runInDurableObject(logObject(), async (instance, { storage }) => {
        const log = instance as unknown as Bellows;
        const { promise: taken, resolve: release } = Promise.withResolvers<void>();
        const begun = Promise.withResolvers<void>();
        vi.spyOn(env.WAKE_UPS, "sendBatch").mockImplementation(async () => {
          begun.resolve();
          await taken;
          return {} as never;
        });
        await storage.deleteAlarm(); // as the platform does when it goes off
        const started = start(log);
        await begun.promise;
        await then?.(log);
        await log.sequence("reading/later", [event]);
        const during = await storage.getAlarm();
        release();
        await started;
        return { during: during !== null, after: (await storage.getAlarm()) !== null };
      });
    }
    const event: StoredEvent = {
      version: 1,
      id: "01a1fd58-555f-7660-a8f2-f6b900000001",
      type: "Read",
      data: '{"value":1}',
      meta: "{}",
      time: null,
      recordedAt: 0,
      schemaVersion: 1,
    };

    it("by the alarm itself", async () => {
      const { post, logObject } = freshStore();
      await post(COUNT, {});
      later(NOTIFY_AGAIN_MS);
      expect(await armedWhile(logObject, (log) => log.alarm())).toEqual({ during: true, after: true });
    });

    it("at once, after an alarm that found every consumer at the head", async () => {
      const { post, logObject } = freshStore();
      await post(COUNT, {});
      await runInDurableObject(logObject(), async (instance) => {
        await (instance as unknown as LogRpc).acknowledge(consumers.map((consumer) => ({ consumer, position: 1 })));
        await (instance as unknown as { alarm(): Promise<void> }).alarm();
      });
      await scheduler.wait(150); // until it has been quiet, so that the next event wakes consumers at once
      const armed = await armedWhile(
        logObject,
        (log) => log.sequence("reading/sooner", [event]),
        async (log) => {
          await log.acknowledge(consumers.map((consumer) => ({ consumer, position: 2 })));
          await runInDurableObject(logObject(), (_instance, { storage }) => storage.deleteAlarm());
          await log.alarm();
        },
      );
      expect(armed).toEqual({ during: true, after: true });
    });
  });

  it("wakes the consumers that are behind when the sweep asks for it", async () => {
    const { store, post, logObject } = freshStore();
    await post(COUNT, {});
    await eventually(() => expect(of(store)).not.toHaveLength(0));
    await logObject().acknowledge(consumers.slice(1).map((consumer) => ({ consumer, position: 1 })));
    sent = [];
    await logObject().sweep();
    expect(of(store).map(({ consumer }) => consumer)).toEqual(consumers.slice(0, 1));
  });
});
