/** What the routes answer when something behind them fails, or the deployment is not complete. */

import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { createHttp } from "../../../src/http/worker.ts";
import { aggregate, defineApp, nothing, processManager } from "../../../src/index.ts";
import { app, counter, reading } from "../app.ts";
import { expectErrors } from "../errors.ts";
import { envWith, read } from "../support.ts";

const http = createHttp(app);
const COUNT = "/stores/failing/aggregates/counter/1/Count";

const command = (environment: Env) => http.request(COUNT, { method: "POST", body: "{}" }, environment);

/** Streams whose objects cannot be called. */
const streamsThat = (error: Error) => ({ STREAMS: { getByName: () => ({ execute: () => Promise.reject(error) }) } });

describe("a stream's object that fails", () => {
  it("answers 503 with Retry-After when the platform's error allows another try", async () => {
    expectErrors(/the object moved/);
    for (const sign of [{ retryable: true }, { overloaded: true }]) {
      const response = await command(envWith(streamsThat(Object.assign(new Error("the object moved"), sign))));
      expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
      expect(await read(response)).toMatchObject({ code: "unavailable", detail: expect.stringContaining("Idempotency-Key") });
    }
  });

  it("answers 500 when the log opens no subscription", async () => {
    const logged = vi.spyOn(console, "error").mockReturnValue();
    const LOGS = { getByName: () => ({ fetch: async () => new Response(null) }) };
    const response = await http.request("/stores/failing/log", { headers: { accept: "text/event-stream" } }, envWith({ LOGS }));
    expect([response.status, (await read(response)).code]).toEqual([500, "internal-error"]);
    expect(JSON.stringify(logged.mock.calls)).toContain("the log did not open a subscription");
    logged.mockRestore();
  });

  it("answers 500 otherwise, and gives the cause in the logs and nowhere else", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    const response = await command(envWith(streamsThat(new Error("a secret of the inside"))));
    const text = await response.text();
    expect(response.status).toBe(500);
    expect(JSON.parse(text)).toMatchObject({ code: "internal-error", status: 500 });
    expect(text).not.toContain("secret");
    expect(JSON.stringify(logged.mock.calls)).toContain("a secret of the inside");
    logged.mockRestore();
  });
});

describe("an app whose processes accept no commands from outside", () => {
  it("refuses them, and lists its sagas and views: none", async () => {
    const lonely = processManager("lonely", {
      from: reading,
      to: counter,
      correlate: { Read: ({ stream }) => stream },
      events: {},
      initialState: () => ({}),
      evolve: {},
      on: { Read: () => undefined },
    });
    const door = createHttp(defineApp({ aggregates: [counter], categories: [reading], processors: [lonely] }));
    const detailOf = async (path: string, method = "GET") =>
      (await read(await door.request(`/stores/lonely${path}`, method === "GET" ? {} : { method, body: "{}" }, env))).detail;
    expect(await detailOf("/aggregates/lonely/1/Go", "POST")).toContain("it has none that clients may send");
    expect(await detailOf("/sagas/none/1")).toContain("defineApp lists none");
    expect(await detailOf("/views/none")).toContain("none");
  });
});

describe("an import", () => {
  it("that meets an internal failure is 500, with its cause in the logs only", async () => {
    const logged = vi.spyOn(console, "error").mockReturnValue();
    const fails = () => Promise.reject(new Error("a secret of the inside"));
    const STREAMS = { getByName: () => ({ checkImport: fails, holdImport: fails }) };
    const body = JSON.stringify({ id: crypto.randomUUID(), stream: "reading/1", type: "Read", data: { value: 1 } });
    const response = await http.request("/stores/failing/import", { method: "POST", body }, envWith({ STREAMS }));
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("secret");
    expect(JSON.stringify(logged.mock.calls)).toContain("a secret of the inside");
    logged.mockRestore();
  });
});

describe("while a deployment goes out, and the worker is newer than the objects,", () => {
  it("a command that these do not have yet is to be sent again, and stores nothing", async () => {
    const newer = aggregate("counter", {
      events: counter.events,
      commands: { ...counter.commands, CountDown: z.object({}) },
      initialState: counter.initialState,
      evolve: counter.evolve,
      decide: { ...counter.decide, CountDown: () => nothing() },
    });
    const door = createHttp(defineApp({ aggregates: [newer] }));
    const response = await door.request("/stores/newer/aggregates/counter/1/CountDown", { method: "POST", body: "{}" }, env);
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await read(response)).toMatchObject({ code: "unavailable" });
    expect((await http.request("/stores/newer/streams/counter/1", {}, env)).status).toBe(404);
  });
});

describe("a deployment", () => {
  it.each([
    ["without tokens", undefined, "wrangler secret put API_TOKENS"],
    ["with an empty secret", "", "wrangler secret put API_TOKENS"],
    ["whose secret is not JSON", "hs_oops", "is not a JSON list"],
    ["whose secret has another form", '[{"token":"hs_oops"}]', "is not a JSON list of {name, sha256, stores, rights}; wrong at 0.name"],
    ["whose secret is not a list", '{"hs_oops":{"hs_oops":1}}', "is not a JSON list"],
    [
      "that misspells a store",
      JSON.stringify([{ name: "oops", sha256: "0".repeat(64), stores: ["hs_oops"], rights: [] }]),
      "wrong at 0.stores.0",
    ],
  ])("%s answers only with what it lacks and what to do about that, and quotes nothing", async (_what, API_TOKENS, advice) => {
    const deployed = envWith({ HEADSPRING_ENV: "deployed", API_TOKENS });
    for (const path of [COUNT, "/log", "/docs", "/stores/a/streams"]) {
      const response = await http.request(path, { headers: { authorization: "Bearer hs_oops" } }, deployed);
      const problem = await read(response);
      expect([response.status, problem.code]).toEqual([503, "auth-not-configured"]);
      expect(problem.detail).toContain(advice);
      expect(JSON.stringify(problem)).not.toContain("oops");
    }
    for (const path of ["/", "/health"]) expect((await http.request(path, {}, deployed)).status).toBe(200);
  });
});
