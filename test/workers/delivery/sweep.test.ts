/** What the cron's sweep asks of stores, and which consumers it wakes. Wake-ups are counted, and so are the calls to logs. */

import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import type { App } from "../../../src/definitions/app.ts";
import { sweep } from "../../../src/operations/sweep.ts";
import { defineApp, streamIdOf, view } from "../../../src/index.ts";
import { SWEEP_IDLE_MS } from "../../../src/operations/limits.ts";
import { DIRECTORY } from "../../../src/store/catalog-protocol.ts";
import { app, reading, sample } from "../app.ts";
import { consumersInCode } from "../../../src/definitions/consumers.ts";
import type { SweepAnswer } from "../../../src/store/log-consumers.ts";
import { capped } from "../faults/capped.ts";
import { storeNamed } from "../support.ts";
import { deliver, forgetful, naming, quietStore } from "./support.ts";

afterEach(() => vi.restoreAllMocks());

/** Counts how often a store's log is looked up. */
function logCalls(store: string): { readonly count: () => number } {
  const getByName = env.LOGS.getByName.bind(env.LOGS);
  let count = 0;
  vi.spyOn(env.LOGS, "getByName").mockImplementation((name) => {
    if (name === store) count += 1;
    return getByName(name);
  });
  return { count: () => count };
}

/** A store in which everybody is at the head, the log has nothing in memory, and its alarm has ended. */
async function restingStore(name: string) {
  const store = quietStore(name);
  const swept = async (code: App = app) => {
    const before = store.sent().length;
    await sweep(code, env);
    return store
      .sent()
      .slice(before)
      .flatMap(({ body }) => body.consumers);
  };
  /** Everybody works, again and again, until only the one that is named is behind. */
  const settle = async (except?: string) => {
    do {
      const before = store.sent().length;
      await forgetful(store.logObject());
      await runDurableObjectAlarm(store.logObject());
      await deliver(...naming(store.sent().slice(before), (consumer) => consumer !== except));
    } while ((await store.consumers()).some(({ name: one, lag }) => one !== except && lag > 0));
  };
  const rest = async () => {
    for (;;) {
      await settle();
      const before = store.sent().length;
      if (!(await runDurableObjectAlarm(store.logObject()))) break;
      // Each consumer that is woken answers: on a slow machine an earlier answer may have come to an object that was gone.
      await deliver(
        ...store
          .sent()
          .slice(before)
          .map(({ body }) => body),
      );
    }
    await evictDurableObject(store.logObject());
  };
  const later = (ms: number) =>
    env.VIEWS.prepare(`UPDATE headspring_swept SET since = since - ?1, looked_at = looked_at - ?1 WHERE store = ?2`)
      .bind(ms, store.store)
      .run();
  await env.VIEWS.prepare(`DELETE FROM headspring_swept WHERE store = ''`) // each test begins with the first store
    .run()
    .catch(() => {});
  await store.read("s", 1);
  await rest();
  return { ...store, settle, swept, rest, later };
}

describe("a store at rest", () => {
  it("costs one request in a sweep, and wakes nobody", async () => {
    const { store, swept, logObject } = await restingStore("rest");
    for (let time = 1; time <= 3; time++) {
      const calls = logCalls(store);
      expect(await swept()).toEqual([]);
      expect(calls.count()).toBe(1);
      vi.mocked(env.LOGS.getByName).mockRestore();
      await evictDurableObject(logObject());
    }
    expect(await runInDurableObject(logObject(), (_instance, { storage }) => storage.getAlarm())).toBeNull();
  });

  it("costs none once it has rested for a day, and is asked once a day from then on", async () => {
    const { store, swept, later } = await restingStore("day");
    const calls = logCalls(store);
    await swept();
    await later(SWEEP_IDLE_MS - 60_000);
    await swept();
    expect(calls.count()).toBe(2);
    await later(60_000);
    await swept();
    expect(calls.count()).toBe(3);
    for (let time = 1; time <= 3; time++) await swept();
    expect(calls.count()).toBe(3);
    await later(SWEEP_IDLE_MS);
    for (let time = 1; time <= 3; time++) await swept();
    expect(calls.count()).toBe(4);
  });

  it("is asked again as soon as one of its consumers has moved, even after a day at rest", async () => {
    const { store, swept, later, read, rest } = await restingStore("moved");
    await swept();
    await later(SWEEP_IDLE_MS);
    await swept();
    const calls = logCalls(store);
    await swept();
    expect(calls.count()).toBe(0);
    vi.mocked(env.LOGS.getByName).mockRestore();
    await read("s", 2);
    await rest();
    const again = logCalls(store);
    await swept();
    expect(again.count()).toBe(1);
  });

  it("is asked again when the code has another view, which is then built; the other stores are left alone", async () => {
    const { store, swept, later } = await restingStore("deployed");
    await swept();
    await later(SWEEP_IDLE_MS);
    await swept();
    const calls = logCalls(store);
    expect(await swept()).toEqual([]);
    const changed = view("values", {
      from: reading,
      row: z.object({ value: z.string(), count: z.int() }),
      key: "value",
      revision: "another",
      on: { Read: (row, { stream }) => ({ value: streamIdOf(stream), count: (row?.count ?? 0) + 1 }) },
    });
    const newer = defineApp({ categories: [reading], views: [changed], processors: [] });
    expect(await swept(newer)).toContain("values");
    expect(calls.count()).toBe(1);
  });

  it("does not wake a paused consumer, and wakes a resumed one whose wake-up got lost", async () => {
    const { swept, settle, post, read, logObject } = await restingStore("paused");
    await post("/consumers/values/pause", {});
    await read("s", 2);
    await settle("values");
    await evictWithoutAlarm(logObject());
    expect(await swept()).toEqual([]);
    await post("/consumers/values/resume", {});
    await evictWithoutAlarm(logObject());
    expect(await swept()).toEqual(["values"]);
  });
});

