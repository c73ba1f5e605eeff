/** A project's own routes in front of the store, as docs/package.md shows them: what they ask of the store, and what they leave to it. */

import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { createClient } from "../../../src/client/index.ts";
import { event } from "../../../src/index.ts";
import { type HeadspringEnv, createWorker } from "../../../src/runtime.ts";
import { app } from "../app.ts";
import { freshStore, read } from "../support.ts";
import { deploymentWith, headerOf } from "./tokens.ts";

const store = createWorker(app);

const http = new Hono<{ Bindings: HeadspringEnv }>()
  .get("/hello", (context) => context.text("hello"))
  .get("/latest/:store", async (context) => {
    const url = new URL(`/stores/${context.req.param("store")}/log?direction=backward&limit=1`, context.req.url);
    const authorization = context.req.header("authorization") ?? "";
    const answer = await store.fetch(new Request(url, { headers: { authorization } }), context.env, context.executionCtx);
    if (!answer.ok) return answer;
    const { events } = await answer.json<{ events: { type: string }[] }>();
    return context.json(events.map(({ type }) => type));
  })
  .post("/readings/:store/:value", async (context) => {
    const client = createClient<typeof app>("http://store", {
      store: context.req.param("store"),
      token: (context.req.header("authorization") ?? "").replace(/^Bearer /, ""),
      fetch: async (url, init) => store.fetch(new Request(url, init), context.env, context.executionCtx),
    });
    const { version } = await client.streams.reading("s").append(event("Read", { value: Number(context.req.param("value")) }));
    return context.json({ version });
  })
  .all("*", (context) => store.fetch(context.req.raw, context.env, context.executionCtx));

const worker = { ...store, fetch: http.fetch } satisfies ExportedHandler<HeadspringEnv>;

async function ask(path: string, headers: Record<string, string> = {}, body?: object): Promise<Response> {
  const context = createExecutionContext();
  const init = body === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(body) };
  const response = await worker.fetch(new Request(`http://headspring${path}`, init), deploymentWith({}), context);
  await waitOnExecutionContext(context);
  return response;
}

describe("a worker with routes of its own", () => {
  const all = headerOf({ rights: "all", stores: "every" });

  it("answers those itself, and leaves every other path and method to the store", async () => {
    const { store: name } = freshStore("own");
    expect(await (await ask("/hello")).text()).toBe("hello");
    expect(await read(await ask(`/stores/${name}/streams/reading/s`, all, { type: "Read", data: { value: 1 } }))).toMatchObject({
      version: 1,
    });
    expect(await read(await ask(`/stores/${name}/log`, all))).toMatchObject({ events: [{ type: "Read" }] });
    expect((await ask("/nowhere", all)).status).toBe(404);
  });

  it("writes and reads with the typed client, without leaving the worker", async () => {
    const { store: name } = freshStore("own-client");
    expect(await read(await ask(`/readings/${name}/7`, all, {}))).toEqual({ version: 1 });
    expect(await read(await ask(`/readings/${name}/8`, all, {}))).toEqual({ version: 2 });
    expect(await read(await ask(`/stores/${name}/streams/reading/s`, all))).toMatchObject({
      events: [{ data: { value: 7 } }, { data: { value: 8 } }],
    });
  });

  it("asks the store in the same worker, with the rights of its own caller and no others", async () => {
    const { store: name, post } = freshStore("own-asks");
    await post("/streams/reading/s", { type: "Read", data: { value: 1 } });
    expect(await read(await ask(`/latest/${name}`, all))).toEqual(["Read"]);
    expect((await ask(`/latest/${name}`)).status).toBe(401);
    expect((await ask(`/latest/${name}`, headerOf({ rights: "write", stores: "every" }))).status).toBe(403);
    expect((await ask(`/latest/${name}`, headerOf({ rights: "all", stores: "mine" }))).status).toBe(403);
  });
});
