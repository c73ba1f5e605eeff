import { interceptLogMethod, storeNamed } from "../support.ts";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CheckpointMoved } from "../../../src/consumers/checkpoint.ts";
import { catchUp } from "../../../src/consumers/catch-up.ts";
import { control } from "../../../src/consumers/control.ts";
import { countEvents } from "../../../src/consumers/run-count.ts";
import type { ConsumerFailure } from "../../../src/definitions/hooks.ts";
import { DEFAULT_RETRY } from "../../../src/definitions/retry.ts";
import { processorConsumer } from "../../../src/processors/processor-consumer.ts";
import { viewConsumer } from "../../../src/views/projector.ts";
import { app, poison, relay, values } from "../app.ts";
import { storedEvents } from "../log/events.ts";
import { eventually, quietStore } from "./support.ts";
import { allowErrors } from "../errors.ts";

beforeEach(() => {
  poison.active = true;
  allowErrors(/a consumer could not process an event and will retry/, /a consumer has failed and stopped/, /a hook threw/);
  vi.spyOn(console, "warn").mockReturnValue();
});
afterEach(() => vi.restoreAllMocks());

const POISON = -1;

/** A store whose second event `values` cannot fold, and which has failed at it. */
async function failedStore(name: string) {
  const store = controlled(name);
  for (const value of [1, POISON, 2]) await store.read("s", value);
  for (let attempt = 1; attempt <= DEFAULT_RETRY.attempts; attempt++) {
    await env.VIEWS.prepare(`UPDATE headspring_checkpoints SET next_attempt_at = 0 WHERE store = ?`)
      .bind(store.store)
      .run()
      .catch(() => {});
    await store.wake("values");
  }
  expect(await store.consumer("values")).toMatchObject({ status: "failed", position: 1 });
  return store;
}

function controlled(name: string) {
  const quiet = quietStore(name);
  const tell = async (consumer: string, action: string, body?: unknown) => {
    const response = await quiet.send("POST", `/consumers/${consumer}/${action}`, body);
    return { ...(await response.json<Record<string, unknown>>()), code: response.status } as Record<string, unknown> & { code: number };
  };
  return { ...quiet, tell };
}

