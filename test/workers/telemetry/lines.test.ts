/** What the logs say when things fail: where and in which conversation, and nothing of what was said in secret. */

import { env } from "cloudflare:workers";
import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { catchUp } from "../../../src/consumers/catch-up.ts";
import { createHttp } from "../../../src/http/worker.ts";
import { aggregate, defineApp, reactor, send, view } from "../../../src/index.ts";
import { PAGE_EVENTS } from "../../../src/core/limits.ts";
import { reactorConsumer } from "../../../src/processors/reactor-consumer.ts";
import { viewConsumer } from "../../../src/views/projector.ts";
import { app, meter, reading } from "../app.ts";
import { eventually, quietStore } from "../delivery/support.ts";
import { strict } from "../processors/support.ts";
import { storeNamed, freshStore, interceptLog, read } from "../support.ts";
import { liveBlocksOf } from "../views/live-blocks.ts";
import { subscribed } from "../webhooks/support.ts";

/** What no line may say. It stands wherever a client can put something. */
const MARK = "m4rked";
const TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736";

let lines: Record<string, unknown>[] = [];

beforeEach(() => {
  lines = [];
  for (const level of ["debug", "log", "info", "warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation((...said: unknown[]) => {
      lines.push({ level, said: said.length, ...(said[0] as object) });
    });
  }
});
afterEach(() => vi.restoreAllMocks());

/** The lines with this message. */
const saying = (message: string) => lines.filter((line) => line.message === message);

/** Every line is one object with names of ours, and says nothing that is marked. */
function areClean(): void {
  expect(lines.length).toBeGreaterThan(0);
  expect(JSON.stringify(lines).toLowerCase()).not.toContain(MARK);
  for (const line of lines) expect(line).toMatchObject({ said: 1, message: expect.any(String) });
  for (const { error = "" } of lines) expect(error).toEqual(expect.any(String));
}

describe("a command whose aggregate throws", () => {
  it("is logged by the stream with the cause, and by the route with the id that the client got", async () => {
    const { post, store } = freshStore("thrown");
    const headers = { "correlation-id": "c-1", traceparent: `00-${TRACE_ID}-00f067aa0ba902b7-01`, cookie: MARK };
    const response = await post(`/aggregates/counter/1/Throw?dryRun=false`, { note: MARK }, headers);
    const problem = await read(response);
    expect(problem).toMatchObject({ status: 500, code: "command-failed", commandId: expect.any(String), requestId: expect.any(String) });
    const { commandId, requestId } = problem;
    const path = `/stores/${store}/aggregates/counter/1/Throw`;
    const common = { commandId, correlationId: "c-1", traceId: TRACE_ID };
    expect(saying("a command failed: decide or evolve threw")).toEqual([
      expect.objectContaining({
        level: "error",
        store,
        stream: "counter/1",
        command: "Throw",
        error: expect.stringContaining(" at "),
        ...common,
      }),
    ]);
    expect(saying("a request failed")).toEqual([
      { level: "error", said: 1, message: "a request failed", method: "POST", path, code: "command-failed", requestId, ...common },
    ]);
    areClean();
  });
});

describe("a request that fails unexpectedly", () => {
  const token = `token-${MARK}`;
  const tokens = [{ name: "test", sha256: createHash("sha256").update(token).digest("hex"), rights: ["read", "write", "admin"] }];
  const broken = () => ({
    ...env,
    API_TOKENS: JSON.stringify(tokens),
    STREAMS: {
      getByName: () => {
        throw new Error(`the object is gone; it was asked with Authorization: Bearer ${token}`);
      },
    },
  });

  it("gives the client the id of its line in the logs; neither has the token", async () => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json", "cf-ray": "8f2b3c4d5e6f7a8b-FRA" };
    const body = JSON.stringify({ by: 1, note: MARK });
    const response = await createHttp(app).request("/aggregates/counter/1/Count", { method: "POST", headers, body }, broken());
    expect(await read(response)).toMatchObject({ status: 500, code: "internal-error", requestId: "8f2b3c4d5e6f7a8b-FRA" });
    expect(saying("a request failed")).toEqual([
      expect.objectContaining({
        requestId: "8f2b3c4d5e6f7a8b-FRA",
        code: "internal-error",
        error: expect.stringContaining("Bearer [redacted]"),
      }),
    ]);
    areClean();
  });

  it("does not take its id from a header that does not look like the platform's", async () => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json", "cf-ray": MARK };
    const response = await createHttp(app).request("/aggregates/counter/1/Count", { method: "POST", headers, body: "{}" }, broken());
    expect((await read(response)).requestId).toMatch(/^[0-9a-f-]{36}$/);
    areClean();
  });

  it("differs from a wrong request, which leaves no line", async () => {
    const { post, get } = freshStore("wrong");
    for (const [path, body] of [
      ["/aggregates/counter/1/Count", { by: MARK }],
      ["/streams/reading/s", { type: "Read", data: { value: MARK } }],
      ["/streams/reading/s", `{"${MARK}`],
    ] as const) {
      const response = await post(path, body);
      expect(response.status).toBe(400);
      expect(await read(response)).not.toHaveProperty("requestId");
    }
    expect((await get(`/streams/reading/${MARK}`)).status).toBe(404);
    expect(lines).toEqual([]);
  });
});

describe("a write whose log does not answer", () => {
  it("is logged with its store and stream", async () => {
    const { store, post } = freshStore("late");
    const { restore } = interceptLog(store, () => () => Promise.reject(new Error("the log is down")));
    await post("/streams/reading/s", { type: "Read", data: { value: 1 }, meta: { note: MARK } }, { prefer: "wait=1" });
    restore();
    await eventually(() => expect(saying("the log did not accept a stream's events; the alarm retries them")).not.toEqual([]));
    expect(lines[0]).toMatchObject({ level: "warn", store, stream: "reading/s", error: expect.stringContaining("the log is down") });
    areClean();
  });
});

