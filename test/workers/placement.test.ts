/** Where stores lie: fixed before the first write, for good, and for everything of a store alike. */

import { env } from "cloudflare:workers";
import { createHash } from "node:crypto";
import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { prepare } from "../../src/consumers/schema.ts";
import { handleWakeUps } from "../../src/operations/wake-up.ts";
import { createHttp } from "../../src/http/worker.ts";
import { DIRECTORY } from "../../src/store/catalog-protocol.ts";
import { defineApp, streamIdOf, view } from "../../src/index.ts";
import { app, reading } from "./app.ts";
import { expectErrors } from "./errors.ts";
import { deploymentWith } from "./http/tokens.ts";
import { type Asked, databases, withJurisdictions } from "./jurisdictions.ts";
import { IMPATIENT, envWith, freshStore, read } from "./support.ts";

const API_TOKENS = JSON.stringify(
  ["*", "mine"].map((store) => ({
    name: store,
    sha256: createHash("sha256").update(`hs_${store}`).digest("hex"),
    rights: ["read", "write", "admin"],
    stores: [store],
  })),
);

const http = createHttp(app);
let stores = 0;

/** The code of a later deployment: it keeps a view in another database. */
const archive = createHttp(
  defineApp({
    categories: [reading],
    views: [
      view("archived", {
        from: reading,
        row: z.object({ id: z.string(), value: z.number() }),
        key: "id",
        database: "ARCHIVE",
        on: { Read: (_row, { stream, data }) => ({ id: streamIdOf(stream), value: data.value }) },
      }),
    ],
  }),
);

/** A deployment on a platform that knows the EU, and what it asks the namespaces for. */
function deployment(variables: object = {}, code = http) {
  const asked: Asked[] = [];
  const bindings = withJurisdictions(deploymentWith({ API_TOKENS, ...variables }), asked);
  return {
    asked,
    bindings,
    send: async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
      const prefer: Record<string, string> = method === "GET" ? {} : { prefer: "wait=20" }; // a read of the log would wait for events
      const init = { method, headers: { authorization: "Bearer hs_*", ...prefer, ...headers } };
      const response = await code.request(path, body === undefined ? init : { ...init, body: JSON.stringify(body) }, bindings);
      const answer = await read(response);
      return { ...answer, status: response.status, headers: response.headers };
    },
  };
}

/** Other objects than the directory, of a store. */
const ofStore = (asked: readonly Asked[], store: string) => asked.filter(({ name }) => name === store || name.startsWith(`${store}/`));

