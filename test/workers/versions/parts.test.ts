/** What single parts do with what only another version of the code knows. */

import { setVariables, storeNamed } from "../support.ts";
import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { catchUp } from "../../../src/consumers/catch-up.ts";
import { prepare } from "../../../src/consumers/schema.ts";
import type { RecordedEvent } from "../../../src/core/event.ts";
import type { App } from "../../../src/definitions/app.ts";
import { aggregate, category, defineApp, event, processManager, reactor, send, streamIdOf, upcast, view } from "../../../src/index.ts";
import { NOTIFY_AGAIN_MS } from "../../../src/log/limits.ts";
import { project } from "../../../src/views/project.ts";
import { processorConsumer } from "../../../src/processors/processor-consumer.ts";
import { reactorConsumer } from "../../../src/processors/reactor-consumer.ts";
import { app, counter, reading } from "../app.ts";
import { forgetful, later, quietStore } from "../delivery/support.ts";
import { endpointAt } from "../webhooks/support.ts";
import { newApp, oldApp } from "./apps.ts";
import { deploy } from "./deployed.ts";
import { NEW, OLD, storeUnderRollout } from "./rollout.ts";
import { allowErrors, expectErrors } from "../errors.ts";

afterEach(() => vi.restoreAllMocks());

describe("a consumer that begins at the head", () => {
  it("begins where newer code has announced it to an older log, whatever the log forgets, and is not moved by later announcements", async () => {
    const { store, read, logObject } = quietStore("told");
    const log = storeNamed(store).log;
    const told = { consumers: ["late", "greedy"], startingAtHead: ["late"] };
    await read("s", 1);
    await log.introduce(told);
    await read("s", 2);
    await evictDurableObject(logObject());
    await log.introduce(told);
    expect(await log.knownSince("late")).toBe(1);
    expect(await log.knownSince("greedy")).toBe(2);
  });

  it("begins before the first event of a store that was empty", async () => {
    const { store, read } = quietStore("empty");
    const log = storeNamed(store).log;
    await log.introduce({ consumers: ["first"], startingAtHead: ["first"] });
    await read("s", 1);
    expect(await log.knownSince("first")).toBe(0);
  });
});

describe("an event of a newer version than a consumer's code knows", () => {
  const V1 = z.object({ value: z.number() });
  const newer = upcast(V1, z.object({ milli: z.int() }), ({ value }) => ({ milli: value * 1_000 }));
  const old = category("level", { events: { Measured: V1 } });
  const now = category("level", { events: { Measured: newer } });
  const seen: unknown[] = [];
  const readerOf = (from: typeof old) => reactor("reader", { from, on: { Measured: ({ data }) => void seen.push(data) } });

  it("is left to newer code: the older consumer waits before it, uses up no attempt, and goes on from there", async () => {
    expectErrors(/a consumer could not process an event and will retry/);
    const { store, stream } = quietStore("newer");
    const events = [1, 2].map((schemaVersion) => ({
      type: "Measured",
      data: JSON.stringify(schemaVersion === 1 ? { value: 1 } : { milli: 2_000 }),
      meta: "{}",
      schemaVersion,
    }));
    await stream("level", "a").append({ events, expected: { kind: "any" }, waitMs: 20_000 });
    const run = (from: typeof old) => {
      const one = readerOf(from);
      const consumer = reactorConsumer(storeNamed(store, defineApp({ categories: [from], processors: [one] })), one);
      return catchUp(consumer, storeNamed(store).log, Number.POSITIVE_INFINITY);
    };
    for (let attempt = 1; attempt <= 10; attempt++) {
      expect(await run(old)).toMatchObject({ position: 1, outcome: "backing-off", retryInMs: 5_000 });
      await env.VIEWS.prepare(`UPDATE headspring_checkpoints SET next_attempt_at = 0 WHERE store = ?`).bind(store).run();
    }
    // The log's own code knows nothing of the category: the consumer lifts for itself.
    expect(await run(now as unknown as typeof old)).toMatchObject({ position: 2, outcome: "caught-up" });
    expect(seen).toEqual([{ value: 1 }, { milli: 2_000 }]);
  });

  it("differs from one of an older version: the consumer lifts that, even if the log's code could not", async () => {
    const { store, stream } = quietStore("older");
    const rows = view("levels", {
      from: now,
      row: z.object({ id: z.string(), milli: z.int() }),
      key: "id",
      on: { Measured: (_row, { stream: of, data }) => ({ id: streamIdOf(of), milli: data.milli }) },
    });
    const events = [{ type: "Measured", data: `{"value":7}`, meta: "{}", schemaVersion: 1 }];
    await stream("level", "a").append({ events, expected: { kind: "any" }, waitMs: 20_000 });
    expect(await project(storeNamed(store), rows, Number.POSITIVE_INFINITY)).toMatchObject({ position: 1, outcome: "caught-up" });
  });
});

