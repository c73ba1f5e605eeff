import { storeNamed } from "../support.ts";
import {
  createExecutionContext,
  createMessageBatch,
  createScheduledController,
  getQueueResult,
  runDurableObjectAlarm,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import type { App } from "../../../src/definitions/app.ts";
import { handleWakeUps } from "../../../src/operations/wake-up.ts";
import { append, defineApp, effect, nothing, reactor, streamIdOf, view } from "../../../src/index.ts";
import { AT_WORK_MS, WAKE_UP_ATTEMPTS } from "../../../src/operations/limits.ts";
import { CATCH_UP_HOLD_MS } from "../../../src/consumers/limits.ts";
import { NOTIFY_AGAIN_MS } from "../../../src/log/limits.ts";
import type { LogRpc } from "../../../src/store/log-protocol.ts";
import type { Acknowledgement } from "../../../src/store/log-consumers.ts";
import { viewConsumer } from "../../../src/views/projector.ts";
import { queryView } from "../../../src/views/query.ts";
import { alarm, reading, totals, values } from "../app.ts";
import { payment } from "../processors/support.ts";
import worker from "../worker.ts";
import { deliver, eventually, later, quietStore } from "./support.ts";

afterEach(() => vi.restoreAllMocks());

const raise = reactor("raise", {
  from: reading,
  emits: alarm,
  on: { Read: ({ stream, data }) => append(alarm, streamIdOf(stream), "Raised", { from: stream, value: data.value }) },
});

/** As the platform hands the worker a message of that queue. */
async function arrive(queue: string, message: { readonly attempts: number; readonly body: unknown }) {
  const batch = createMessageBatch(queue, [{ id: "1", timestamp: new Date(), ...message }]);
  const context = createExecutionContext();
  await worker.queue(batch, env, context);
  return getQueueResult(batch, context);
}

/** As a worker of another version of the code handles a batch. */
async function handle(app: App, ...bodies: unknown[]) {
  const messages = bodies.map((body, index) => ({ id: `v${index}`, timestamp: new Date(), attempts: 1, body }));
  const batch = createMessageBatch("headspring-wake-ups", messages);
  await handleWakeUps(app, env, batch);
  return getQueueResult(batch, createExecutionContext());
}

/** Hears what a store's log is asked, before it is. */
function watchLog(store: string, hear: Partial<Record<keyof LogRpc, (given: unknown) => void>>): void {
  const getByName = env.LOGS.getByName.bind(env.LOGS);
  vi.spyOn(env.LOGS, "getByName").mockImplementation((name) => {
    const real = getByName(name);
    if (name !== store) return real;
    return new Proxy(real, {
      get(target, method) {
        const heard = hear[method as keyof LogRpc];
        if (!heard) return Reflect.get(target, method) as unknown;
        return (...given: unknown[]) => {
          heard(given[0]);
          return (target as unknown as Record<string | symbol, (...given: unknown[]) => unknown>)[method]?.(...given);
        };
      },
    });
  });
}

describe("a wake-up", () => {
  it("is acknowledged, with all its repeats, once its consumer has run", async () => {
    const { store, read, consumer } = quietStore("acknowledged");
    await read("s", 1);
    const wakeUp = { store, consumer: "values", head: 1 };
    const { explicitAcks, retryMessages, outcome } = await deliver(wakeUp, wakeUp, { ...wakeUp, head: 0 });
    expect(outcome).toBe("ok");
    expect(explicitAcks).toHaveLength(3);
    expect(retryMessages).toEqual([]);
    expect(await consumer("values")).toMatchObject({ status: "live", position: 1 });
  });

  it("only asks its consumer to look: a head that is too low or too high changes nothing", async () => {
    const { store, read, rows, folded, consumer } = quietStore("head");
    await read("s", 1);
    await read("s", 2);
    await deliver({ store, consumer: "values", head: 1 });
    expect((await consumer("values")).position).toBe(2);
    await deliver({ store, consumer: "values", head: 99 });
    expect(await rows(values)).toEqual(await folded(values));
  });

  it("for a store that was never written to finds nothing to do", async () => {
    const { wake, rows } = quietStore("empty");
    expect((await wake("values", "relay")).explicitAcks).toHaveLength(2);
    expect((await rows(values)).size).toBe(0);
  });

  it("for a consumer that this deployment does not have is acknowledged", async () => {
    const { wake, read } = quietStore("unknown");
    await read("s", 1);
    expect((await wake("of-an-earlier-deployment", "wh_removed")).explicitAcks).toHaveLength(2);
  });

  it("reports to the log at once how far its consumer is, even if another one of the same batch takes long", async () => {
    const { store, read, sent, logObject } = quietStore("each");
    await read("s", 1);
    const { promise: slow, resolve: release } = Promise.withResolvers<void>();
    const dawdle = effect("dawdle", {
      from: reading,
      records: payment,
      start: "beginning",
      on: {
        Read: async () => {
          await slow;
          return nothing();
        },
      },
    });
    const app = defineApp({ categories: [reading, payment], views: [values], processors: [dawdle] });
    const running = handle(app, { store, consumer: "dawdle", head: 1 }, { store, consumer: "values", head: 1 });
    await eventually(async () => {
      const before = sent().length;
      await runDurableObjectAlarm(logObject());
      const rung = sent()
        .slice(before)
        .flatMap(({ body }) => body.consumers);
      expect(rung).toContain("relay");
      expect(rung).not.toContain("values");
    });
    release();
    await running;
  });

  it("of a consumer that takes long reports to the log again and again that it is at work, and no more once it has ended", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    try {
      const { store, read } = quietStore("signs");
      await read("s", 1);
      const told: Acknowledgement[] = [];
      watchLog(store, { acknowledge: (given) => void told.push(...(given as Acknowledgement[])) });
      const { promise: slow, resolve: release } = Promise.withResolvers<void>();
      const dawdle = effect("dawdle", {
        from: reading,
        records: payment,
        start: "beginning",
        on: {
          Read: async () => {
            await slow;
            return nothing();
          },
        },
      });
      const running = handle(defineApp({ categories: [reading, payment], processors: [dawdle] }), {
        store,
        consumer: "dawdle",
        head: 1,
        asOf: 1,
      });
      for (let sign = 1; sign <= 3; sign++) {
        await vi.advanceTimersByTimeAsync(AT_WORK_MS);
        await eventually(() => expect(told).toHaveLength(sign));
      }
      expect(new Set(told.map((one) => JSON.stringify(one)))).toEqual(
        new Set([JSON.stringify({ consumer: "dawdle", position: -1, working: true, asOf: 1 })]),
      );
      release();
      await running;
      await vi.advanceTimersByTimeAsync(10 * AT_WORK_MS);
      expect(told.slice(3)).toEqual([{ consumer: "dawdle", position: 1, resting: false, asOf: 1 }]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("of a view that is far behind is acted on by one worker at most, which builds its table; the others leave", async () => {
    const { store, post, rows } = quietStore("chain");
    const pages = 4;
    for (let page = 0; page < pages; page++)
      await post(`/streams/reading/s${page}`, { events: Array.from({ length: 500 }, () => ({ type: "Read", data: { value: 1 } })) });
    const told: Acknowledgement[] = [];
    let reads = 0;
    watchLog(store, { read: () => void (reads += 1), acknowledge: (given) => void told.push(...(given as Acknowledgement[])) });
    const workers = 8;
    await Promise.all(Array.from({ length: workers }, () => deliver({ store, consumer: "values", head: 1 })));
    expect(reads).toBeLessThanOrEqual(workers + pages);
    expect(told.filter(({ working }) => working)).toHaveLength(workers - 1);
    expect(told.filter(({ working }) => !working)).toMatchObject([{ position: 500 * pages }]);
    expect((await rows(values)).get("any")).toEqual({ value: "any", count: 500 * pages });
  });

  it("after a worker has died while it built a view lets another one go on when the dead one's time is over", async () => {
    const { store, post, wake, consumer } = quietStore("dead");
    for (let page = 0; page < 2; page++)
      await post(`/streams/reading/s${page}`, { events: Array.from({ length: 500 }, () => ({ type: "Read", data: { value: 1 } })) });
    const dead = viewConsumer(storeNamed(store), values);
    await dead.checkpoint.load();
    await dead.checkpoint.take({}, 0);
    await wake("values");
    expect(await consumer("values")).toMatchObject({ position: 0 });
    later(CATCH_UP_HOLD_MS);
    await wake("values");
    expect(await consumer("values")).toMatchObject({ status: "live", position: 1_000 });
  });

  it("from before a consumer went on does not silence the consumer: what it reports of that moment no longer counts", async () => {
    const { store, read, post, settle, sent, json } = quietStore("stale");
    await read("s", 1);
    await settle();
    await post("/consumers/values/pause", {});
    await read("s", 2);
    const rungFor = async (value: number) => {
      later(NOTIFY_AGAIN_MS);
      const before = sent().length;
      await read("s", value);
      await eventually(() => expect(sent().length).toBeGreaterThan(before));
      await scheduler.wait(0);
      return sent()
        .slice(before)
        .flatMap(({ body }) => body.consumers);
    };
    const latest = () => sent().findLast(({ body }) => body.consumers.includes("values"))!.body;
    const paused = latest();
    await deliver(paused);
    expect(await rungFor(3)).not.toContain("values"); // it rests, and has said so
    const { head } = await json("/log/head");
    const stale = [{ consumer: "values", position: 2, resting: true, asOf: paused.asOf! }];
    await post("/consumers/values/resume", {});
    await env.LOGS.getByName(store).acknowledge(stale); // was on its way
    await env.LOGS.getByName(store).acknowledge([{ consumer: "values", position: head, asOf: paused.asOf! }]);
    await env.LOGS.getByName(store).acknowledge([{ consumer: "values", position: 0, resting: true }]); // of a version that says no moment
    expect(await rungFor(4)).toContain("values");
    expect(latest().asOf).toBeGreaterThan(paused.asOf!);
  });

  it("that is malformed is dropped, and does not take the others with it", async () => {
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
      { store, head: 1 },
      { store, consumers: [], head: 1 },
      { store, consumers: "values", head: 1 },
      { store, consumers: ["values", "no/name"], head: 1 },
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

  it("that was delivered too often is given up, which is logged and loses nothing", async () => {
    const errors = vi.spyOn(console, "error").mockReturnValue();
    const { store, read, settle, rows, folded, consumer } = quietStore("dead");
    await read("s", 1);
    const body = { store, consumer: "values", head: 1 };
    expect((await arrive("acme-nudges", { attempts: WAKE_UP_ATTEMPTS + 1, body })).explicitAcks).toHaveLength(1);
    const message = "a wake-up was given up: its consumer could not run";
    expect(errors).toHaveBeenCalledExactlyOnceWith({ message, messageId: "1", store, consumer: "values" });
    expect(await consumer("values")).toMatchObject({ position: 0 });
    await settle();
    expect(await rows(values)).toEqual(await folded(values));
  });

  it("for several consumers runs each of them once, even if other messages name it too, and is acknowledged when all have run", async () => {
    const { store, read, sent, consumers } = quietStore("several");
    await read("s", 1);
    const { explicitAcks, retryMessages } = await deliver(
      { store, consumers: ["values", "totals", "values"], head: 1 },
      { store, consumer: "totals", head: 1 },
      { store, consumers: ["totals", "relay"], head: 1 },
    );
    expect([explicitAcks.length, retryMessages.length]).toEqual([3, 0]);
    const woken = new Set(["values", "totals", "relay"]);
    expect((await consumers()).filter(({ name, position }) => position > 0 && woken.has(name))).toHaveLength(3);
    expect(sent().filter(({ delaySeconds }) => delaySeconds !== undefined)).toEqual([]);
  });

  describe("some of whose consumers could not run", () => {
    /** A store with a webhook, which needs no database, and the outcome of these messages while the database is out of reach. */
    async function withoutDatabase(name: string, bodies: (store: string, webhook: string) => unknown[], isRefused = false) {
      vi.spyOn(console, "warn").mockReturnValue();
      const { store, post, read, sent, refuse } = quietStore(name);
      await read("s", 1);
      const { id } = await (await post("/webhooks", { url: "http://receiver.test/" })).json<{ id: string }>();
      const prepare = vi.spyOn(env.VIEWS, "prepare").mockImplementation(() => {
        throw new Error("D1 is away");
      });
      refuse(isRefused);
      const { explicitAcks, retryMessages } = await deliver(...bodies(store, id));
      prepare.mockRestore();
      refuse(false);
      const again = sent().flatMap(({ body: { consumers }, delaySeconds }) =>
        delaySeconds === undefined ? [] : [{ consumers, delaySeconds }],
      );
      return { acknowledged: explicitAcks.length, retried: retryMessages.length, again };
    }

    it("is followed by one that names those alone", async () => {
      expect(await withoutDatabase("some", (store, webhook) => [{ store, consumers: ["values", webhook, "totals"], head: 1 }])).toEqual({
        acknowledged: 1,
        retried: 0,
        again: [{ consumers: ["values", "totals"], delaySeconds: 5 }],
      });
    });

    it("comes back itself if none of them could, so that the queue counts its attempts", async () => {
      expect(await withoutDatabase("none", (store) => [{ store, consumers: ["values", "totals"], head: 1 }])).toEqual({
        acknowledged: 0,
        retried: 1,
        again: [],
      });
    });

    it("wakes no consumer twice that is in several messages", async () => {
      const bodies = (store: string, webhook: string) => [
        { store, consumers: [webhook, "values"], head: 1 },
        { store, consumers: ["values", webhook, "totals"], head: 1 },
        { store, consumers: ["totals"], head: 1 },
      ];
      expect(await withoutDatabase("shared", bodies)).toEqual({
        acknowledged: 2,
        retried: 1,
        again: [{ consumers: ["values"], delaySeconds: 5 }],
      });
    });

    it("comes back whole when the queue accepts no other", async () => {
      const bodies = (store: string, webhook: string) => [
        { store, consumers: [webhook, "values"], head: 1 },
        { store, consumer: webhook, head: 1 },
      ];
      expect(await withoutDatabase("refused", bodies, true)).toEqual({ acknowledged: 1, retried: 1, again: [] });
    });
  });

  it.each(["acme-nudges", "headspring-dead-wake-ups", "dead-letters-of-acme"])("arrives by whatever queue: %s", async (queue) => {
    const { store, read, consumer } = quietStore(`queue-${queue}`);
    await read("s", 1);
    const body = { store, consumer: "values", head: 1 };
    expect((await arrive(queue, { attempts: WAKE_UP_ATTEMPTS, body })).explicitAcks).toHaveLength(1);
    expect(await consumer("values")).toMatchObject({ status: "live", position: 1 });
  });
});

describe("two versions of the code side by side", () => {
  const step = (name: string, by: number) =>
    view(name, {
      from: reading,
      row: z.object({ id: z.string(), count: z.int() }),
      key: "id",
      revision: by,
      on: { Read: (row, { stream }) => ({ id: streamIdOf(stream), count: (row?.count ?? 0) + by }) },
    });

  it("leave a consumer that only one of them has to that one: the log goes on waking it", async () => {
    const { store, read, settle, sent, rows, folded } = quietStore("newcomer");
    await read("s", 1);
    await settle();
    await read("s", 2);
    const wakeUp = () => sent().findLast(({ body }) => body.consumers.includes("values"))!.body;
    await eventually(() => expect(wakeUp().head).toBeGreaterThan(1));
    const older = defineApp({ categories: [reading] });
    expect((await handle(older, wakeUp())).explicitAcks).toHaveLength(1);
    const before = sent().length;
    later(NOTIFY_AGAIN_MS);
    await runDurableObjectAlarm(env.LOGS.getByName(store));
    const rung = sent().slice(before);
    expect(rung.flatMap(({ body }) => body.consumers)).toContain("values");
    await deliver(...rung.map(({ body }) => body));
    expect(await rows(values)).toEqual(await folded(values));
  });

  it("do not undo each other's work: a changed view is built and served once, reactions happen once, and no consumer fails", async () => {
    const { store, read, log } = quietStore("versions");
    const older = defineApp({ categories: [reading, alarm], views: [step("stepped", 1)], processors: [raise] });
    const newer = defineApp({ categories: [reading, alarm], views: [step("stepped", 10)], processors: [raise] });
    const wakeUps = ["stepped", "raise"].map((consumer) => ({ store, consumer, head: 0 }));
    const answers = async (app: App) => (await queryView(storeNamed(store), app.views.get("stepped")!, { limit: 10 })).rows;
    await read("s", 1);
    await handle(older, ...wakeUps);
    expect(await answers(older)).toEqual([{ id: "s", count: 1 }]);
    const seen: unknown[] = [];
    for (let round = 2; round <= 6; round++) {
      await read("s", round);
      await Promise.all([handle(older, ...wakeUps), handle(newer, ...wakeUps)]);
      await handle(newer, ...wakeUps);
      await handle(older, ...wakeUps);
      seen.push(...(await answers(newer)));
    }
    expect(seen).toEqual([2, 3, 4, 5, 6].map((round) => ({ id: "s", count: 10 * round })));
    const raised = (await log()).filter(({ type }) => type === "Raised");
    expect(raised.map(({ stream, version }) => `${stream}/${version}`)).toEqual([1, 2, 3, 4, 5, 6].map((version) => `alarm/s/${version}`));
    const { results } = await env.VIEWS.prepare(`SELECT status, error, failures FROM headspring_checkpoints WHERE store = ?`)
      .bind(store)
      .all();
    expect(results.every(({ status, error, failures }) => status === "active" && error === null && failures === 0)).toBe(true);
  });
});

describe("a consumer whose wake-ups were all lost", () => {
  it("catches up with the cron's sweep", async () => {
    const { read, wake, sent, rows } = quietStore("sweep");
    await read("s", 1);
    await wake("values"); // stores whose consumers have run once are known to the sweep
    await read("s", 2);
    const lost = sent().length;
    await worker.scheduled(createScheduledController(), env, createExecutionContext());
    await eventually(() =>
      expect(
        sent()
          .slice(lost)
          .flatMap(({ body }) => body.consumers),
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
