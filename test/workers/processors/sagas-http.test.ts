/** Sagas over HTTP: started, watched, waited for. The queue delivers by itself. */

import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { expectErrors } from "../errors.ts";
import { IMPATIENT, NO_APP, freshStore, read } from "../support.ts";
import { deploy } from "../versions/deployed.ts";

const MOVE = { from: ["a"], to: "b", amount: 5 };

async function store(name: string, purses: Record<string, number> = { a: 10 }) {
  const store = freshStore(name);
  for (const [owner, amount] of Object.entries(purses)) await store.post(`/aggregates/purse/${owner}/Put`, { amount });
  return { ...store, base: `/stores/${store.store}` };
}

describe("POST /sagas/{name}", () => {
  it("starts a saga under a generated id, and answers with its address", async () => {
    const { post, get, base } = await store("made");
    const answer = await post("/sagas/move", MOVE, { prefer: "respond-async" });
    expect(answer.status).toBe(202);
    const { id, status } = await read(answer.clone());
    expect(status).toBe("in-progress");
    expect(answer.headers.get("location")).toBe(`${base}/sagas/move/${id}`);
    expect(answer.headers.get("preference-applied")).toBe("respond-async");
    expect((await get(`/sagas/move/${id}`)).status).toBe(200);
  });

  it("waits for the end when it is asked to: completed, or failed, which is not an error of the request", async () => {
    const { post } = await store("wait");
    const completed = await post("/sagas/move", MOVE, { prefer: "wait=30" });
    expect([completed.status, await read(completed)]).toMatchObject([
      200,
      { status: "completed", steps: [{ name: "take a", status: "completed" }, { name: "put" }] },
    ]);
    const failed = await post("/sagas/move", { ...MOVE, amount: 500 }, { prefer: "wait=30" });
    expect([failed.status, await read(failed)]).toMatchObject([
      200,
      { status: "failed", failure: { step: "take a", reason: "not-enough" } },
    ]);
  });

  it("does not wait unless it is asked to", async () => {
    const { send } = await store("no-wait");
    expect((await send("POST", "/sagas/trip", { payer: "a", price: 1 }, IMPATIENT)).status).toBe(202);
  });

  it("answers the same request with the same saga (promise 8)", async () => {
    const { post, log } = await store("repeat");
    const first = await post("/sagas/move", MOVE, { "idempotency-key": "k", prefer: "wait=30" });
    const again = await post("/sagas/move", MOVE, { "idempotency-key": "k", prefer: "wait=30" });
    expect((await read(again)).id).toBe((await read(first)).id);
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    expect((await log()).filter(({ type }) => type === "SagaStarted")).toHaveLength(1);
    const other = await post("/sagas/move", { ...MOVE, amount: 1 }, { "idempotency-key": "k" });
    expect([other.status, (await read(other)).code]).toEqual([409, "idempotency-conflict"]);
  });

  it("refuses an input that is not the saga's, and stores nothing", async () => {
    const { post, log } = await store("invalid");
    const answer = await post("/sagas/move", { ...MOVE, amount: 0 });
    expect([answer.status, await read(answer)]).toMatchObject([400, { code: "invalid-command", issues: [{ path: "amount" }] }]);
    expect((await post("/sagas/move", "{")).status).toBe(400);
    expect((await log()).filter(({ stream }) => stream.startsWith("move/"))).toEqual([]);
  });

  it("lists the sagas there are when the name is unknown", async () => {
    const { post, get } = await store("unknown");
    for (const answer of [await post("/sagas/errand", {}), await get("/sagas/order/1"), await post("/sagas/none/1", {})]) {
      expect([answer.status, await read(answer)]).toMatchObject([
        404,
        { code: "unknown-saga", detail: expect.stringContaining("defineApp lists move, tour, trip") },
      ]);
    }
  });
});

describe("POST /sagas/{name}/{id}", () => {
  it("starts a saga under that id, once", async () => {
    const { post, base } = await store("given");
    const answer = await post("/sagas/move/m%C3%BCll", MOVE, IMPATIENT);
    expect(answer.status).toBe(202);
    expect(answer.headers.get("location")).toBe(`${base}/sagas/move/m%C3%BCll`);
    expect((await read(answer)).id).toBe("müll");
    const second = await post("/sagas/move/m%C3%BCll", MOVE);
    expect([second.status, await read(second)]).toMatchObject([422, { code: "command-refused", reason: "saga-already-started" }]);
  });

  it("gives all that the saga causes the correlation of the request", async () => {
    const { post, json } = await store("correlation");
    await post("/sagas/move/m", MOVE, { "correlation-id": "the-conversation", prefer: "wait=30" });
    const { events } = await json("/log?limit=100");
    const caused = events.slice(1) as { stream: string; meta: { correlationId: string } }[];
    expect(new Set(caused.map(({ meta }) => meta.correlationId))).toEqual(new Set(["the-conversation"]));
    expect(new Set(caused.map(({ stream }) => stream))).toEqual(new Set(["move/m", "purse/a", "purse/b"]));
  });
});