describe("a store that was placed in a jurisdiction", () => {
  it("has every object and every row there, and nothing anywhere else", async () => {
    const { send, asked, bindings } = deployment();
    const store = `eu-${++stores}`;
    expect(await send("PUT", `/stores/${store}`, { jurisdiction: "eu", location: "weur" })).toMatchObject({
      status: 201,
      name: store,
      jurisdiction: "eu",
      location: "weur",
      isPlaced: true,
      isEnforced: true,
    });
    expect((await send("POST", `/stores/${store}/aggregates/counter/1/Count`, {})).position).toBe(1);
    expect((await send("PUT", `/stores/${store}/streams/declared`, {})).status).toBe(201);
    expect((await send("POST", `/stores/${store}/webhooks`, { url: "https://example.com/" })).status).toBe(201);
    const wakeUp = { id: "1", timestamp: new Date(), attempts: 1, body: { store, consumer: "values", head: 1 } };
    await handleWakeUps(app, bindings, createMessageBatch("headspring-wake-ups", [wakeUp]));

    const objects = ofStore(asked, store);
    expect([...new Set(objects.map(({ binding }) => binding))].toSorted()).toEqual(["CATALOGS", "LOGS", "STREAMS", "WEBHOOKS"]);
    // The one look elsewhere is whether the store has been there before it was placed.
    const elsewhere = objects.filter(({ jurisdiction }) => jurisdiction !== "eu").map(({ binding }) => binding);
    expect(elsewhere.toSorted()).toEqual(["CATALOGS", "LOGS"]);
    expect(objects.filter(({ jurisdiction }) => jurisdiction === "eu").every(({ locationHint }) => locationHint === "weur")).toBe(true);

    await Promise.all([prepare(databases.VIEWS), prepare(databases.VIEWS_EU)]);
    const checkpoints = (db: D1Database) =>
      db
        .prepare(`SELECT consumer FROM headspring_checkpoints WHERE store = ?`)
        .bind(store)
        .all()
        .then(({ results }) => results.length);
    expect(await checkpoints(databases.VIEWS_EU)).toBeGreaterThan(0);
    expect(await checkpoints(databases.VIEWS)).toBe(0);
    // Its stream is an object of the EU, with an id of its own, and the one of the same name elsewhere is empty.
    const name = `${store}/counter/1`;
    const euStreams = (env as unknown as { STREAMS_EU: DurableObjectNamespace }).STREAMS_EU;
    expect(String(euStreams.idFromName(name))).not.toBe(String(env.STREAMS.idFromName(name)));
    expect((await env.STREAMS.getByName(name).read({ from: 1, to: 9, limit: 9, direction: "forward" })).version).toBe(0);
    expect(await env.LOGS.getByName(store).head()).toBe(0);
  });

  it("keeps its place: it can be placed there again, and not elsewhere", async () => {
    const { send } = deployment();
    const store = `eu-${++stores}`;
    const placed = await send("PUT", `/stores/${store}`, { jurisdiction: "eu" });
    expect(await send("PUT", `/stores/${store}`, { jurisdiction: "eu" })).toMatchObject({ status: 200, placedAt: placed.placedAt });
    for (const other of [{}, { jurisdiction: "us" }, { jurisdiction: "eu", location: "weur" }]) {
      const status = other.jurisdiction === "us" ? "placement-not-possible" : "store-placed";
      expect(await send("PUT", `/stores/${store}`, other)).toMatchObject({ status: 409, code: status });
    }
  });

  it("needs databases there: missing ones are named before the placement is fixed", async () => {
    const { send } = deployment();
    const store = `us-${++stores}`;
    const answer = await send("PUT", `/stores/${store}`, { jurisdiction: "us" });
    expect(answer).toMatchObject({ status: 409, code: "placement-not-possible" });
    expect(answer.missing).toContain("VIEWS_US");
    expect(await send("GET", `/stores/${store}`)).toMatchObject({ isPlaced: false, head: 0 });
  });

  it("has no row elsewhere, even if the code keeps a view in a database that the deployment does not have there", async () => {
    const before = deployment();
    const store = `eu-${++stores}`;
    await before.send("PUT", `/stores/${store}`, { jurisdiction: "eu" });
    await before.send("POST", `/stores/${store}/streams/reading/one`, { events: [{ type: "Read", data: { value: 1 } }] });
    const after = deployment({}, archive);
    expectErrors(/the deployment has no D1 binding ARCHIVE_EU, where a store of jurisdiction eu keeps/);
    expect(await after.send("GET", `/stores/${store}/views/archived?minPosition=1`)).toMatchObject({ status: 500, code: "internal-error" });
    const { ARCHIVE } = env as unknown as { ARCHIVE: D1Database };
    await prepare(ARCHIVE);
    expect(await ARCHIVE.prepare(`SELECT * FROM headspring_checkpoints WHERE store = ?`).bind(store).all()).toMatchObject({ results: [] });
    // Its own database, once the deployment has it.
    const complete = deployment({ ARCHIVE_EU: databases.VIEWS_EU }, archive);
    expect(await complete.send("GET", `/stores/${store}/views/archived?minPosition=1`)).toMatchObject({ rows: [{ id: "one", value: 1 }] });
  });

  it("is used as before by what needs no view, if the deployment has lost the database there", async () => {
    const store = `eu-${++stores}`;
    await deployment().send("PUT", `/stores/${store}`, { jurisdiction: "eu" });
    const { send, bindings } = deployment({ VIEWS_EU: undefined });
    expect((await send("POST", `/stores/${store}/aggregates/counter/1/Count`, {})).position).toBe(1);
    expectErrors(/the deployment has no D1 binding VIEWS_EU, where a store of jurisdiction eu keeps what others keep in VIEWS/);
    expect((await send("GET", `/stores/${store}/views/values`)).status).toBe(500);
    // A wake-up of this store waits, without those of others.
    const other = `plain-${++stores}`;
    await send("POST", `/stores/${other}/aggregates/counter/1/Count`, {});
    const wakeUps = [store, other].map((one) => ({
      id: one,
      timestamp: new Date(),
      attempts: 1,
      body: { store: one, consumer: "totals", head: 1 },
    }));
    const batch = createMessageBatch("headspring-wake-ups", wakeUps);
    await handleWakeUps(app, bindings, batch);
    expect(await getQueueResult(batch, createExecutionContext())).toMatchObject({
      explicitAcks: [other],
      retryMessages: [{ msgId: store }],
    });
    expect((await send("GET", `/stores/${other}/views/totals`)).rows).toMatchObject([{ counter: "1", total: 1 }]);
  });

  it("reports where each kind of its data is", async () => {
    const { send } = deployment();
    const store = `eu-${++stores}`;
    await send("PUT", `/stores/${store}`, { jurisdiction: "eu" });
    const { parts } = await send("GET", `/stores/${store}`);
    for (const part of ["streams", "log", "webhooks", "catalog"])
      expect(parts).toContainEqual(expect.objectContaining({ part, kind: "durable-object", jurisdiction: "eu" }));
    expect(parts).toContainEqual({ part: "views", kind: "d1", binding: "VIEWS_EU", jurisdiction: "eu" });
  });
});

