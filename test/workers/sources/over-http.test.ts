/** Sources that are declared over HTTP: what `PUT`, `GET`, `DELETE` and the actions promise, and what they refuse. */

import { createMessageBatch } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { defineApp } from "../../../src/definitions/app.ts";
import { category } from "../../../src/definitions/category.ts";
import { source } from "../../../src/definitions/sources/source.ts";
import { createHttp } from "../../../src/http/worker.ts";
import { Budget } from "../../../src/core/budget.ts";
import { DEFINITIONS } from "../../../src/core/limits.ts";
import { declaredConsumers } from "../../../src/operations/declared.ts";
import { SOURCE_ANSWER_MS } from "../../../src/operations/limits.ts";
import { reportSources } from "../../../src/operations/source-reports.ts";
import { handleBatch } from "../../../src/operations/sources.ts";
import { Store } from "../../../src/store/store.ts";
import { app } from "../app.ts";
import { expectErrors } from "../errors.ts";
import { eventually } from "../eventually.ts";
import { envWith, freshStore, read, setVariables } from "../support.ts";
import { deploy } from "../versions/deployed.ts";
import { type Tick, type Ticker, ticker, tickerNamed } from "./ticker.ts";

afterEach(() => vi.restoreAllMocks());

const nameOf = ({ name }: { name: string }) => name;

/** A store with a category of facts, and a definition of a source that follows a ticker of its own. */
async function storeWith(name: string) {
  const store = freshStore(name);
  await store.send("PUT", "/streams/level", { schema: { type: "object", properties: { value: { type: "number" } }, required: ["value"] } });
  const definition = { kind: "ticker", ticker: store.store, to: "level", stream: "change.of" };
  const put = (more: object = {}, source = "ticks") => store.send("PUT", `/sources/${source}`, { ...definition, ...more });
  const source = (of = "ticks") => store.json(`/sources/${of}`);
  const settled = (changes: number) => eventually(async () => expect(await source()).toMatchObject({ changes }));
  return { ...store, definition, put, source, settled, ticker: tickerNamed(store.store) satisfies Ticker };
}

const problem = async (answer: Response | Promise<Response>) => {
  const { status, code, detail, issues } = await read(await answer);
  return { status, code, detail, issues };
};

