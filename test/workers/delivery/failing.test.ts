import { storeNamed } from "../support.ts";
import { env } from "cloudflare:workers";
import { type MockInstance, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { view } from "../../../src/index.ts";
import { catchUp } from "../../../src/consumers/catch-up.ts";
import { DEFAULT_RETRY } from "../../../src/definitions/retry.ts";
import type { RecordedEvent } from "../../../src/core/event.ts";
import { viewConsumer } from "../../../src/views/projector.ts";
import { queryView } from "../../../src/views/query.ts";
import { poison, reading, totals, values } from "../app.ts";
import { quietStore } from "./support.ts";

let errors: MockInstance<typeof console.error>;

beforeEach(() => {
  poison.active = true;
  errors = vi.spyOn(console, "error").mockReturnValue();
});
afterEach(() => vi.restoreAllMocks());

const POISON = -1;

/** A view with two rows per event that does not fold what the test says. */
const fussy = (name: string, fails: (event: RecordedEvent, key: string) => boolean) =>
  view(name, {
    from: reading,
    row: z.object({ id: z.string(), count: z.int() }),
    key: "id",
    on: {
      Read: {
        at: () => ["first", "second"],
        fold: (row, event, id) => {
          if (fails(event, id)) throw new Error("poisoned");
          return { id, count: (row?.count ?? 0) + 1 };
        },
      },
    },
  });

/** Lets the waiting time of a store's consumers pass. */
async function waitingIsOver(store: string) {
  await env.VIEWS.prepare(`UPDATE headspring_checkpoints SET next_attempt_at = 0 WHERE store = ?`).bind(store).run();
}

/** A store whose third event `values` cannot fold. */
async function poisonedStore(name: string) {
  const store = quietStore(name);
  for (const value of [1, 2, POISON, 3]) await store.read("s", value);
  const attempt = async () => {
    await waitingIsOver(store.store);
    await store.wake("values");
  };
  return { ...store, attempt };
}

describe("an event that a view cannot fold", () => {
  it("leaves everything before it committed, and is reported with what is wrong with it", async () => {
    const { wake, rows, consumer } = await poisonedStore("prefix");
    await wake("values");
    expect((await rows(values)).get("any")).toEqual({ value: "any", count: 2 });
    expect(await consumer("values")).toMatchObject({
      status: "catching-up",
      position: 2,
      head: 4,
      lag: 2,
      lagSeconds: expect.any(Number),
      attempts: 1,
      lastError: { message: "poisoned", event: { position: 3, stream: "reading/s", version: 3, type: "Read" } },
    });
  });

  it("changes none of its rows, even those that could be changed", async () => {
    const { store, read } = quietStore("rows");
    const picky = fussy("picky", ({ position }, key) => position === 2 && key === "second");
    for (const value of [1, 2]) await read("s", value);
    expect(await catchUp(viewConsumer(storeNamed(store), picky), storeNamed(store).log, Number.POSITIVE_INFINITY)).toMatchObject({
      position: 1,
    });
    expect((await queryView(storeNamed(store), picky, { limit: 10 })).rows).toEqual([
      { id: "first", count: 1 },
      { id: "second", count: 1 },
    ]);
  });

  it("is not tried again before its time", async () => {
    const { wake, consumer, sent } = await poisonedStore("backoff");
    await wake("values");
    await wake("values");
    await wake("values");
    expect(await consumer("values")).toMatchObject({ attempts: 1 });
    const again = sent().filter(({ delaySeconds }) => delaySeconds !== undefined);
    expect(again).toEqual([{ body: { store: expect.any(String), consumers: ["values"], consumer: "values", head: 0 }, delaySeconds: 2 }]); // 1 s and its jitter, in whole seconds
  });

  it("stops its consumer, on record, after the policy's last attempt and not before", async () => {
    const { attempt, consumer, rows } = await poisonedStore("failed");
    for (let attempts = 1; attempts < DEFAULT_RETRY.attempts; attempts++) {
      await attempt();
      expect(await consumer("values")).toMatchObject({ status: "catching-up", attempts });
    }
    await attempt();
    const failed = {
      status: "failed",
      position: 2,
      attempts: DEFAULT_RETRY.attempts,
      lastError: { message: "poisoned", event: { position: 3 } },
    };
    expect(await consumer("values")).toMatchObject(failed);

    poison.active = false;
    await attempt();
    expect(await consumer("values")).toMatchObject(failed); // somebody has to act
    expect((await rows(values)).get("any")).toEqual({ value: "any", count: 2 });
  });

  it("is logged when it first fails and when it is given up, not in between", async () => {
    const { attempt } = await poisonedStore("logged");
    for (let attempts = 1; attempts <= DEFAULT_RETRY.attempts; attempts++) await attempt();
    const logged = errors.mock.calls.map(([entry]) => entry);
    expect(logged).toEqual([
      expect.objectContaining({
        message: "a consumer could not process an event and will retry",
        consumer: "values",
        attempts: 1,
        position: 3,
      }),
      expect.objectContaining({
        message: "a consumer has failed and stopped",
        consumer: "values",
        attempts: DEFAULT_RETRY.attempts,
        position: 3,
      }),
    ]);
  });

  it("is folded, with all that waited behind it, once the code can", async () => {
    const { attempt, consumer, rows, folded } = await poisonedStore("cured");
    await attempt();
    await attempt();
    poison.active = false;
    await attempt();
    expect(await consumer("values")).toMatchObject({ status: "live", position: 4, attempts: 0 });
    expect(await consumer("values")).not.toHaveProperty("lastError");
    expect(await rows(values)).toEqual(await folded(values));
  });

  it("does not hold up the other consumers", async () => {
    const { attempt, settle, consumer, consumers, rows, folded, post } = await poisonedStore("others");
    for (let attempts = 1; attempts <= DEFAULT_RETRY.attempts; attempts++) await attempt();
    await post("/aggregates/counter/c/Count", {});
    const others = (await consumers()).map(({ name }) => name).filter((name) => name !== "values");
    await settle("values");
    for (const name of others) expect(await consumer(name)).toMatchObject({ status: "live", lag: 0 });
    expect(await rows(totals)).toEqual(await folded(totals));
    expect((await rows(totals)).size).toBeGreaterThan(0);
  });

  it("has its own count of attempts: another event that fails later starts from one", async () => {
    const { store, read } = quietStore("anew");
    let poisoned = 2;
    const consumer = viewConsumer(
      storeNamed(store),
      fussy("anew", ({ position }) => position === poisoned),
    );
    for (const value of [1, 2, 3, 4]) await read("s", value);
    const attempt = async () => {
      await waitingIsOver(store);
      return catchUp(consumer, storeNamed(store).log, Number.POSITIVE_INFINITY);
    };
    await attempt();
    await attempt();
    expect(await consumer.checkpoint.look()).toMatchObject({ position: 1, attempts: 2 });
    poisoned = 4;
    await attempt();
    expect(await consumer.checkpoint.look()).toMatchObject({ position: 3, attempts: 1, error: { event: { position: 4 } } });
    await attempt();
    expect(await consumer.checkpoint.look()).toMatchObject({ position: 3, attempts: 2 });
    poisoned = 0;
    await attempt();
    const last = await consumer.checkpoint.look();
    expect(last).toMatchObject({ position: 4, status: "active", attempts: 0, nextAttemptAt: 0 });
    expect(last?.error).toBeUndefined();
  });

  it("is tried only once where the policy demands that", async () => {
    const { store } = await poisonedStore("policy");
    const impatient = { ...viewConsumer(storeNamed(store), values), retry: { attempts: 1, firstDelayMs: 0, maxDelayMs: 0 } };
    expect(await catchUp(impatient, storeNamed(store).log, Number.POSITIVE_INFINITY)).toEqual({ position: 2, outcome: "resting" });
    expect(await impatient.checkpoint.look()).toMatchObject({ status: "failed", attempts: 1, position: 2 });
  });

  it("is found by position even when events of no interest come before it", async () => {
    const { post, wake, read, consumer } = quietStore("gap");
    await post("/aggregates/counter/c/Count", {});
    await read("s", POISON);
    await wake("values");
    expect(await consumer("values")).toMatchObject({ position: 1, attempts: 1, lastError: { event: { position: 2 } } });
  });
});