describe("a store that was not placed", () => {
  it("lies where the deployment puts it, from its first write on, even one that is refused", async () => {
    const { send, asked } = deployment({ JURISDICTION: "eu", LOCATION: "eeur" });
    const store = `plain-${++stores}`;
    expect(await send("GET", `/stores/${store}`)).toMatchObject({ isPlaced: false, jurisdiction: "eu", location: "eeur" });
    expect((await send("POST", `/stores/${store}/aggregates/counter/1/Count`, { by: "?" })).status).toBe(400);
    expect(await send("GET", `/stores/${store}`)).toMatchObject({ isPlaced: true, jurisdiction: "eu", location: "eeur" });
    expect((await send("POST", `/stores/${store}/aggregates/counter/1/Count`, {})).position).toBe(1);
    // The directory, too, lies where the deployment says; and its stores' views are in the databases that it has.
    expect(asked.every(({ jurisdiction, locationHint }) => jurisdiction === "eu" && locationHint === "eeur")).toBe(true);
    expect((await send("GET", `/stores/${store}`)).parts).toContainEqual({
      part: "views",
      kind: "d1",
      binding: "VIEWS",
      jurisdiction: "eu",
    });
  });

  it("can be placed as long as it has only been read", async () => {
    const { send } = deployment();
    const store = `read-${++stores}`;
    for (const path of ["log", "streams", "views/values", "aggregates/counter/1"])
      await send("GET", `/stores/${store}/${path}`, undefined, IMPATIENT);
    expect((await send("PUT", `/stores/${store}`, { location: "oc" })).status).toBe(201);
  });

  it("stays where it is once a client subscribes: what is written later must reach the subscriber", async () => {
    const { bindings, send } = deployment();
    const store = `listened-${++stores}`;
    const init = { headers: { authorization: "Bearer hs_*", accept: "text/event-stream" } };
    await (await http.request(`/stores/${store}/log`, init, bindings)).body?.cancel();
    expect(await send("PUT", `/stores/${store}`, { jurisdiction: "eu" })).toMatchObject({ status: 409, code: "store-placed" });
  });

  it("that version 0.1 wrote to stays where it is", async () => {
    const { send } = deployment();
    const { store } = freshStore("older");
    // Version 0.1 had no directory.
    await env.STREAMS.getByName(`${store}/counter/1`).execute({ command: "Count", data: "{}", expected: { kind: "any" }, waitMs: 20_000 });
    expect(await send("PUT", `/stores/${store}`, { jurisdiction: "eu" })).toMatchObject({ status: 409, code: "store-placed" });
    expect(await send("GET", `/stores/${store}`)).toMatchObject({ isPlaced: true, head: 1 });
  });

  it("is placed once, whichever of them is first: writes and placements that race end in one place", async () => {
    const { send } = deployment();
    for (let round = 0; round < 5; round++) {
      const store = `raced-${++stores}`;
      const write = async () => send("POST", `/stores/${store}/aggregates/counter/1/Count`, {});
      const place = async () => send("PUT", `/stores/${store}`, { jurisdiction: "eu" });
      const answers = await Promise.all(round % 2 === 0 ? [write(), place(), write()] : [place(), write(), place()]);
      const { jurisdiction, head } = await send("GET", `/stores/${store}`);
      expect(answers.some(({ status }) => status === 201)).toBe(jurisdiction === "eu");
      // Every write that was acknowledged is in the log of the place that won.
      const written = answers.filter(({ position }) => position !== undefined);
      expect(head).toBe(written.length);
    }
  });
});