describe("a consumer that has failed", () => {
  it("tries again at once when an operator retries it, with all attempts available again", async () => {
    const { tell, wake, consumer, rows, folded, sent } = await failedStore("retry");
    poison.active = false;
    const before = sent().length;
    expect(await tell("values", "retry")).toMatchObject({ code: 200, name: "values", attempts: 0, position: 1 });
    expect(sent().slice(before)).toContainEqual({
      body: expect.objectContaining({ store: expect.any(String), consumers: ["values"], head: 3, asOf: expect.any(Number) }),
    });
    await wake("values");
    expect(await consumer("values")).toMatchObject({ status: "live", position: 3, attempts: 0 });
    expect(await rows(values)).toEqual(await folded(values));
  });

  it("fails again when nothing was fixed", async () => {
    const { tell, wake, consumer } = await failedStore("unmended");
    await tell("values", "retry");
    await wake("values");
    expect(await consumer("values")).toMatchObject({ status: "catching-up", position: 1, attempts: 1 });
  });

  it("skips the event when an operator asks for that, on record, and folds all others", async () => {
    const { tell, wake, consumer, rows } = await failedStore("skip");
    expect(await tell("values", "skip", { position: 2 })).toMatchObject({ code: 200, position: 2 });
    await wake("values");
    expect(await consumer("values")).toMatchObject({
      status: "live",
      position: 3,
      skipped: [
        { message: "poisoned", event: { position: 2, stream: "reading/s", version: 2, type: "Read" }, skippedAt: expect.any(String) },
      ],
    });
    expect((await rows(values)).get("any")).toEqual({ value: "any", count: 2 });
  });

  it("skips no other event than the one that the operator has seen", async () => {
    const { tell, consumer } = await failedStore("other");
    expect(await tell("values", "skip", { position: 3 })).toMatchObject({
      code: 409,
      type: "/problems/action-not-possible",
      detail: "values cannot skip: the event that failed is at position 2",
    });
    expect(await consumer("values")).toMatchObject({ status: "failed", position: 1 });
  });

  it("cannot be resumed: that is for a paused one", async () => {
    const { tell } = await failedStore("resume");
    expect(await tell("values", "resume")).toMatchObject({ code: 409, type: "/problems/action-not-possible" });
  });

  it("is woken until it has caught up, even if a wake-up gets lost", async () => {
    const { tell, settle, consumer } = await failedStore("lost");
    poison.active = false;
    await tell("values", "retry");
    await settle(); // loses every message, and lets the log's alarm go off
    expect(await consumer("values")).toMatchObject({ status: "live", lag: 0 });
  });

  it("is reported to the app's hooks: each failed attempt, and the end", async () => {
    const { store, read } = controlled("hooks");
    const told: [string, ConsumerFailure][] = [];
    const hooks = {
      onConsumerError: (failure: ConsumerFailure) => void told.push(["error", failure]),
      onConsumerFailed: (failure: ConsumerFailure) => {
        told.push(["failed", failure]);
        throw new Error("the hook is broken too");
      },
    };
    await read("s", POISON);
    const one = { ...viewConsumer(storeNamed(store), { ...values, hooks }), retry: { attempts: 2, firstDelayMs: 0, maxDelayMs: 0 } };
    for (let attempt = 1; attempt <= 2; attempt++) await catchUp(one, storeNamed(store).log, Number.POSITIVE_INFINITY);
    const about = { store, consumer: "values", message: "poisoned", event: { position: 1, stream: "reading/s", version: 1, type: "Read" } };
    expect(told).toEqual([
      ["error", expect.objectContaining({ ...about, attempts: 1, retryInMs: 0 })],
      ["failed", expect.objectContaining({ ...about, attempts: 2 })],
    ]);
    expect(told[1]?.[1]).not.toHaveProperty("retryInMs");
  });
});

describe("a consumer that is paused", () => {
  it("does nothing until it is resumed, and then misses nothing", async () => {
    const { read, tell, wake, consumer, rows, folded } = controlled("pause");
    await read("s", 1);
    await wake("values");
    expect(await tell("values", "pause")).toMatchObject({ status: "paused", position: 1 });
    await read("s", 2);
    await wake("values");
    expect(await consumer("values")).toMatchObject({ status: "paused", position: 1, lag: 1 });
    expect(await tell("values", "pause")).toMatchObject({ status: "paused" }); // again
    await tell("values", "resume");
    await wake("values");
    expect(await consumer("values")).toMatchObject({ status: "live", position: 2 });
    expect(await rows(values)).toEqual(await folded(values));
  });

  it("tries nothing again until it is resumed", async () => {
    const { tell, consumer } = controlled("still");
    await tell("relay", "pause");
    expect(await tell("relay", "retry")).toMatchObject({ code: 409, detail: expect.stringContaining("`resume` starts it again") });
    expect(await consumer("relay")).toMatchObject({ status: "paused" });
  });

  it("stays paused at the position that it is reset to", async () => {
    const { read, tell, wake, consumer } = controlled("moved");
    for (const value of [1, 2]) await read("s", value);
    await wake("relay");
    await tell("relay", "pause");
    expect(await tell("relay", "reset", { position: 1 })).toMatchObject({ code: 200, status: "paused", position: 1 });
    await wake("relay");
    expect(await consumer("relay")).toMatchObject({ status: "paused", position: 1 });
  });

  it("does not commit the work that it had begun", async () => {
    const { store, read, tell, consumer, rows } = controlled("midway");
    await read("s", 1);
    const slow = viewConsumer(storeNamed(store), values);
    await slow.checkpoint.load();
    await tell("values", "pause");
    await expect(slow.checkpoint.commit(0, 1, [], { events: [] })).rejects.toBeInstanceOf(CheckpointMoved);
    expect(await consumer("values")).toMatchObject({ status: "paused", position: 0 });
    expect(await rows(values)).toEqual(new Map());
  });

  it("may be paused before it has ever run", async () => {
    const { read, tell, wake, consumer } = controlled("early");
    expect(await tell("totals", "pause")).toMatchObject({ status: "paused" });
    await read("s", 1);
    await wake("totals");
    expect(await consumer("totals")).toMatchObject({ status: "paused", position: 0 });
  });

  it("makes a query wait for a position until it is resumed", async () => {
    const { read, tell, get } = controlled("waiting");
    await tell("values", "pause");
    await read("s", 1);
    const looks = vi.spyOn(env.VIEWS, "batch");
    const asking = get("/views/values?minPosition=1", { prefer: "wait=20" });
    await eventually(() => expect(looks).toHaveBeenCalled());
    await tell("values", "resume");
    expect(await (await asking).json()).toMatchObject({ position: 1, rows: [expect.anything(), expect.anything()] });
  });

  it("refuses queries for a position that it will not reach", async () => {
    const { read, tell, get } = controlled("behind");
    await tell("values", "pause");
    await read("s", 1);
    const response = await get("/views/values?minPosition=1", { prefer: "wait=0" });
    expect([response.status, await response.json()]).toMatchObject([503, { code: "view-behind" }]);
  });
});