/** As if the platform had lost the alarm. */
async function evictWithoutAlarm(logObject: DurableObjectStub): Promise<void> {
  await runInDurableObject(logObject, (_instance, { storage }) => storage.deleteAlarm());
  await evictDurableObject(logObject);
}

describe("a consumer whose checkpoint is behind, with nothing for it in between,", () => {
  const positions = async (store: string) => {
    const { results } = await env.VIEWS.prepare(`SELECT DISTINCT position FROM headspring_checkpoints WHERE store = ?`)
      .bind(store)
      .all<{ position: number }>();
    return results.map(({ position }) => position);
  };

  it("is not woken: the sweep moves its checkpoint to the head, once, and the store is at rest", async () => {
    const { store, swept, post, logObject, rest } = await restingStore("passed");
    await swept();
    await post("/streams/sample/s", { type: "Read", data: { value: 1 } });
    await rest();
    expect(await swept()).toEqual([]);
    expect(await positions(store)).toEqual([3]); // the relay has answered the first one
    await evictDurableObject(logObject());
    const { looked_at: before } = (await env.VIEWS.prepare(`SELECT * FROM headspring_swept WHERE store = ?`).bind(store).first())!;
    expect(await swept()).toEqual([]);
    expect((await env.VIEWS.prepare(`SELECT * FROM headspring_swept WHERE store = ?`).bind(store).first())!.looked_at).toBe(before);
  });

  it("is not moved past events that only newer code follows, by the sweep of either code", async () => {
    const { store, read, rest, post, wake } = await restingStore("newer");
    await post("/streams/sample/s", { type: "Read", data: { value: 1 } });
    await read("s", 2);
    await wake("relay");
    await rest();
    const wide = view("values", {
      from: [reading, sample],
      row: z.object({ value: z.string(), count: z.int() }),
      key: "value",
      on: { Read: (row, { stream }) => ({ value: streamIdOf(stream), count: (row?.count ?? 0) + 1 }) },
    });
    const answer = (code: App) =>
      env.LOGS.getByName(store).wakeBehind({
        standings: [{ consumer: "values", position: 2, ...consumersInCode(code, env).filters.get("values") }],
      });
    await post("/streams/sample/s", { type: "Read", data: { value: 3 } });
    const { passed: byOlder } = (await answer(defineApp({ categories: [reading, sample], views: [] }))) as SweepAnswer;
    expect(byOlder).not.toContain("values");
    const newer = defineApp({ categories: [reading, sample], views: [wide] });
    const { passed, behind } = (await answer(newer)) as SweepAnswer;
    expect(passed).not.toContain("values");
    expect(behind).toBeGreaterThan(0);
  });
});