describe("an instance of a process manager whose object runs other code than the consumer", () => {
  const V1 = z.object({ value: z.number() });
  const Milli = z.object({ milli: z.int() });
  type Level = ReturnType<typeof levels>;
  const levels = (Measured: typeof V1) => category("level", { events: { Measured } });
  const lifted = (lift: (data: { value: number }) => { milli: number }) => levels(upcast(V1, Milli, lift) as unknown as typeof V1);
  const watch = (from: Level) =>
    processManager("watch", {
      from,
      to: counter,
      correlate: { Measured: ({ stream }) => streamIdOf(stream) },
      events: { Seen: z.object({ data: z.record(z.string(), z.number()) }) },
      initialState: () => ({}),
      evolve: { Seen: (state) => state },
      on: { Measured: (_state, { data }) => event("Seen", { data }) },
    });
  const define = defineApp as unknown as (definition: object) => App;
  const appWith = (from: Level) => define({ aggregates: [counter], categories: [from], processors: [watch(from)] });

  async function watching(name: string) {
    allowErrors(
      /a command was not carried out: it needs another version of the code/,
      /a consumer could not process an event and will retry/,
    );
    const { store, stream, json } = quietStore(name);
    const events = [{ type: "Measured", data: `{"value":7}`, meta: "{}", schemaVersion: 1 }];
    await stream("level", "a").append({ events, expected: { kind: "any" }, waitMs: 20_000 });
    return {
      objectsRun: async (code: App) => {
        deploy(store, { streams: code });
        await forgetful(stream("watch", "a"));
      },
      consume: async (code: App) => {
        const consumer = processorConsumer(storeNamed(store, code), code.processors.get("watch")!);
        await prepare(env.VIEWS);
        await env.VIEWS.prepare(`UPDATE headspring_checkpoints SET next_attempt_at = 0 WHERE store = ?`).bind(store).run();
        const { outcome } = await catchUp(consumer, storeNamed(store).log, Number.POSITIVE_INFINITY);
        const { attempts, error } = (await consumer.checkpoint.look()) ?? {};
        return { outcome, attempts, message: error?.message };
      },
      history: async () => (await json("/log?category=watch")).events.map(({ type, data }: RecordedEvent) => [type, data]),
    };
  }
  const old = appWith(levels(V1));

  it("gets an older event as its own code declares it", async () => {
    const { objectsRun, consume, history } = await watching("lifted-input");
    await objectsRun(appWith(lifted(({ value }) => ({ milli: value * 1_000 }))));
    expect(await consume(old)).toMatchObject({ outcome: "caught-up" });
    expect(await history()).toEqual([["Seen", { data: { milli: 7_000 } }]]);
  });

  it("is not ended by an event that its code cannot lift: the event is waited for, uses up no attempt, and goes on with code that can", async () => {
    const { objectsRun, consume, history } = await watching("unlifted-input");
    const failing = lifted(() => {
      throw new Error("the upcast is broken");
    });
    await objectsRun(appWith(failing));
    for (let attempt = 0; attempt < 10; attempt++) {
      expect(await consume(old)).toEqual({
        outcome: "backing-off",
        attempts: 1,
        message: expect.stringMatching(
          /^watch\/a cannot take Measured: .*cannot be lifted: the upcast to version 2 threw: the upcast is broken/,
        ),
      });
    }
    expect(await history()).toEqual([]);
    await objectsRun(old);
    expect(await consume(old)).toMatchObject({ outcome: "caught-up", attempts: 0 });
    expect(await history()).toEqual([["Seen", { data: { value: 7 } }]]);
  });

  it("is waited for where its code has no handler for the event yet, or takes inputs of another form", async () => {
    const { objectsRun, consume, history } = await watching("no-handler");
    await objectsRun(appWith(category("other", { events: { Measured: V1 } }) as unknown as Level));
    expect(await consume(old)).toEqual({
      outcome: "backing-off",
      attempts: 1,
      message: 'watch/a cannot take Measured: the code that "watch" runs here has no handler for Measured of "level"',
    });
    const process = old.aggregates.get("watch")!;
    const strict = { ...process, commands: { ...process.commands, $Input: z.object({ event: z.string() }) } };
    await objectsRun({ ...old, aggregates: new Map([["watch", strict as typeof process]]) });
    expect(await consume(old)).toEqual({
      outcome: "backing-off",
      attempts: 1,
      message: "Measured was refused as invalid by watch/a, which runs other code than this",
    });
    await objectsRun(old);
    expect(await consume(old)).toMatchObject({ outcome: "caught-up" });
    expect(await history()).toEqual([["Seen", { data: { value: 7 } }]]);
  });
});