describe("a consumer that is reset", () => {
  it("reacts again and stores nothing twice when it is a processor", async () => {
    const { read, tell, wake, log, consumer } = controlled("reset");
    poison.active = false;
    for (const value of [1, 2]) await read("s", value);
    await wake("relay");
    const before = await log();
    expect(before.some(({ stream }) => stream.startsWith("counter/of-"))).toBe(true);
    expect(await tell("relay", "reset", { position: 1 })).toMatchObject({
      position: 1,
      warning: expect.stringContaining("reacts to these events again"),
    });
    expect(await tell("relay", "reset")).toMatchObject({ position: 0 });
    await wake("relay");
    expect(await log()).toEqual(before);
    expect(await consumer("relay")).toMatchObject({ status: "live" });
  });

  it("is rebuilt when it is a view", async () => {
    const { read, tell, wake, consumer } = controlled("view");
    await read("s", 1);
    await wake("values");
    expect(await tell("values", "reset")).toMatchObject({ status: "rebuilding", position: 1 });
    expect(await tell("values", "reset", { position: 1 })).toMatchObject({ code: 409, type: "/problems/action-not-possible" });
    await wake("values");
    expect(await consumer("values")).toMatchObject({ status: "live", position: 1 });
  });
});

describe("a dry run of a reset", () => {
  it("counts the events that would run again, leaving out those that were erased, skipped or are of other types, and does nothing", async () => {
    const { tell, read, post, send, wake, consumers, json, sent } = await failedStore("tried");
    await tell("values", "skip");
    await post("/streams/alarm/x", { type: "Raised", data: { from: "x", value: 1 } });
    await read("gone", 1);
    await send("DELETE", "/streams/reading/gone?erase=true");
    await wake("values", "relay");
    const { events } = await json("/log?limit=1000");
    const { handlers, followed } = values;
    const concerns = (event: { type: string; stream: string; erased?: true }) =>
      followed.some(({ name }) => event.stream.startsWith(`${name}/`)) &&
      (handlers.has(event.type) || event.type === "$deleted") &&
      !event.erased;
    const stand = async () =>
      (await consumers()).map(({ name, status, position, attempts, rebuild }) => [name, status, position, attempts, rebuild]);
    const before = await stand();
    const to = events.at(-1).position;
    const expected = events.filter(concerns).length - 1;
    expect(expected).toBeGreaterThan(1);
    const direct = () => sent().filter(({ body }) => body.head === 0); // what an action sends, unlike the log
    const rung = direct().length;
    expect(await tell("values", "reset?dryRun=true")).toEqual({
      code: 200,
      consumer: "values",
      from: 0,
      events: expected,
      position: to,
      to,
    });
    expect(await tell("values", "reset?dryRun=true", { position: 1 })).toMatchObject({ code: 409, type: "/problems/action-not-possible" });
    expect(await tell("relay", "reset?dryRun=true", { position: to })).toEqual({
      code: 200,
      consumer: "relay",
      from: to,
      events: 0,
      position: to,
      to,
    });
    expect(await stand()).toEqual(before);
    expect(direct()).toHaveLength(rung);
  });

  it("counts a processor's events after the position, page by page, and refuses a wrong position as the reset would", async () => {
    const { read, tell, logObject } = controlled("pages");
    await read("s", 1);
    await logObject().sequence("reading/many", storedEvents(1, 1_200, "Read"));
    const to = 1_201;
    const all = await tell("relay", "reset?dryRun=true");
    expect(all).toMatchObject({ code: 200, from: 0, events: to, position: to, to });
    const later = await tell("relay", "reset?dryRun=true", { position: 1 });
    expect(later).toMatchObject({ from: 1, events: to - 1, position: to, to });
    expect(await tell("relay", "reset?dryRun=true", { position: to + 1 })).toMatchObject({
      code: 409,
      type: "/problems/position-beyond-head",
    });
    expect(await tell("nobody", "reset?dryRun=true")).toMatchObject({ code: 404 });
    expect(await tell("relay", "reset?dryRun=yes")).toMatchObject({ code: 400 });
  });

  it("ends where the log ends, even if that was put back to an earlier time since its head was asked for", async () => {
    const { store, read } = controlled("put-back");
    for (const value of [1, 2, 3]) await read("s", value);
    interceptLogMethod(store, "head", () => async () => 9);
    const count = await countEvents(processorConsumer(storeNamed(store, app), relay), 1);
    expect(count).toEqual({ consumer: "relay", from: 1, events: 2, position: 3, to: 9 });
  });

  it("counts what a webhook would deliver, by its predicate", async () => {
    const { read, post, tell, json } = controlled("deliveries");
    const hook = { url: "http://receiver.test/", types: ["Read"], where: { path: "data.value", op: "gte", value: 2 } };
    const created = await post("/webhooks", hook);
    const { id } = await created.json<{ id: string }>();
    for (const value of [1, 2, 3]) await read("s", value);
    const { head } = await json("/log/head");
    expect(await tell(id, "reset?dryRun=true")).toEqual({ code: 200, consumer: id, from: 0, events: 2, position: head, to: head });
    expect(await tell(id, "reset?dryRun=true", { position: head })).toMatchObject({ code: 200, from: head, events: 0, to: head });
  });

  it("counts what another action would run, and which event `skip` would pass over", async () => {
    const { tell, consumer } = await failedStore("counted");
    const before = await consumer("values");
    const event = before.lastError?.event;
    expect(event?.position).toBeGreaterThan(1);
    const rest = { code: 200, consumer: "values", position: before.head, to: before.head };
    expect(await tell("values", "retry?dryRun=true")).toEqual({ ...rest, from: 1, events: 2 });
    expect(await tell("values", "skip?dryRun=true")).toEqual({ ...rest, from: event?.position, events: 1, skips: event });
    expect(await tell("values", "skip?dryRun=true", { position: 1 })).toMatchObject({ code: 409, type: "/problems/action-not-possible" });
    expect(await tell("values", "resume?dryRun=true")).toMatchObject({ code: 409, detail: expect.stringContaining("`retry`") });
    expect(await tell("relay", "retry?dryRun=true")).toMatchObject({ code: 409, detail: expect.stringContaining("nothing has failed") });
    // One that was never woken, too.
    expect(await tell("relay", "resume?dryRun=true")).toMatchObject({ code: 200, from: 0, events: 3 });
    const { status, position, attempts, lastError } = before;
    expect(await consumer("values")).toMatchObject({ status, position, attempts, lastError });
  });

  it("is refused where an action has none: nobody may take a real action for a dry run", async () => {
    const { read, tell, consumer } = controlled("others");
    await read("s", 1);
    expect(await tell("relay", "pause?dryRun=true")).toMatchObject({ code: 400, type: "/problems/invalid-request" });
    expect(await consumer("relay")).toMatchObject({ status: "catching-up" });
  });
});

