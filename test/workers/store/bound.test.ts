/** Objects without a binding: the worker's own exports have their namespaces. */

import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { boundEnv } from "../../../src/store/bound.ts";
import { freshStore, read } from "../support.ts";
import { createWorker } from "../../../src/runtime.ts";
import { app } from "../app.ts";

const OBJECTS = ["STREAMS", "LOGS", "WEBHOOKS", "CATALOGS"];

/** The deployment's bindings but these. */
function without(...names: readonly string[]): Env {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.includes(name))) as unknown as Env;
}

async function ask(worker: ExportedHandler<Env>, bindings: Env, path: string, body?: unknown): Promise<Response> {
  const context = createExecutionContext();
  Object.defineProperty(context, "exports", { value: exports });
  const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const request = new Request(`http://headspring${path}`, init) as Request<unknown, IncomingRequestCfProperties>;
  const response = await worker.fetch!(request, bindings, context);
  await waitOnExecutionContext(context);
  return response;
}

describe("a worker without bindings for its objects", () => {
  it("finds the same objects by its exports, in one request after the other", async () => {
    const worker = createWorker(app) as ExportedHandler<Env>;
    const { store, json } = freshStore("unbound");
    const bindings = without(...OBJECTS);
    for (const value of [1, 2]) {
      const answer = await ask(worker, bindings, `/stores/${store}/streams/reading/s`, { type: "Read", data: { value } });
      expect(await read(answer)).toMatchObject({ version: value });
    }
    // By the bindings.
    expect((await json("/streams/reading/s")).events).toHaveLength(2);
    expect(await read(await ask(worker, bindings, `/stores/${store}/log`))).toMatchObject({ events: [{ version: 1 }, { version: 2 }] });
  });

  it("keeps each binding that it has", () => {
    expect(boundEnv(env, { exports: {} })).toBe(env);
    const stub = { getByName: () => ({}) };
    const bound = boundEnv(without("LOGS"), { exports: { LogObject: stub, StreamObject: stub } });
    expect(bound.LOGS).toBe(stub);
    expect(bound.STREAMS).toBe(env.STREAMS);
    expect(bound.VIEWS).toBe(env.VIEWS);
  });

  it("names the classes that it does not export, at its first event", async () => {
    const worker = createWorker(app) as ExportedHandler<Env>;
    const context = createExecutionContext();
    Object.defineProperty(context, "exports", { value: { ...exports, LogObject: undefined } });
    const request = new Request("http://headspring/health") as Request<unknown, IncomingRequestCfProperties>;
    expect(() => worker.fetch!(request, without(...OBJECTS), context)).toThrow(
      "lacks the Durable Object class LogObject (or a binding LOGS)",
    );
  });
});