describe("a source that is declared over HTTP", () => {
  it("appends what it sees, reports how far it is, and goes on by a changed definition", async () => {
    const store = await storeWith("declared-source");
    store.ticker.add({ of: "a", value: 1 }, { of: "b", value: 2 }, { of: "a", value: -3 });
    const put = await store.put({ where: "change.value > 0", description: "ticks" });
    expect([put.status, put.headers.get("location")]).toEqual([201, `/stores/${store.store}/sources/ticks`]);
    expect(await read(put)).toMatchObject({
      name: "ticks",
      kind: "ticker",
      origin: "api",
      to: "level",
      description: "ticks",
      revision: 1,
      definition: { ...store.definition, where: "change.value > 0" },
    });
    await store.settled(3);
    expect(await store.source()).toMatchObject({ changes: 3, appended: 2, ended: 0, attempts: 0, position: "#3" });
    expect((await store.json("/log")).events).toMatchObject([
      { stream: "level/a", type: "LevelRecorded", data: { of: "a", value: 1 }, meta: { $source: "ticks" } },
      { stream: "level/b", data: { of: "b", value: 2 } },
    ]);
    expect((await store.put({ where: "change.value > 0", description: "ticks" })).status).toBe(200);
    // It looks once a minute: what is added now is read after the resume.
    await store.post("/sources/ticks/pause", {});
    const changed = await store.put({ data: { value: "change.value * 10", from: "change.of" } });
    expect([changed.status, (await read(changed)).revision]).toEqual([200, 2]);
    store.ticker.add({ of: "c", value: 4 });
    await store.post("/sources/ticks/resume", {});
    await eventually(async () => expect((await store.log()).at(-1)).toMatchObject({ stream: "level/c", data: { from: "c", value: 40 } }));

    expect((await store.json("/sources")).sources.map(nameOf)).toEqual(["ticks"]);
    expect((await store.json("/app")).sources).toMatchObject([{ name: "ticks", kind: "ticker", origin: "api", to: "level" }]);
    expect((await store.json("/app")).sourceKinds.map(nameOf)).toEqual(expect.arrayContaining(["queue", "ticker"]));
    const metrics = await (await store.get("/metrics")).text();
    expect(metrics).toContain(`headspring_source_changes_total{store="${store.store}",source="ticks",kind="ticker"} 4`);
    // It reads no log.
    expect((await store.json("/consumers")).consumers.map(nameOf)).not.toContain("ticks");
    expect((await store.get("/consumers/ticks")).status).toBe(404);
    expect((await store.json("/processors")).processors.map(nameOf)).not.toContain("ticks");
  });

  it("is gone once it is deleted, together with what it made outside", async () => {
    const store = await storeWith("deleted-source");
    store.ticker.add({ of: "a", value: 1 });
    await store.put();
    await store.settled(1);
    expect((await store.send("DELETE", "/sources/ticks")).status).toBe(204);
    expect(store.ticker.forgotten).toMatchObject([{ why: "remove" }]);
    expect(await problem(store.get("/sources/ticks"))).toMatchObject({ status: 404, code: "unknown-source" });
    expect((await store.json("/sources")).sources).toEqual([]);
    expect(await problem(store.send("DELETE", "/sources/ticks"))).toMatchObject({ status: 404, code: "unknown-source" });
    // What was read before is known when it is read again.
    expect((await store.put()).status).toBe(201);
    await store.settled(1);
    expect((await store.json("/log")).events).toHaveLength(1);
  });

  it("fails at a change whose expression fails, and goes on when its definition is corrected", async () => {
    const store = await storeWith("failing-source");
    expectErrors(/a source failed and will try again/);
    store.ticker.add({ of: "a", value: 1 }, { of: "secret-b" }, { of: "a", value: 3 });
    await store.put({ data: { value: "change.value" } });
    await eventually(async () => expect(await store.source()).toMatchObject({ changes: 1, status: "retrying" }));
    const { lastError, nextAttemptAt } = await store.source();
    expect(lastError).toMatchObject({ change: "#2", message: expect.stringMatching(/^data\.value: the expression .*column 8, failed/) });
    expect(lastError.message).not.toContain("secret");
    expect(Date.parse(nextAttemptAt)).toBeGreaterThan(0);
    await store.put({ data: { value: "change.?value.orValue(0)" } });
    await store.settled(3);
    expect(await store.source()).toMatchObject({ appended: 3, attempts: 0 });
  });

  it("skips the change that is named, and no other; a refusal by its category is reported without the change's values", async () => {
    const store = await storeWith("skipping-source");
    expectErrors(/a source failed and will try again|a change was skipped/);
    store.ticker.add({ of: "a", value: "secret" }, { of: "b", value: 2 });
    await store.put();
    await eventually(async () => expect((await store.source()).lastError).toMatchObject({ change: "#1" }));
    expect((await store.source()).lastError.message).toMatch(/LevelRecorded.*value/);
    expect((await store.source()).lastError.message).not.toContain("secret");
    for (const body of [{}, { change: "" }, { change: 1 }, { change: "#1", more: 1 }, { change: "x".repeat(2_000) }, undefined])
      expect((await store.post("/sources/ticks/skip", body)).status).toBe(400);
    expect(await problem(store.post("/sources/ticks/skip", { change: "#2" }))).toMatchObject({ status: 409, code: "action-not-possible" });
    expect((await store.post("/sources/ticks/skip", { change: "#1" })).status).toBe(200);
    await store.settled(2);
    expect(await store.source()).toMatchObject({ appended: 1, skipped: [{ change: "#1" }] });
  });

  it("is paused, resumed and reset; an action that makes no sense is refused, and so is one on an unknown source", async () => {
    const store = await storeWith("operated-source");
    await store.put();
    store.ticker.add({ of: "a", value: 1 });
    expect(await read(await store.post("/sources/ticks/pause", {}))).toMatchObject({ name: "ticks", to: "level", status: "paused" });
    expect(await problem(store.post("/sources/ticks/retry", {}))).toMatchObject({ status: 409, code: "action-not-possible" });
    expect((await store.post("/sources/ticks/resume", {})).status).toBe(200);
    await store.settled(1);
    expect((await store.post("/sources/ticks/reset", {})).status).toBe(200);
    await store.settled(2);
    expect(store.ticker.forgotten).toMatchObject([{ why: "reset" }]);
    expect((await store.json("/log")).events).toHaveLength(1);
    expect((await store.post("/sources/ticks/pause", { more: true })).status).toBe(400);
    for (const action of ["pause", "resume", "retry", "reset"])
      expect(await problem(store.post(`/sources/nothing/${action}`, {}))).toMatchObject({ status: 404, code: "unknown-source" });
    expect((await store.post("/sources/ticks/explode", {})).status).toBe(404);
  });

  it("takes over the name of a deleted definition of another kind for every reader, and hands it on likewise", async () => {
    const store = await storeWith("renamed");
    await store.send("PUT", "/views/one", { from: "level" });
    expect((await store.get("/views/one")).status).toBe(200);
    await store.send("DELETE", "/views/one");
    expect((await store.put({}, "one")).status).toBe(201);
    expect((await store.source("one")).kind).toBe("ticker");
    expect((await store.get("/views/one")).status).toBe(404);
    await store.send("DELETE", "/sources/one");
    expect((await store.send("PUT", "/processors/one", { from: "level", steps: [{ filter: "true" }] })).status).toBe(201);
    expect(await store.json("/processors/one")).toMatchObject({ kind: "rules", definition: { from: "level" } });
  });
});