describe("a view that the store's catalog declares", () => {
  const catalogCalls = (store: string) => {
    const getByName = env.CATALOGS.getByName.bind(env.CATALOGS);
    let count = 0;
    vi.spyOn(env.CATALOGS, "getByName").mockImplementation((name) => {
      if (name === store) count += 1;
      return getByName(name);
    });
    return () => count;
  };

  it("is made known to the log by the next sweep, if its declaration broke off before that, and so is its deletion", async () => {
    const { store, swept, logObject, send } = await restingStore("unregistered");
    await swept();
    await swept();
    const { log } = storeNamed(store, app);
    /** The request comes as far as the catalog. */
    const brokenOff = async (method: string, body?: object) => {
      const getByName = env.LOGS.getByName.bind(env.LOGS);
      const lost = async () => {
        throw new Error("the log is out of reach, as the test wants");
      };
      const spy = vi.spyOn(env.LOGS, "getByName").mockImplementation((name) => {
        const stub = getByName(name);
        if (name !== store) return stub;
        return new Proxy(stub, { get: (target, property) => (property === "keepDeclared" ? lost : Reflect.get(target, property)) });
      });
      const errors = vi.spyOn(console, "error").mockReturnValue();
      expect((await send(method, "/views/late", body)).status).toBe(500);
      errors.mockRestore();
      spy.mockRestore();
      await evictDurableObject(logObject());
    };
    await brokenOff("PUT", { from: "reading" });
    expect(await log.subscribers()).toEqual([]);
    expect(await swept()).toContain("late");
    expect(await log.subscribers()).toEqual(["late"]);
    await brokenOff("DELETE");
    expect(await log.subscribers()).toEqual(["late"]);
    expect(await swept()).not.toContain("late");
    expect(await log.subscribers()).toEqual([]);
    expect((await send("PUT", "/views/late", { from: "reading" })).status).toBe(201);
  });

  it("is woken by the sweep when it is behind and nothing else wakes it any more, and then its store is at rest", async () => {
    const { swept, settle, rest, read, send, logObject, json } = await restingStore("declared-behind");
    await send("PUT", "/views/late", { from: "reading" });
    await rest();
    expect(await swept()).toEqual([]);
    await read("s", 2);
    await settle("late");
    await evictWithoutAlarm(logObject());
    expect(await swept()).toEqual(["late"]);
    await rest();
    expect((await json("/views/late")).rows).toHaveLength(1);
    expect(await swept()).toEqual([]);
  });

  it("costs a resting store its calls to the catalog for a day at most, and costs a store without any such view none", async () => {
    const plain = await restingStore("no-views");
    await plain.swept();
    const ofPlain = catalogCalls(plain.store);
    await plain.swept();
    expect(ofPlain()).toBe(0);
    vi.restoreAllMocks();
    const store = await restingStore("resting-view");
    await store.send("PUT", "/views/late", { from: "reading" });
    await store.rest();
    await store.swept();
    const calls = catalogCalls(store.store);
    await store.swept();
    expect(calls()).toBe(1);
    const now = Date.now();
    vi.spyOn(Date, "now").mockImplementation(() => now + SWEEP_IDLE_MS - 1);
    await store.swept();
    expect(calls()).toBe(2);
    await env.VIEWS.prepare(`UPDATE headspring_swept SET since = since - ? WHERE store = ?`).bind(SWEEP_IDLE_MS, store.store).run();
    await store.swept();
    expect(calls()).toBe(2);
  });
});

describe("a consumer that is behind although nothing wakes it any more", () => {
  it("is woken by the sweep, alone, when messages and the log's alarm were lost", async () => {
    const { swept, settle, read, logObject } = await restingStore("behind");
    await swept();
    await read("s", 2);
    await settle("values");
    await evictWithoutAlarm(logObject());
    expect(await swept()).toEqual(["values"]);
    expect(await runInDurableObject(logObject(), (_instance, { storage }) => storage.getAlarm())).not.toBeNull();
  });

  it("is woken although it had reported that it was at the head: D1 has been restored to an earlier time since", async () => {
    const { store, swept, read, settle } = await restingStore("back");
    await read("s", 2);
    await settle();
    await env.VIEWS.prepare(`DROP TRIGGER IF EXISTS headspring_checkpoint_guard`).run();
    await env.VIEWS.prepare(`UPDATE headspring_checkpoints SET position = 1, moved_from = 1 WHERE store = ? AND consumer = 'relay'`)
      .bind(store)
      .run();
    expect(await swept()).toEqual(["relay"]);
  });

  it("keeps its store from counting as at rest", async () => {
    const { store, swept, read, logObject } = await restingStore("restless");
    await swept();
    await read("s", 2);
    await evictWithoutAlarm(logObject());
    await swept();
    const mark = await env.VIEWS.prepare(`SELECT * FROM headspring_swept WHERE store = ?`).bind(store).first();
    expect(mark).toBeNull();
  });
});

