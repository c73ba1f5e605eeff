/** Where definitions of the catalog meet the code's, other isolates, and the log. */

import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import type { App } from "../../../src/definitions/app.ts";
import { createHttp } from "../../../src/http/worker.ts";
import { defineApp, reactor, view } from "../../../src/index.ts";
import { handleWakeUps } from "../../../src/operations/wake-up.ts";
import { Definitions } from "../../../src/store/definitions.ts";
import { app, reading } from "../app.ts";
import { eventually, quietStore } from "../delivery/support.ts";
import { expectErrors } from "../errors.ts";
import { freshStore, interceptCatalog, read, storeNamed } from "../support.ts";

const VIEW = { from: "reading" };
const PROCESSOR = { from: "reading", steps: [{ filter: "data.value > 1" }] };

afterEach(() => vi.restoreAllMocks());

/** The definitions of a store as another isolate has them: with caches of its own. */
function elsewhere(store: string, code: App = app): Definitions {
  const copy = { ...code };
  return new Definitions(copy, store, () => storeNamed(store, copy));
}

describe("a definition of the catalog", () => {
  it("is found by the same call as those in code, and stays the same object until it changes", async () => {
    const { store, send } = freshStore("same-object");
    await send("PUT", "/views/v", VIEW);
    await send("PUT", "/processors/p", PROCESSOR);
    const definitions = elsewhere(store);
    const first = await definitions.view("v");
    expect(first).toMatchObject({ kind: "view", name: "v" });
    expect(await definitions.view("v")).toBe(first);
    expect((await definitions.views()).find(({ name }) => name === "v")).toBe(first);
    expect(await definitions.processor("p")).toMatchObject({ kind: "rules", name: "p" });
    expect([await definitions.kindOf("v"), await definitions.kindOf("p"), await definitions.kindOf("none")]).toEqual([
      "view",
      "processor",
      undefined,
    ]);
    expect([await definitions.processor("v"), await definitions.view("p")]).toEqual([undefined, undefined]);
  });

  it("is seen in its current form, whichever isolate changed it", async () => {
    const { store, send } = freshStore("stale");
    await send("PUT", "/views/v", VIEW);
    const [one, two] = [elsewhere(store), elsewhere(store)];
    const columnsOf = async (definitions: Definitions) => Object.keys((await definitions.view("v"))?.row.shape ?? {});
    expect([await columnsOf(one), await columnsOf(two)]).toEqual([
      ["id", "value", "note"],
      ["id", "value", "note"],
    ]);
    await send("PUT", "/views/v", { ...VIEW, columns: { times: { type: "integer", init: 0, fold: "acc + 1" } } });
    expect([await columnsOf(one), await columnsOf(two)]).toEqual([
      ["id", "times"],
      ["id", "times"],
    ]);
    await send("DELETE", "/views/v");
    expect([await one.view("v"), await two.kindOf("v")]).toEqual([undefined, undefined]);
  });

  it("is compiled again when a category or a view that it names has changed", async () => {
    const { store, send } = freshStore("around");
    const schema = (names: string[]) => {
      const properties = Object.fromEntries(names.map((name) => [name, { type: "string" }]));
      return { schema: { type: "object", properties, additionalProperties: false } };
    };
    await send("PUT", "/streams/things", schema(["a"]));
    await send("PUT", "/views/v", { from: "things" });
    const join = { join: { with: "v", by: "event.streamId", as: "known", missing: "null" } };
    expect((await send("PUT", "/processors/p", { from: "reading", steps: [join] })).status).toBe(201);
    const definitions = elsewhere(store);
    const [before, processor] = [await definitions.view("v"), await definitions.processor("p")];
    expect(Object.keys(before?.row.shape ?? {})).toEqual(["id", "a"]);
    expect((await send("PUT", "/streams/things", schema(["a", "b"]))).status).toBe(200);
    const after = await definitions.view("v");
    expect(Object.keys(after?.row.shape ?? {})).toEqual(["id", "a", "b"]);
    expect(await definitions.processor("p")).not.toBe(processor);
    expect((await definitions.processor("p"))?.followed).toHaveLength(processor?.followed.length ?? 0);
  });

  it("costs a wake-up of its consumer one call to the catalog; a consumer in code costs none", async () => {
    const { store, send, post } = quietStore("calls");
    await post("/streams/reading/a", { type: "Read", data: { value: 1 } });
    await send("PUT", "/views/v", VIEW);
    const catalog = vi.spyOn(env.CATALOGS, "getByName");
    const wake = async (consumer: string) => {
      catalog.mockClear();
      const message = { id: "1", timestamp: new Date(), attempts: 1, body: { store, consumers: [consumer], consumer, head: 1 } };
      const batch = { queue: "q", messages: [{ ...message, ack: () => {}, retry: () => {} }] } as unknown as MessageBatch;
      await handleWakeUps(app, env, batch);
      return catalog.mock.calls.filter(([name]) => name === store).length;
    };
    expect(await wake("v")).toBe(1);
    expect(await wake("totals")).toBe(0);
  });
});