describe("a source that the code declares", () => {
  it("is listed like others, works by its functions, and cannot be declared or deleted over HTTP, whatever the case of its name", async () => {
    const store = await storeWith("coded-source");
    const level = category("coded", { events: { Levelled: z.object({ value: z.number() }) } });
    const from = ticker({ ticker: store.store });
    const coded = source<"Coded", Tick>("Coded", {
      from,
      to: level,
      stream: ({ of }) => of,
      data: ({ value }) => ({ value }),
      store: store.store,
    });
    const withSource = defineApp({ categories: [level], sources: [coded], sourceKinds: [ticker] });
    deploy(store.store, { sources: withSource });
    const http = createHttp(withSource);
    const ask = (method: string, path: string, body?: object) =>
      http.request(`/stores/${store.store}${path}`, { method, ...(body ? { body: JSON.stringify(body) } : {}) }, env);
    store.ticker.add({ of: "a", value: 1 });
    expect((await ask("POST", "/sources/Coded/resume")).status).toBe(200);
    await eventually(async () =>
      expect(await read(await ask("GET", "/sources/Coded"))).toMatchObject({ kind: "ticker", origin: "code", to: "coded", appended: 1 }),
    );
    expect((await read(await ask("GET", "/app"))).sources).toMatchObject([{ name: "Coded", origin: "code" }]);
    expect(await problem(ask("DELETE", "/sources/Coded"))).toMatchObject({ status: 409, code: "source-in-code" });
    expect(await problem(ask("PUT", "/sources/Coded", store.definition))).toMatchObject({ status: 409, code: "source-in-code" });
    expect(await problem(ask("PUT", "/sources/coded", store.definition))).toMatchObject({ status: 409, code: "name-in-use" });
    expect(await problem(ask("PUT", "/views/Coded", { from: "level" }))).toMatchObject({ status: 409, code: "name-in-use" });
    // What the store had under the name before has no effect, and can be seen.
    const { catalog } = new Store(env, store.store, app);
    await catalog.declareDefinition({ kind: "source", name: "Coded", definition: JSON.stringify(store.definition) });
    expect((await read(await ask("GET", "/sources"))).sources).toMatchObject([
      { name: "Coded", origin: "code" },
      { name: "Coded", origin: "api", shadowed: true, definition: store.definition },
    ]);
    // It feeds its own store only.
    expect((await read(await http.request("/stores/another-one/sources", {}, env))).sources).toEqual([]);
  });
});