describe("an action while the database is away", () => {
  it("is reported as failed: nothing has moved, and it can be repeated", async () => {
    const { store, read, tell, wake, consumer } = controlled("away");
    await read("s", 1);
    await wake("relay");
    const { position } = await consumer("relay");
    const one = processorConsumer(storeNamed(store, app), relay);
    vi.spyOn(env.VIEWS, "batch").mockRejectedValueOnce(new Error("D1_ERROR: Network connection lost."));
    await expect(control(one, "reset")).rejects.toThrow("Network connection lost");
    expect(await consumer("relay")).toMatchObject({ position });
    expect(await tell("relay", "reset")).toMatchObject({ code: 200, position: 0 });
  });
});

describe("a processor that is reset to a position behind the head", () => {
  it("stays where it is: it would pass over what is yet to come", async () => {
    const { store, read, tell, wake, consumer } = controlled("beyond");
    poison.active = false;
    await read("s", 1);
    await wake("relay");
    const { position } = await consumer("relay");
    expect(await tell("relay", "reset", { position: 1_000 })).toMatchObject({ code: 409, type: "/problems/position-beyond-head" });
    // The log may have been put back to an earlier time since the operator's position was checked.
    const late = await control(processorConsumer(storeNamed(store, app), relay), "reset", 1_000);
    expect(late).toMatchObject({ outcome: "not-possible", detail: expect.stringMatching(/^the log is at position \d+$/) });
    expect(await consumer("relay")).toMatchObject({ position });
  });
});