describe("a webhook, whose position is not in D1,", () => {
  it("is woken by the first sweep after something has moved, and then by none for a day", async () => {
    const { swept, post, read, rest, later, logObject } = await restingStore("hooked");
    const { id } = await (await post("/webhooks", { url: "http://receiver.test/", types: ["Nothing"] })).json<{ id: string }>();
    await read("s", 2);
    await rest();
    expect(await swept()).toEqual([id]);
    await rest();
    for (let time = 1; time <= 2; time++) {
      expect(await swept()).toEqual([]);
      await evictDurableObject(logObject());
    }
    await later(SWEEP_IDLE_MS);
    expect(await swept()).toEqual([id]);
  });

  it("is woken by each sweep while the log's alarm shows that a consumer is behind", async () => {
    const { swept, post, read, logObject } = await restingStore("alarmed");
    const { id } = await (await post("/webhooks", { url: "http://receiver.test/", types: ["Nothing"] })).json<{ id: string }>();
    await read("s", 2);
    for (let time = 1; time <= 2; time++) {
      await evictDurableObject(logObject());
      expect(await swept()).toContain(id);
    }
    await evictDurableObject(logObject());
    const standings = [...app.views.keys(), ...app.processors.keys()].map((consumer) => ({ consumer, position: 1_000 }));
    expect(await logObject().wakeBehind({ standings })).toMatchObject({ behind: 1 }); // also when the look is not thorough
  });
});

describe("many stores", () => {
  const names = Array.from({ length: 130 }, (_, index) => `zz-many-${String(index).padStart(3, "0")}`);

  afterEach(async () => {
    await env.VIEWS.prepare(`DELETE FROM headspring_checkpoints WHERE store LIKE 'zz-many-%'`).run();
    // Else each sweep of the tests after these asks them all, which takes its time.
    await runInDurableObject(env.CATALOGS.getByName(DIRECTORY), (_instance, { storage }) => {
      storage.sql.exec(`DELETE FROM stores WHERE name LIKE 'zyzz-many-%'`);
    });
  });

  /** As many stores as have a checkpoint; which of their logs were asked. */
  async function manyStores(): Promise<string[]> {
    await env.VIEWS.batch(
      names.map((name) =>
        env.VIEWS.prepare(
          `INSERT OR IGNORE INTO headspring_checkpoints (store, consumer, generation, position, moved_from, born_at, started_at)
           VALUES (?, 'relay', '', 0, 0, 0, 0)`,
        ).bind(name),
      ),
    );
    const asked: string[] = [];
    const getByName = env.LOGS.getByName.bind(env.LOGS);
    vi.spyOn(env.LOGS, "getByName").mockImplementation((name) => {
      asked.push(name);
      return new Proxy(getByName(name), {
        get: (target, method) => (method === "wakeBehind" ? async () => ({ behind: 1, passed: [], head: 1 }) : Reflect.get(target, method)),
      });
    });
    return asked;
  }

  it("are all asked in one sweep as long as they fit, page by page", async () => {
    await restingStore("first"); // so that there is a database
    const asked = await manyStores();
    await sweep(app, env);
    // Several at a time: in any order.
    expect(asked.filter((name) => names.includes(name)).toSorted()).toEqual(names);
  });

  it("are begun again from the first when an earlier sweep had reached the last", async () => {
    const store = await restingStore("again");
    await sweep(app, env);
    await env.VIEWS.prepare(`INSERT OR REPLACE INTO headspring_swept VALUES ('', '~', 0, 0)`).run();
    const calls = logCalls(store.store);
    await sweep(app, env);
    expect(calls.count()).toBe(0);
    await sweep(app, env);
    expect(calls.count()).toBeGreaterThan(0);
  });

  it("are asked by one sweep after the other, each within its invocation's limits, and then from the beginning", async () => {
    await restingStore("pieces");
    const asked = await manyStores();
    const turns: number[] = [];
    while (turns.length < names.length && !asked.includes(names.at(-1) ?? "")) {
      const before = asked.length;
      await sweep(app, capped(50, 50, "free"));
      turns.push(asked.length - before);
    }
    expect(Math.max(...turns)).toBeLessThan(25);
    expect(Math.min(...turns)).toBeGreaterThan(0);
    expect(new Set(asked).size).toBe(asked.length); // nobody twice
    expect(asked.filter((name) => names.includes(name)).toSorted()).toEqual(names);
    await sweep(app, capped(50, 50, "free"));
    expect(new Set(asked).size).toBeLessThan(asked.length);
  });

  it("do not suffer from one whose log is out of reach: the next sweep asks it again", async () => {
    const warnings = vi.spyOn(console, "warn").mockReturnValue();
    const first = await restingStore("broken");
    const second = await restingStore("broken-not");
    const getByName = env.LOGS.getByName.bind(env.LOGS);
    const asked: string[] = [];
    let fails = true;
    vi.spyOn(env.LOGS, "getByName").mockImplementation((name) => {
      asked.push(name);
      if (fails && name === first.store) throw new Error("the log is out of reach, as the test wants");
      return getByName(name);
    });
    const ours = () =>
      asked
        .splice(0)
        .filter((name) => name === first.store || name === second.store)
        .toSorted();
    await sweep(app, env);
    expect(ours()).toEqual([first.store, second.store]);
    expect(warnings).toHaveBeenCalledTimes(1);
    fails = false;
    await sweep(app, env);
    expect(ours()).toEqual([first.store, second.store]);
    expect(warnings).toHaveBeenCalledTimes(1);
  });

  it("are found page by page, even by the directory alone", async () => {
    await restingStore("listed");
    const directory = env.CATALOGS.getByName(DIRECTORY);
    const listed = names.map((name) => `zy${name}`);
    await Promise.all(listed.map((name) => directory.placeStore(name, {})));
    const asked = await manyStores();
    for (let times = 0; times < 40 && !asked.includes(listed.at(-1) ?? ""); times++) await sweep(app, capped(50, 50, "free"));
    const found = asked.filter((name) => name.startsWith("zyzz"));
    expect([...new Set(found)].toSorted()).toEqual(listed);
  });
});