describe("a definition of a source", () => {
  it("is refused with all its mistakes, each with its place", async () => {
    const store = await storeWith("refused-source");
    const wrong = await problem(store.put({ stream: "change.of ==", where: "'text'", every: "1ms", tabel: 1, secret: 7 }));
    expect(wrong).toMatchObject({ status: 400, code: "invalid-request" });
    expect(wrong.issues.map(({ path }: { path: string }) => path)).toEqual(["every", "secret", "tabel"]);
    const meant = await problem(store.put({ stream: "change.of ==", where: "'text'", secret: "NOWHERE" }));
    expect(meant.issues).toMatchObject([
      { path: "stream", at: { start: expect.any(Number), end: expect.any(Number) } },
      { path: "where" },
      { path: "secret", message: expect.stringContaining("NOWHERE") },
    ]);
    // The deployment's own secrets, and its parts, are not for sources; nor is what every object has.
    for (const secret of ["API_TOKENS", "API_TOKENS_2", "API_JWKS", "LOGS", "VIEWS", "HEADSPRING_ENV", "constructor", "__proto__"])
      expect((await problem(store.put({ secret }))).issues).toMatchObject([{ path: "secret" }]);
    expect(await problem(store.put({ kind: "kafka" }))).toMatchObject({
      status: 400,
      issues: [{ path: "kind", message: expect.stringMatching(/no kind of source "kafka"; it has queue, ticker\..*sourceKinds/) }],
    });
    expect(await problem(store.put({ to: "nowhere" }))).toMatchObject({ status: 404, code: "unknown-category" });
    expect(await problem(store.put({ to: "product" }))).toMatchObject({ status: 400, issues: [{ path: "to" }] });
    expect(await problem(store.send("PUT", "/sources/ticks", "nonsense"))).toMatchObject({ status: 400, code: "invalid-json" });
    for (const body of ["null", "[]", "7", '"text"', "{}"])
      expect(await problem(store.send("PUT", "/sources/ticks", body))).toMatchObject({ status: 400, code: "invalid-request" });
    expect(await problem(store.put({ description: "x".repeat(300_000) }))).toMatchObject({ status: 413 });
    expect((await store.json("/sources")).sources).toEqual([]);
  });

  it("needs a name that no consumer has, whatever its case", async () => {
    const store = await storeWith("named-source");
    await store.send("PUT", "/views/mine", { from: "level" });
    for (const name of ["mine", "MINE", "totals", "Totals", "fulfilment", "told"])
      expect(await problem(store.put({}, name))).toMatchObject({ status: 409, code: "name-in-use" });
    expect((await store.put({}, "Ticks")).status).toBe(201);
    expect(await problem(store.put({}, "ticks"))).toMatchObject({ status: 409, code: "name-in-use" });
    expect(await problem(store.send("PUT", "/views/tICKS", { from: "level" }))).toMatchObject({ status: 409, code: "name-in-use" });
    for (const name of ["1a", "a b", "a%2Fb", "x".repeat(65), "__proto__", "ü"])
      expect((await store.put({}, encodeURIComponent(name))).status).toBe(400);
  });

  it("can be tried without being declared", async () => {
    const store = await storeWith("tried-source");
    const tried = (more: object = {}) => store.send("PUT", "/sources/ticks?dryRun=true", { ...store.definition, ...more });
    expect(await read(await tried())).toEqual({
      dryRun: true,
      name: "ticks",
      kind: "source",
      outcome: "created",
      revision: 1,
      definition: store.definition,
    });
    expect((await store.json("/sources")).sources).toEqual([]);
    await store.put();
    expect((await read(await tried())).outcome).toBe("same");
    expect((await read(await tried({ where: "true" }))).outcome).toBe("changed");
    expect((await tried({ where: "1" })).status).toBe(400);
  });

  it("shows in a preview what it would make of changes, or the mistake at each", async () => {
    const store = await storeWith("previewed-source");
    const preview = (changes: unknown, more: object = {}) =>
      store.post("/sources/preview", { definition: { ...store.definition, secret: "NOT_HERE_YET", ...more }, changes });
    const changes = [{ of: "a", value: 1 }, { of: "b", value: -1 }, { of: "c" }, { of: "d/e", value: 2 }, { of: "f", value: "text" }];
    const { previews } = await read(await preview(changes, { where: "change.?value.orValue(0) != -1", data: { value: "change.value" } }));
    expect(previews).toEqual([
      { outcome: "appended", event: { stream: "level/a", type: "LevelRecorded", data: { value: 1 }, schemaVersion: 1 } },
      { outcome: "passed", why: expect.any(String) },
      { outcome: "failed", error: { path: "data.value", message: expect.any(String), at: { start: 7, end: 12 } } },
      { outcome: "failed", error: { path: "", message: expect.stringContaining("/") } },
      { outcome: "failed", error: { path: "", message: expect.stringContaining("LevelRecorded") } },
    ]);
    expect((await store.json("/log")).events).toEqual([]);
    expect((await store.json("/sources")).sources).toEqual([]);
    for (const given of [[], [1], Array.from({ length: 21 }, () => ({})), "text", undefined])
      expect((await preview(given)).status).toBe(400);
    expect(await problem(preview([{}], { stream: "nothing" }))).toMatchObject({ issues: [{ path: "definition.stream" }] });
    expect(await problem(preview([{}], { kind: "kafka" }))).toMatchObject({ status: 400, issues: [{ path: "definition.kind" }] });
  });

  it(`is one of at most ${DEFINITIONS} in a store`, async () => {
    const store = await storeWith("many-sources");
    const { catalog } = new Store(env, store.store, app);
    for (let number = 0; number < DEFINITIONS; number++)
      await catalog.declareDefinition({ kind: "source", name: `source-${number}`, definition: JSON.stringify(store.definition) });
    expect(await problem(store.put())).toMatchObject({ status: 409, code: "too-many-definitions" });
    expect((await store.put({ where: "true" }, "source-7")).status).toBe(200);
    expect((await store.send("PUT", "/processors/other", { from: "level", steps: [{ filter: "true" }] })).status).toBe(201);
    expect((await store.json("/sources")).sources).toHaveLength(DEFINITIONS);
  });
});