describe("a long answer that breaks off", () => {
  it.each(["/streams/reading/s", "/log"])("is logged with its store and path: %s", async (path) => {
    const { store, get, post } = freshStore("broken");
    for (let page = 0; page < 2; page++) {
      const events = Array.from({ length: PAGE_EVENTS }, () => ({ type: "Read", data: { value: 1 }, meta: { note: MARK } }));
      expect((await post("/streams/reading/s", { events })).status).toBe(201);
    }
    // The pages after the first are out of reach, of the log as of the stream.
    const failing = (real: object) => (request: { after?: number; from?: number }) => {
      if ((request.after ?? 0) > 0 || (request.from ?? 1) > 1) return Promise.reject(new Error("the object is gone"));
      return (real as { read(request: object): Promise<unknown> }).read(request);
    };
    for (const objects of [env.LOGS, env.STREAMS] as DurableObjectNamespace[]) {
      const getByName = objects.getByName.bind(objects);
      vi.spyOn(objects, "getByName").mockImplementation((name) => {
        const real = getByName(name);
        if (name !== store && !name.startsWith(`${store}/`)) return real;
        return new Proxy(real, { get: (target, property) => (property === "read" ? failing(target) : Reflect.get(target, property)) });
      });
    }
    const response = await get(path, { accept: "application/x-ndjson" });
    await expect(response.text()).rejects.toThrow("the object is gone");
    expect(saying("an answer failed partway")).toEqual([
      expect.objectContaining({
        level: "error",
        store,
        path: `/stores/${store}${path}`,
        error: expect.stringContaining("the object is gone"),
      }),
    ]);
    areClean();
  });
});

describe("a live view that fails", () => {
  it("is logged with its store and its view", async () => {
    const { store } = quietStore("live");
    const { live, blocks } = await liveBlocksOf(store);
    vi.spyOn(live, "isRebuilt").mockRejectedValue(new Error("the database is gone"));
    expect(await blocks.next(1)).toMatchObject({ text: expect.stringContaining("could not be read"), last: true });
    expect(saying("a live view failed and is closed")).toEqual([
      expect.objectContaining({ level: "error", store, consumer: "totals", error: expect.stringContaining("the database is gone") }),
    ]);
    areClean();
  });
});

describe("a consumer that an event stops", () => {
  const run = (consumer: Parameters<typeof catchUp>[0], { logClient }: ReturnType<typeof quietStore>) =>
    catchUp(strict(consumer), logClient(), Number.POSITIVE_INFINITY);

  it("is logged with the event and its conversation", async () => {
    const store = quietStore("stopped");
    const headers = { "correlation-id": "c-2", traceparent: `00-${TRACE_ID}-00f067aa0ba902b7-01` };
    await store.post("/streams/meter", { type: "Metered", data: { serial: `s-${MARK}`, kwh: 1 } }, headers);
    const lost = view("lost", {
      from: meter,
      row: z.object({ serial: z.string() }),
      key: "serial",
      on: { Metered: { at: ({ data }) => data.serial, fold: (_row, { data }) => ({ serial: `${data.serial}!` }) } },
    });
    await run(viewConsumer(storeNamed(store.store), lost), store);
    expect(saying("a consumer has failed and stopped")).toEqual([
      expect.objectContaining({
        store: store.store,
        consumer: "lost",
        position: 1,
        version: 1,
        type: "Metered",
        attempts: 1,
        correlationId: "c-2",
        causationId: expect.any(String),
        traceId: TRACE_ID,
      }),
    ]);
    // A stream's name may be what a client has chosen; it is what an operator looks for.
    for (const line of lines) line.stream = "";
    areClean();
  });

  it("is logged without the data that it would have sent, if it is a reactor", async () => {
    const store = quietStore("strange");
    const strange = aggregate("strange", {
      events: {},
      commands: { Take: z.object({ note: z.literal("something else") }) },
      initialState: () => ({}),
      evolve: {},
      decide: { Take: () => [] },
    });
    const sender = reactor("sender", {
      from: reading,
      emits: strange,
      on: { Calibrated: ({ data }) => send(strange, "1", "Take", { note: data.note as "something else" }) },
    });
    await store.post("/streams/reading/s", { type: "Calibrated", data: { note: MARK } });
    const own = defineApp({ aggregates: [strange], categories: [reading], processors: [sender] });
    await run(reactorConsumer(storeNamed(store.store, own), sender), store);
    expect(saying("a consumer has failed and stopped")).toMatchObject([{ consumer: "sender", stream: "reading/s" }]);
    areClean();
  });
});

describe("a webhook that fails", () => {
  it("is logged by its id, without its URL, its headers and its secret", async () => {
    const {
      store,
      read: append,
      wake,
      webhook,
      endpoint,
    } = await subscribed("failing", {
      headers: { "x-key": MARK },
      secret: "whsec_bTRya2VkbTRya2VkbTRya2VkbTRya2Vk",
    });
    endpoint.answer = () => new Response(MARK, { status: 410 });
    await append("s", 1);
    await wake();
    await eventually(() =>
      expect(saying("a webhook was switched off")).toEqual([expect.objectContaining({ store, consumer: webhook.id })]),
    );
    expect(JSON.stringify(lines)).not.toMatch(/whsec_|bTRya2Vk|http:/);
    areClean();
  });
});

describe("an unknown message in the queue", () => {
  it("is logged without its body", async () => {
    const { wake } = quietStore("foreign");
    await wake(`no/name ${MARK}`);
    expect(saying("messages of a queue that no source follows")).toHaveLength(1);
    areClean();
  });
});