describe("a command for a stream that newer code has written to", () => {
  it("is waited for by a reactor and by a process manager, uses up no attempt, and is carried out by code that knows the stream's events", async () => {
    allowErrors(
      /a command was not carried out: it needs another version of the code/,
      /a consumer could not process an event and will retry/,
    );
    const { store, stream, post, read, wake, json, consumer: reportOf } = quietStore("ahead");
    const ahead = { type: "Counted", data: `{"by":1,"total":1}`, meta: "{}", schemaVersion: 2 };
    await stream("counter", "a").append({ events: [ahead], expected: { kind: "any" }, waitMs: 20_000 });
    const one = reactor("counting", { from: reading, emits: counter, on: { Read: () => send(counter, "a", "Count", {}) } });
    const reacting = reactorConsumer(
      storeNamed(store, defineApp({ aggregates: [counter], categories: [reading], processors: [one] })),
      one,
    );
    await read("s", 1);
    await post("/streams/wish/w", { type: "Wished", data: { errand: "e", jobs: [{ counter: "a", by: 1 }] } });
    const run = async () => {
      await prepare(env.VIEWS);
      await env.VIEWS.prepare(`UPDATE headspring_checkpoints SET next_attempt_at = 0 WHERE store = ?`).bind(store).run();
      await wake("errand");
      return catchUp(reacting, storeNamed(store).log, Number.POSITIVE_INFINITY);
    };
    for (let attempt = 0; attempt < 5; attempt++) expect(await run()).toMatchObject({ outcome: "backing-off", retryInMs: 5_000 });
    const why =
      "the state of counter/a cannot be computed: its event 1, a Counted, has schemaVersion 2, and this deployment's code knows 1 at most";
    expect(await reacting.checkpoint.look()).toMatchObject({
      attempts: 1,
      error: { message: `Count for counter/a was not carried out: ${why}` },
    });
    expect(await reportOf("errand")).toMatchObject({
      attempts: 1,
      lastError: { message: `Count for counter/a was not carried out: ${why}`, event: { type: "$CommandSent" } },
    });
    const { Counted } = counter.events;
    const newer = { ...counter, events: { Counted: upcast(Counted, Counted, (data) => data) } };
    deploy(store, { streams: { ...app, aggregates: new Map([...app.aggregates, ["counter", newer]]) } });
    await forgetful(stream("counter", "a"));
    expect(await run()).toMatchObject({ outcome: "caught-up" });
    expect((await json("/aggregates/errand/e")).state).toMatchObject({ status: "done", sum: 1 });
    expect((await json("/streams/counter/a")).version).toBe(3);
  });
});