describe("a source whose surroundings change", () => {
  it("reports that its category has been retired, stays where it is, and can be removed", async () => {
    const store = await storeWith("retired-source");
    expectErrors(/a source failed and will try again|a source has stopped/);
    await store.put();
    expect((await store.send("DELETE", "/streams/level")).status).toBe(204);
    store.ticker.add({ of: "a", value: 1 });
    await store.post("/sources/ticks/resume", {});
    await eventually(async () => expect((await store.source()).lastError.message).toMatch(/level/));
    expect(await store.source()).toMatchObject({ retired: ["level"], changes: 0 });
    expect(await problem(store.put({ where: "true" }))).toMatchObject({ status: 410, code: "category-retired" });
    expect((await store.send("DELETE", "/sources/ticks")).status).toBe(204);
  });

  it.each([
    ["was never declared", "nowhere", "the category nowhere, which the source feeds, is not declared"],
    ["is no longer in the code", "alarm", "the category alarm, which the source feeds, is no longer in the code"],
  ])("stops where its category %s, and reads nothing further", async (_what, to, message) => {
    const store = await storeWith("no-category");
    expectErrors(/a source has stopped/);
    deploy(store.store, { sources: defineApp({ sourceKinds: [ticker] }) });
    const { catalog } = new Store(env, store.store, app);
    expect((await store.post("/streams/alarm/1", { type: "Raised", data: { from: "a", value: 1 } })).status).toBe(201);
    await eventually(async () => expect(await catalog.lookUp("alarm")).toMatchObject({ status: "in-code" }));
    // The definition was accepted by other code.
    await catalog.declareDefinition({ kind: "source", name: "ticks", definition: JSON.stringify({ ...store.definition, to }) });
    store.ticker.add({ of: "a", value: 1 });
    await store.post("/sources/ticks/resume", {});
    await eventually(async () => expect(await store.source()).toMatchObject({ status: "failed", changes: 0, lastError: { message } }));
    expect([store.ticker.acknowledged, store.ticker.open]).toEqual([0, 0]);
    expect((await store.send("DELETE", "/sources/ticks")).status).toBe(204);
  });

  it("goes on by a definition that was changed while it is at work, even if nobody wakes it for that", async () => {
    setVariables({ WORKERS_PLAN: "free" });
    const store = await storeWith("changed-at-work");
    const streams = 30;
    for (let value = 0; value < 4 * streams; value++) store.ticker.add({ of: `s${value % streams}`, value });
    let isChanged = false;
    // In its second run, it has a connection that the first one has left open.
    store.ticker.onStep = async (step) => {
      if (step !== "acknowledge" || isChanged) return;
      isChanged = true;
      const changed = { ...store.definition, data: { value: "change.value + 1000" } };
      const { catalog } = new Store(env, store.store, app);
      await catalog.declareDefinition({ kind: "source", name: "ticks", definition: JSON.stringify(changed) });
    };
    expect((await store.put()).status).toBe(201);
    await store.settled(4 * streams);
    await eventually(() => expect([store.ticker.connections, store.ticker.open]).toEqual([2, 0]));
    const values = (await store.json("/log?limit=1000")).events.map(({ data }: { data: { value: number } }) => data.value);
    const expected = Array.from({ length: 4 * streams }, (_, value) => (value < 2 * streams ? value : value + 1_000));
    expect(values).toEqual(expected);
  });

  it("is listed with the error when this worker no longer has its kind, and can be removed; what it made outside is left", async () => {
    const store = await storeWith("kindless");
    expectErrors(/a source has stopped/);
    const { catalog } = new Store(env, store.store, app);
    const kafka = { kind: "kafka", topic: "t", to: "level", stream: "change.of" };
    await catalog.declareDefinition({ kind: "source", name: "old", definition: JSON.stringify(kafka) });
    await store.put();
    expect((await store.json("/sources")).sources).toMatchObject([
      { name: "old", kind: "kafka", problem: expect.stringMatching(/no kind of source "kafka"/), definition: kafka },
      { name: "ticks", kind: "ticker" },
    ]);
    await store.post("/sources/old/resume", {});
    await eventually(async () =>
      expect(await store.source("old")).toMatchObject({ status: "failed", lastError: { message: expect.stringContaining("kafka") } }),
    );
    const removed = await store.send("DELETE", "/sources/old");
    expect(removed.status).toBe(200);
    expect((await read(removed)).left).toContain("kafka");
    expect((await store.json("/sources")).sources.map(nameOf)).toEqual(["ticks"]);
  });

  it("is hidden from code older than sources, which would take it for a processor", async () => {
    const store = await storeWith("older-code");
    await store.put();
    const { catalog } = new Store(env, store.store, app);
    expect((await catalog.listDefinitions()).definitions).toEqual([]);
    expect((await catalog.listDefinitions({}, true)).asOf).toBe(0);
    expect((await catalog.lookUpDefinition("ticks")).definitions).toEqual([]);
    expect((await catalog.listDefinitions({}, true)).definitions).toHaveLength(1);
    // Nor is it one of the consumers that the log keeps, and wakes.
    await store.send("PUT", "/processors/follows", { from: "level", steps: [{ filter: "true" }] });
    const { definitions } = new Store(env, store.store, app);
    expect(declaredConsumers(definitions, await definitions.overHttp()).consumers.map(({ consumer }) => consumer)).toEqual(["follows"]);
    // What the log compares grows with what it keeps alone: code from before counts only that.
    expect((await catalog.listDefinitions({}, true)).asOf).toBe(1);
  });

  it("is listed even if its object does not answer", async () => {
    const store = await storeWith("unanswered");
    await store.put();
    await store.put({}, "other");
    await store.put({}, "silent");
    const wait = globalThis.setTimeout;
    const silence = { isWaitedFor: false };
    vi.spyOn(globalThis, "setTimeout").mockImplementation((callback: () => void, ms?: number) =>
      wait(callback, ms === SOURCE_ANSWER_MS && silence.isWaitedFor ? 0 : ms),
    );
    const broken = {
      getByName: (name: string) => {
        silence.isWaitedFor = name.endsWith("/silent");
        if (silence.isWaitedFor) return { progress: () => new Promise(() => {}) };
        return name.endsWith("/other") ? { progress: () => Promise.reject(new Error("broken")) } : env.SOURCES.getByName(name);
      },
    };
    const reports = await reportSources(new Store(envWith({ SOURCES: broken }), store.store, app));
    expect(reports.map(({ source, progress }) => [source.name, progress?.name])).toEqual([
      ["other", undefined],
      ["silent", undefined],
      ["ticks", "ticks"],
    ]);
    // Nor does an invocation that has no call left ask any: it lists them.
    const spent = new Budget({ calls: 0, statements: 0 });
    const unasked = await reportSources(new Store(env, store.store, app).counting(spent));
    expect(unasked.map(({ source, progress }) => [source.name, progress])).toEqual([
      ["other", undefined],
      ["silent", undefined],
      ["ticks", undefined],
    ]);
  });
});