describe("GET /sagas/{name}/{id}", () => {
  it("waits for the end, but no longer than asked", async () => {
    const { post, json } = await store("get-wait");
    await post("/sagas/move/m", MOVE, IMPATIENT);
    expect(await json("/sagas/move/m?wait=30")).toMatchObject({ status: "completed" });
    await post("/sagas/trip/t", { payer: "a", price: 1 }, IMPATIENT);
    expect(await json("/sagas/trip/t?wait=0")).toMatchObject({ status: "in-progress" });
    expect(await json("/sagas/trip/t?wait=1")).toMatchObject({ status: "in-progress" });
  });

  it("shows the saga as its stream has it, with a tag that begins with its version", async () => {
    const { post, get, json } = await store("etag");
    await post("/sagas/move/m", MOVE, { prefer: "wait=30" });
    const answer = await get("/sagas/move/m");
    const { version } = await read(answer.clone());
    const etag = answer.headers.get("etag") ?? "";
    expect(etag).toMatch(new RegExp(`^"${version}-[\\w-]+"$`));
    expect((await json("/streams/move/m")).version).toBe(version);
    expect((await get("/sagas/move/m", { "if-none-match": etag })).status).toBe(304);
    expect(await read(answer)).toEqual({
      saga: "move",
      id: "m",
      stream: "move/m",
      version: 9,
      status: "completed",
      input: { ...MOVE, atOnce: false, attempts: 1, undo: "put", unknown: false },
      steps: [
        { name: "take a", after: [], status: "completed", attempts: 1, undoAttempts: 0, version: 2, result: "receipt-2" },
        { name: "put", after: ["take a"], status: "completed", attempts: 1, undoAttempts: 0, version: 1 },
      ],
    });
    expect(await json("/aggregates/move/m")).toMatchObject({ version: 9, status: "completed", state: { status: "completed" } });
  });

  it("is a 404 for a saga that was not started, and for one that was deleted", async () => {
    const { post, get, send } = await store("gone");
    expect([(await get("/sagas/move/never")).status, (await read(await get("/sagas/move/never"))).code]).toEqual([404, "unknown-saga"]);
    await post("/sagas/move/m", MOVE, { prefer: "wait=30" });
    await send("DELETE", "/streams/move/m");
    expect((await get("/sagas/move/m")).status).toBe(410);
  });
});

describe("a saga whose state cannot be shown", () => {
  it("is a 500 where its stored events cannot be folded; they can be read", async () => {
    expectErrors(/a state could not be folded/, /a request failed/);
    const { post, get, json } = await store("unfolded");
    await post("/import", { id: crypto.randomUUID(), stream: "move/m", type: "SagaStarted", data: {}, schemaVersion: 1 });
    const answer = await get("/sagas/move/m?wait=1");
    expect([answer.status, await read(answer)]).toMatchObject([500, { code: "state-failed" }]);
    expect((await json("/streams/move/m")).events).toHaveLength(1);
  });

  it("is a 503 while its stream runs earlier code, which does not have the saga yet", async () => {
    const { store: name, post, get } = await store("earlier-code");
    await post("/sagas/move/m", MOVE, IMPATIENT);
    deploy(name, { streams: NO_APP });
    await evictDurableObject(env.STREAMS.getByName(`${name}/move/m`));
    const answer = await get("/sagas/move/m");
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await read(answer)).toMatchObject({ code: "state-unavailable", detail: expect.stringContaining("move/m") });
  });
});

describe("GET /sagas", () => {
  it("lists the sagas, each with the schema of its input", async () => {
    const { json } = await store("list");
    expect(await json("/sagas")).toMatchObject({
      sagas: [
        {
          name: "move",
          description: "Takes from purses and puts into another one.",
          input: { type: "object", required: ["from", "to", "amount"] },
        },
        { name: "tour" },
        { name: "trip", input: { properties: { payer: { type: "string" } } } },
      ],
    });
  });
});