describe("a sent command", () => {
  const box = aggregate("box", {
    events: { Put: z.object({ what: z.string(), inside: z.array(z.object({ a: z.int().optional() })).optional() }) },
    commands: { Put: z.object({ what: z.string(), inside: z.array(z.object({ a: z.int().optional() })).optional() }) },
    initialState: () => ({}),
    evolve: { Put: (state) => state },
    decide: { Put: (_state, put) => event("Put", put) },
  });

  it("has no member that its schema does not know, at any depth, which is logged", () => {
    const more = { what: "x", color: "red", inside: [{ a: 1, b: 2 }, {}] };
    expect(send(box, "1", "Put", more)).toEqual({
      kind: "send",
      aggregate: "box",
      id: "1",
      command: "Put",
      data: { what: "x", inside: [{ a: 1 }, {}] },
      exact: true,
    });
    expect(more).toMatchObject({ color: "red" });
  });

  it("that does not fit its schema is sent as it is: its target reports what is wrong", () => {
    const wrong = { what: 1, color: "red" };
    expect(send(box, "1", "Put", wrong as never)).toEqual({ kind: "send", aggregate: "box", id: "1", command: "Put", data: wrong });
  });

  it("is checked strictly at the target, so that no member that older code does not know is dropped", async () => {
    expectErrors(/a consumer could not process an event and will retry/);
    const { store, read, log } = quietStore("exact");
    const more = { ...app.aggregates.get("counter")!, commands: { Count: z.object({ by: z.int(), note: z.string().optional() }) } };
    const one = reactor("noting", {
      from: reading,
      emits: more as never,
      on: { Read: () => send(more, "n", "Count", { by: 1, note: "kept" }) as never },
    });
    const newer = defineApp({ aggregates: [more], categories: [reading], processors: [one] });
    await read("s", 1);
    expect(await catchUp(reactorConsumer(storeNamed(store, newer), one), storeNamed(store).log, Number.POSITIVE_INFINITY)).toMatchObject({
      outcome: "backing-off",
      retryInMs: 5_000,
    });
    expect(await log()).toHaveLength(1);
  });
});

describe("a webhook that its object does not know yet", () => {
  it("is woken until it does", async () => {
    vi.spyOn(console, "info").mockReturnValue();
    endpointAt("http://opened.test/");
    setVariables({ OPENED_URL: "http://opened.test/", OPENED_SECRET: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" });
    const one = storeUnderRollout("webhook");
    await one.roll({ ...NEW, webhooks: oldApp });
    await one.ask("POST", "/aggregates/account/a/Open", { owner: "a" });
    await one.consume(2);
    const before = one.sent().length;
    later(NOTIFY_AGAIN_MS);
    await one.consume(1);
    expect(one.sent().slice(before)).toContain("opened");
  });
});

describe("a client", () => {
  it("is asked to try again when the stream runs code without the command, the member or the saga, also for a dry run", async () => {
    const one = storeUnderRollout("client");
    await one.roll({ ...OLD, door: newApp });
    for (const [path, body] of [
      ["/aggregates/account/a/Close", { why: "moved" }],
      ["/aggregates/account/a/Close?dryRun=true", { why: "moved" }],
      ["/aggregates/account/a/Deposit", { amount: 1, memo: "new" }],
      ["/aggregates/account/a/Deposit?dryRun=true", { amount: 1, memo: "new" }],
      ["/aggregates/badge/a/Grant", { for: "it" }],
    ] as const) {
      const answer = await one.ask("POST", path, body);
      expect(answer, path).toMatchObject({ status: 503, retryAfter: "1", body: { code: "unavailable" } });
    }
    // What the newer code does not take either is wrong.
    expect(await one.ask("POST", "/aggregates/account/a/Deposit", { amount: "1" })).toMatchObject({ status: 400 });
    expect(await one.ask("POST", "/aggregates/account/a/Deposit", { amount: 1, mistake: 1 })).toMatchObject({ status: 400 });
    expect(await one.ask("POST", "/aggregates/account/a/Nothing", {})).toMatchObject({ status: 404 });
    expect(await one.log()).toEqual([]);
  });
});