describe("a source in an export", () => {
  it("is declared as paused in the store that imports it, whether or not the deployment has what it needs; a repeat changes nothing", async () => {
    const [from, to] = [await storeWith("exported-source"), freshStore("imported-source")];
    from.ticker.add({ of: "a", value: 1 });
    await from.put();
    await from.settled(1);
    const definition = { ...from.definition, secret: "ONLY_THERE" };
    const line = JSON.stringify({ definition: { kind: "source", name: "needy", definition } });
    const lines = `${await (await from.get("/log?definitions=true", { accept: "application/x-ndjson" })).text()}${line}\n`;
    expect(lines).toContain('{"definition":{"kind":"source","name":"ticks"');
    const imported = await to.post("/import", lines);
    expect(await read(imported)).toMatchObject({ imported: 4 });
    expect((await to.json("/sources")).sources).toMatchObject([
      { name: "needy", status: "paused", changes: 0 },
      { name: "ticks", status: "paused", changes: 0, definition: from.definition },
    ]);
    expect(await read(await to.post("/import", lines))).toMatchObject({ imported: 0, known: 4 });
    from.ticker.acknowledged = 0;
    await to.post("/sources/ticks/resume", {});
    await eventually(async () => expect(await to.json("/sources/ticks")).toMatchObject({ changes: 1 }));
    expect(await read(await from.post("/import", lines.split("\n").slice(0, -2).join("\n")))).toMatchObject({ imported: 0 });
    expect(await from.source()).toMatchObject({ status: expect.not.stringMatching("paused") });
  });
});