describe("a name that both the code and the catalog have", () => {
  const row = z.object({ id: z.string(), inCode: z.boolean() });
  const inCode = view("shared", { from: reading, row, key: "id", on: { Read: (_row, _event, id) => ({ id, inCode: true }) } });
  const later = defineApp({ categories: [reading], views: [inCode] });

  it("belongs to the code: the catalog's definition is shown as shadowed, has no effect, and can be deleted", async () => {
    const { store, send } = freshStore("shadowed");
    await send("PUT", "/views/shared", VIEW);
    await send("PUT", "/processors/own", PROCESSOR);
    const definitions = elsewhere(store, later);
    expect((await definitions.view("shared"))?.row).toBe(row);
    expect((await definitions.views()).map(({ name }) => name)).toEqual(["shared"]);
    const http = createHttp(later);
    const ask = async (method: string, path: string) =>
      http.request(`/stores/${store}${path}`, { method, ...(method === "PUT" ? { body: JSON.stringify(VIEW) } : {}) }, env);
    expect((await read(await ask("GET", "/views"))).views).toMatchObject([
      { name: "shared", origin: "code" },
      { name: "shared", origin: "api", shadowed: true, definition: VIEW },
    ]);
    const { consumers } = await read(await ask("GET", "/consumers"));
    expect(consumers.map(({ name, origin }: Record<string, string>) => [name, origin])).toEqual([
      ["shared", "code"],
      ["own", "api"],
    ]);
    expect((await read(await ask("PUT", "/views/shared"))).code).toBe("view-in-code");
    expect((await ask("DELETE", "/views/shared")).status).toBe(204);
    expect((await read(await ask("DELETE", "/views/shared"))).code).toBe("view-in-code");
    expect((await read(await ask("GET", "/views"))).views).toHaveLength(1);
  });
});

describe("a processor of the catalog", () => {
  it("that has a name of the code is shown as shadowed, after the code's, and can be deleted", async () => {
    const { store, send } = freshStore("shadowed-processor");
    const own = reactor("own", { from: reading, emits: [], on: {} });
    await send("PUT", "/processors/own", PROCESSOR);
    const http = createHttp(defineApp({ categories: [reading], processors: [own] }));
    const ask = (method: string, path = "") => http.request(`/stores/${store}/processors${path}`, { method }, env);
    expect((await read(await ask("GET"))).processors).toMatchObject([
      { name: "own", kind: "reactor", status: "live" },
      { name: "own", kind: "rules", origin: "api", shadowed: true, definition: PROCESSOR },
    ]);
    expect(await read(await ask("GET", "/own"))).toMatchObject({ kind: "reactor" });
    expect((await ask("DELETE", "/own")).status).toBe(204);
    expect((await read(await ask("GET"))).processors).toHaveLength(1);
  });

  it("is shown without a position when this code cannot compile it, and does not hide the others", async () => {
    expectErrors(/cannot be compiled by this code/);
    const { store, send, json } = freshStore("strange-processor");
    await send("PUT", "/processors/own", PROCESSOR);
    const strange = { from: "reading", steps: [{ hover: "above" }] };
    await storeNamed(store).catalog.declareDefinition({ kind: "processor", name: "strange", definition: JSON.stringify(strange) });
    expect((await json("/processors")).processors.slice(-2)).toMatchObject([
      { name: "own", status: "live" },
      { name: "strange", kind: "rules", origin: "api", revision: 1, definition: strange },
    ]);
    expect(await json("/processors/strange")).not.toHaveProperty("position");
  });
});