describe("an action", () => {
  it("needs a consumer that exists, in a state that allows the action, and a valid position", async () => {
    const { tell } = controlled("errors");
    expect(await tell("nobody", "pause")).toMatchObject({ code: 404, type: "/problems/unknown-consumer" });
    expect(await tell("values", "retry")).toMatchObject({ code: 409, detail: "values cannot retry: nothing has failed" });
    expect(await tell("values", "skip")).toMatchObject({ code: 409, detail: "values cannot skip: no event has failed" });
    expect(await tell("values", "skip", { position: -1 })).toMatchObject({ code: 400, type: "/problems/invalid-request" });
    expect(await tell("values", "skip", { at: 1 })).toMatchObject({ code: 400, type: "/problems/invalid-request" });
    expect(await tell("values", "pause", { position: 1 })).toMatchObject({ code: 400, type: "/problems/invalid-request" });
    expect(await tell("values", "explode")).toMatchObject({ code: 404, type: "/problems/not-found" });
  });

  it("that comes too late is refused with the reason: the consumer has moved in the meantime", async () => {
    const { store, read } = controlled("late");
    await read("s", 1);
    const one = viewConsumer(storeNamed(store), values);
    const load = one.checkpoint.load.bind(one.checkpoint);
    vi.spyOn(one.checkpoint, "load").mockImplementationOnce(async (begin) => {
      const found = await load(begin);
      await one.checkpoint.commit(0, 1, [], { events: [] });
      return found;
    });
    expect(await control(one, "reset", 0)).toEqual({
      outcome: "not-possible",
      detail: "it has moved since it was read; read it again and repeat the action",
    });
  });
});