describe("the list of stores", () => {
  it("is empty in a deployment that has none yet", async () => {
    const getByName = (name: string) => env.CATALOGS.getByName(name === DIRECTORY ? "none yet" : name);
    const answer = await http.request("/stores", {}, envWith({ CATALOGS: { getByName } }));
    expect([answer.status, await read(answer)]).toEqual([200, { stores: [], hasMore: false }]);
  });

  it("has each store that was written to or placed, with its head, in pages", async () => {
    const { send } = deployment();
    const names = ["a", "b", "c"].map((letter) => `zz-list-${letter}`);
    for (const name of names) await send("POST", `/stores/${name}/aggregates/counter/1/Count`, {});
    const first = await send("GET", "/stores?after=zz-list&limit=2");
    expect(first.stores).toEqual(names.slice(0, 2).map((name) => ({ name, head: 1, placedAt: expect.any(String) })));
    expect(first).toMatchObject({ hasMore: true, next: "/stores?after=zz-list-b&limit=2" });
    expect(first.headers.get("link")).toBe('</stores?after=zz-list-b&limit=2>; rel="next"');
    const last = await send("GET", first.next);
    expect(last.stores.map(({ name }: { name: string }) => name)).toEqual(["zz-list-c"]);
    expect(last).toMatchObject({ hasMore: false });
  });

  it("is open to a token for every store; the place of a single store is open to its own admin", async () => {
    const { send } = deployment();
    const mine = { authorization: "Bearer hs_mine" };
    expect(await send("GET", "/stores", undefined, mine)).toMatchObject({ status: 403, detail: 'token "mine" is not for every store' });
    expect((await send("GET", "/stores/mine", undefined, mine)).status).toBe(200);
    expect((await send("GET", "/stores/theirs", undefined, mine)).status).toBe(403);
    expect((await send("PUT", "/stores/theirs", {}, mine)).status).toBe(403);
  });
});

describe("bad input", () => {
  it.each([{ jurisdiction: "mars" }, { location: "eu" }, { region: "eu" }, [], "eu"])("fixes nothing: %j", async (body) => {
    const { send } = deployment();
    const store = `bad-${++stores}`;
    expect((await send("PUT", `/stores/${store}`, body)).status).toBe(400);
    expect(await send("GET", `/stores/${store}`)).toMatchObject({ isPlaced: false });
  });

  it("cannot reach the directory as a store", async () => {
    const { send } = deployment();
    for (const path of [`/stores/${DIRECTORY}`, `/stores/${encodeURIComponent(DIRECTORY)}/streams`])
      expect((await send("GET", path)).status).toBe(400);
  });

  it("in a variable is reported by the variable's name, and nothing is written anywhere", async () => {
    const lines = vi.spyOn(console, "error").mockImplementation(() => {});
    const { send } = deployment({ JURISDICTION: "mars" });
    expect((await send("POST", "/stores/any/aggregates/counter/1/Count", {})).status).toBe(500);
    expect(JSON.stringify(lines.mock.calls)).toContain('JURISDICTION is \\"mars\\"; it must be one of eu, us');
    lines.mockRestore();
  });
});

it("the local runtime, which has no jurisdictions, keeps what was asked for and reports that it has no effect", async () => {
  const { send, json, store } = freshStore("local");
  const { exports } = await import("cloudflare:workers");
  const put = await exports.default.fetch(`http://headspring/stores/${store}`, {
    method: "PUT",
    body: JSON.stringify({ jurisdiction: "eu" }),
  });
  expect(put.status).toBe(201);
  expect(await read(put)).toMatchObject({ jurisdiction: "eu", isEnforced: false });
  expect((await send("POST", "/aggregates/counter/1/Count", {})).status).toBe(200);
  expect(await json("/log/head")).toEqual({ head: 1 });
});