describe("a definition that another client deletes at the moment of its declaration", () => {
  it.each([
    ["view", "/views/v", VIEW],
    ["processor", "/processors/v", PROCESSOR],
  ] as const)("is answered with a 404, not shown as if it were there: a %s", async (kind, path, definition) => {
    const { store, send, get } = freshStore("deleted-at-once");
    const spy = interceptCatalog(store, "declareDefinition", (real) => async (asked) => {
      const answer = await real(asked);
      await storeNamed(store).catalog.removeDefinition(kind, "v");
      return answer;
    });
    const answer = await send("PUT", path, definition);
    spy.mockRestore();
    expect([answer.status, (await read(answer)).code]).toEqual([404, `unknown-${kind}`]);
    expect((await get(path)).status).toBe(404);
  });
});

describe("the log of a store", () => {
  const value = (number: number) => ({ type: "Read", data: { value: number } });
  const declared = async (name: string) => {
    const store = freshStore(name);
    await store.send("PUT", "/views/v", VIEW);
    await store.post("/streams/reading/a", value(1));
    await eventually(async () => expect((await store.json("/views/v")).rows).toHaveLength(1));
    return store;
  };

  it("goes on waking the catalog's consumers in its next segment, and after an eviction", async () => {
    const store = await declared("next-segment");
    await store.post("/log/roll-over", {});
    await store.post("/streams/reading/b", value(2));
    await eventually(async () => expect((await store.json("/views/v")).rows).toHaveLength(2));
    await evictDurableObject(store.segmentStub(2));
    await store.post("/streams/reading/c", value(3));
    await eventually(async () => expect((await store.json("/views/v")).rows).toHaveLength(3));
    expect(await store.logClient().subscribers()).toEqual(["v"]);
  });

  it("learns of a definition when its declaration is repeated, if the first one broke off halfway", async () => {
    const store = freshStore("broken-off");
    await store.post("/streams/reading/a", value(1));
    const { catalog, log } = storeNamed(store.store, app);
    await catalog.declareDefinition({ kind: "view", name: "v", definition: JSON.stringify(VIEW) });
    expect(await log.subscribers()).toEqual([]);
    expect((await store.send("PUT", "/views/v", VIEW)).status).toBe(200);
    expect(await log.subscribers()).toEqual(["v"]);
    await eventually(async () => expect((await store.json("/views/v")).rows).toHaveLength(1));
    await catalog.removeDefinition("view", "v");
    expect((await store.send("DELETE", "/views/v")).status).toBe(404);
    expect(await log.subscribers()).toEqual([]);
  });

  it("keeps the newest list of consumers, whatever order lists arrive in, and its webhooks", async () => {
    const { log } = storeNamed(freshStore("lists").store);
    const consumers = (...names: string[]) => names.map((consumer) => ({ consumer, filter: { categories: ["reading"] } }));
    await log.subscribe("wh_0190", { types: ["Read"] }, 0);
    await log.keepDeclared({ asOf: 2, consumers: consumers("a", "b") });
    expect(await log.subscribers()).toEqual(["wh_0190", "a", "b"]);
    await log.keepDeclared({ asOf: 1, consumers: consumers("a") });
    expect(await log.subscribers()).toEqual(["wh_0190", "a", "b"]);
    await log.rollOver();
    await log.keepDeclared({ asOf: 1, consumers: [] });
    expect(await log.subscribers()).toEqual(["wh_0190", "a", "b"]);
    await log.keepDeclared({ asOf: 3, consumers: consumers("b") });
    expect(await log.subscribers()).toEqual(["wh_0190", "b"]);
  });

  it("wakes consumers for the events that their current declarations follow", async () => {
    const store = quietStore("filters");
    const { log } = storeNamed(store.store);
    await store.post("/streams/reading/a", value(1));
    await log.keepDeclared({ asOf: 1, consumers: [{ consumer: "v", filter: { categories: ["reading"] } }] });
    const census = async () => (await log.wakeBehind({ standings: [{ consumer: "v", categories: [], position: 0 }] })).passed;
    expect(await census()).toEqual([]);
    await log.keepDeclared({ asOf: 2, consumers: [{ consumer: "v", filter: { categories: ["weather"] } }] });
    expect(await census()).toEqual(["v"]);
  });
});