describe("a queue", () => {
  it("brings its messages to the source that is declared for it: JSON as it is, bytes as base64, and what is neither as unreadable", async () => {
    const store = await storeWith("queue-brought");
    await store.send("PUT", "/streams/got", { schema: { type: "object" } });
    const definition = { kind: "queue", queue: store.store, to: "got", stream: "'q'", data: { body: "change.body" } };
    expect((await store.send("PUT", "/sources/brought", definition)).status).toBe(201);
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    const bytes = new TextEncoder().encode("tea");
    const bodies = [{ a: [1] }, "text", null, undefined, bytes.buffer, new Uint8Array([0, ...bytes, 0]).subarray(1, 4), circle, 1n];
    // `createMessageBatch` would not take them all: only the platform makes messages of every kind.
    const messages = bodies.map((body, index) => ({ id: `m${index}`, timestamp: new Date(0), attempts: 1, body }));
    let isTaken = false;
    const batch = { queue: store.store, messages, ackAll: () => void (isTaken = true), retryAll: () => expect.unreachable() };
    await handleBatch(app, env, batch as unknown as MessageBatch);
    expect(isTaken).toBe(true);
    await eventually(async () => expect(await store.source("brought")).toMatchObject({ waiting: 0, changes: bodies.length }));
    const { events } = await store.json("/streams/got/q");
    const [base64, unreadable] = [{ base64: "dGVh" }, { unreadable: "the message is not JSON" }];
    expect(events.map(({ data }: { data: { body: unknown } }) => data.body)).toEqual([
      { a: [1] },
      "text",
      null,
      null,
      base64,
      base64,
      unreadable,
      unreadable,
    ]);
  });

  it("has its messages kept by a source whose category has been retired", async () => {
    const store = await storeWith("queue-retired");
    expectErrors(/a source has stopped/);
    const definition = { kind: "queue", queue: store.store, to: "level", stream: "'q'", data: "change.body" };
    expect((await store.send("PUT", "/sources/brought", definition)).status).toBe(201);
    expect((await store.send("DELETE", "/streams/level")).status).toBe(204);
    await handleBatch(app, env, createMessageBatch(store.store, [{ id: "m", timestamp: new Date(0), attempts: 1, body: { value: 1 } }]));
    const message = "the category level, which the source feeds, was retired";
    const stopped = { status: "failed", waiting: 1, changes: 0, lastError: { message } };
    await eventually(async () => expect(await store.source("brought")).toMatchObject(stopped));
    // It failed at no message: none can be skipped.
    expect((await store.source("brought")).lastError).not.toHaveProperty("change");
    expect(await problem(store.post("/sources/brought/skip", { change: "m" }))).toMatchObject({ status: 409, code: "action-not-possible" });
  });

  it("has a single source that gets its messages: another one is refused until the first is gone", async () => {
    const [one, other] = [await storeWith("queue-one"), await storeWith("queue-other")];
    const follow = (store: typeof one, source: string, queue = one.store, method = "PUT", query = "") =>
      store.send(method, `/sources/${source}${query}`, { kind: "queue", queue, to: "level", stream: "'q'", data: "change.body" });
    expect((await follow(one, "first")).status).toBe(201);
    expect((await follow(one, "first")).status).toBe(200);
    expect(await problem(follow(one, "second"))).toMatchObject({
      status: 409,
      code: "queue-in-use",
      detail: expect.stringContaining("first"),
    });
    const elsewhere = await problem(follow(other, "second"));
    expect(elsewhere).toMatchObject({ status: 409, code: "queue-in-use" });
    expect(elsewhere.detail).not.toMatch(/first|queue-one-\d+ .*source/);
    expect(await problem(follow(other, "second", one.store, "PUT", "?dryRun=true"))).toMatchObject({ code: "queue-in-use" });
    expect((await other.json("/sources")).sources).toEqual([]);
    // What an import declares claims its queue when it is resumed.
    const definition = { kind: "queue", queue: one.store, to: "level", stream: "'q'", data: "change.body" };
    const line = JSON.stringify({ definition: { kind: "source", name: "second", definition } });
    expect((await other.post("/import", `${line}\n`)).status).toBe(200);
    expect(await problem(other.post("/sources/second/resume", {}))).toMatchObject({ status: 409, code: "queue-in-use" });
    expect((await follow(one, "first", `${one.store}-b`)).status).toBe(200);
    expect((await other.post("/sources/second/resume", {})).status).toBe(200);
    expect(await problem(follow(one, "third"))).toMatchObject({ code: "queue-in-use" });
    expect((await other.send("DELETE", "/sources/second")).status).toBe(204);
    expect((await follow(one, "third")).status).toBe(201);
  });
});