describe("a store in which no consumer has a checkpoint", () => {
  const onlyWebhooks = defineApp({ categories: [reading] });
  beforeEach(async () => void (await restingStore("begun"))); // the sweep begins with the first store

  it("is found through the directory: the webhooks of an app that has no other consumers are woken", async () => {
    const { store, post, read, sent, logObject } = quietStore("only-webhooks");
    const { id } = await (await post("/webhooks", { url: "http://receiver.test/", types: ["Nothing"] })).json<{ id: string }>();
    await read("s", 1);
    const rung = async () => {
      await evictWithoutAlarm(logObject());
      const before = sent().length;
      await sweep(onlyWebhooks, env);
      return sent()
        .slice(before)
        .some(({ body }) => body.consumers.includes(id));
    };
    expect(await env.VIEWS.prepare(`SELECT * FROM headspring_checkpoints WHERE store = ?`).bind(store).first()).toBeNull();
    expect(await rung()).toBe(true);
  });

  it("has its views and processors woken when all their wake-ups were lost", async () => {
    const { read, sent, logObject } = quietStore("unheard-of");
    await read("s", 1);
    await evictWithoutAlarm(logObject());
    const before = sent().length;
    await sweep(app, env);
    expect(
      sent()
        .slice(before)
        .flatMap(({ body }) => body.consumers),
    ).toContain("values");
  });

  it("wakes no consumer and comes to rest while nothing has been written to it", async () => {
    const { store, send, sent } = quietStore("placed-only");
    expect((await send("PUT", "", {})).status).toBe(201);
    const calls = logCalls(store);
    for (let time = 1; time <= 3; time++) await sweep(app, env);
    expect(calls.count()).toBe(3);
    await env.VIEWS.prepare(`UPDATE headspring_swept SET since = since - ?1, looked_at = looked_at - ?1 WHERE store = ?2`)
      .bind(SWEEP_IDLE_MS, store)
      .run();
    for (let time = 1; time <= 3; time++) await sweep(app, env);
    expect(calls.count()).toBe(4);
    expect(sent()).toEqual([]);
  });

  it("is missed while the directory is out of reach; other stores are not", async () => {
    const warnings = vi.spyOn(console, "warn").mockReturnValue();
    const { store } = await restingStore("known-to-d1");
    const placed = quietStore("known-to-the-directory");
    await placed.read("s", 1);
    const getByName = env.CATALOGS.getByName.bind(env.CATALOGS);
    vi.spyOn(env.CATALOGS, "getByName").mockImplementation((name) => {
      if (name === DIRECTORY) throw new Error("the directory is out of reach, as the test wants");
      return getByName(name);
    });
    const asked = vi.spyOn(env.LOGS, "getByName");
    await sweep(app, env);
    const found = new Set(asked.mock.calls.map(([name]) => name));
    expect([found.has(store), found.has(placed.store)]).toEqual([true, false]);
    expect(warnings).toHaveBeenCalledWith(expect.objectContaining({ message: expect.stringContaining("the directory of stores") }));
  });
});
