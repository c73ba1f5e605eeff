/** Bodies that are too large, are not text, or never end; and what an import stores of them. */

import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createHttp } from "../../../src/http/worker.ts";
import { COMMAND_BYTES } from "../../../src/core/limits.ts";
import { app } from "../app.ts";
import { freshStore, interceptLogMethod, read } from "../support.ts";

const utf8 = new TextEncoder();

afterEach(() => vi.restoreAllMocks());

/** A body that comes in pieces, and whose length nobody says. */
function pieces(...parts: Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(part);
      controller.close();
    },
  });
}

describe("promise 9: a body", () => {
  const COMMAND = "/aggregates/counter/1/Count";
  const half = utf8.encode(" ".repeat(COMMAND_BYTES / 2 + 1));
  const latin1 = Uint8Array.of(0x22, 0xe9, 0x22);

  it.each([
    ["that is too large, without stating its length", () => pieces(half, half), 413, "body-too-large"],
    ["that is not UTF-8", () => pieces(latin1), 400, "invalid-json"],
    ["that ends in the middle of a character", () => pieces(utf8.encode('"é').slice(0, -1)), 400, "invalid-json"],
  ])("%s is refused, and changes nothing", async (_what, body, status, code) => {
    const { post, log } = freshStore("body");
    const response = await post(COMMAND, body());
    expect([response.status, (await read(response)).code]).toEqual([status, code]);
    expect(await log()).toEqual([]);
  });

  it("that is not UTF-8 is refused even if it states its length", async () => {
    const body = { method: "POST", body: latin1, headers: { "content-length": String(latin1.byteLength) } };
    const response = await createHttp(app).request(`/stores/body${COMMAND}`, body, env);
    expect([response.status, (await read(response)).code]).toEqual([400, "invalid-json"]);
  });

  it.each([
    ["that nests deeper than is allowed", `{"by":${"[".repeat(70)}${"]".repeat(70)}}`, "nests deeper than 64 levels"],
    ["that is not JSON", '{"by":1', "JSON"],
    ["with a number beyond all numbers", '{"by":1e999}', "beyond 1.8e308"],
    ["that is empty", "", "the body is empty"],
    ["that is blank", " \n", "the body is empty"],
  ])("%s is refused, also of a dry run and of a stream that has ended", async (_what, body, detail) => {
    const { post, send, log } = freshStore("json");
    await post("/aggregates/counter/ended/Count", { by: 1 });
    await send("DELETE", "/streams/counter/ended");
    const before = await log();
    for (const path of [COMMAND, `${COMMAND}?dryRun=true`, "/aggregates/counter/ended/Count"]) {
      expect(await read(await post(path, body, { "idempotency-key": "a" }))).toMatchObject({
        status: 400,
        code: "invalid-json",
        detail: expect.stringContaining(detail),
      });
    }
    expect(await log()).toEqual(before);
  });

  it("of a command is parsed once on its way to what is stored", async () => {
    const { post } = freshStore("once");
    const body = '{ "by" :  3 }';
    const parse = vi.spyOn(JSON, "parse");
    expect((await post(COMMAND, body, { "idempotency-key": "once" })).status).toBe(200);
    expect(parse.mock.calls.filter(([text]) => text === body)).toHaveLength(1);
  });

  it.each([COMMAND, "/import"])("of %s that breaks off counts as the client's fault, not as a failure of the store", async (path) => {
    const complaint = vi.spyOn(console, "error").mockReturnValue();
    for (const coding of ["identity", "gzip"]) {
      const body = new ReadableStream({ pull: (controller) => controller.error(new Error("the client has gone")) });
      const request = { method: "POST", body, headers: { "content-encoding": coding } };
      const response = await createHttp(app).request(`/stores/body${path}`, request, env);
      expect(response.status).toBe(400);
      expect((await read(response)).detail).toContain("broke off");
    }
    expect(complaint).not.toHaveBeenCalled();
  });

  it.each(["", "c".repeat(257)])("with an invalid Correlation-Id is refused", async (id) => {
    const { post, log } = freshStore("correlation");
    const response = await post(COMMAND, {}, { "correlation-id": id });
    expect([response.status, (await read(response)).code]).toEqual([400, "invalid-request"]);
    expect(await log()).toEqual([]);
  });
});

describe("an import", () => {
  const line = (stream: string, more: object = {}) => `${JSON.stringify({ stream, type: "Read", data: { value: 1 }, ...more })}\n`;

  it("stops at a stream that could not be named in a path", async () => {
    const { post, log } = freshStore("unnamed");
    const response = await post("/import", line("reading/1") + line("reading/a\u0000b"), { "idempotency-key": "import" });
    expect(await read(response)).toMatchObject({ status: 400, code: "invalid-request", line: 2, imported: 1 });
    expect(await log()).toHaveLength(1);
  });

  it("does not go on while the log is late, and completes when it is sent again", async () => {
    vi.spyOn(console, "warn").mockReturnValue();
    const { store, post, log } = freshStore("late");
    const lines = line("reading/1") + line("reading/2");
    const away = interceptLogMethod(store, "sequenceTogether", () => () => Promise.reject(new Error("the log is away")));
    const refused = await post("/import", lines, { "idempotency-key": "import" });
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(await read(refused)).toMatchObject({ code: "unavailable", imported: 0 });
    away.mockRestore();
    expect(await read(await post("/import", lines, { "idempotency-key": "import" }))).toMatchObject({ imported: 0, known: 2 });
    expect((await log()).map(({ stream, position }) => [stream, position])).toEqual([
      ["reading/1", 1],
      ["reading/2", 2],
    ]);
  });

  it("with validate=true accepts what another store has of its own: erased events, and the ends of streams", async () => {
    const [from, to] = [freshStore("ends"), freshStore("validated")];
    for (const id of ["kept", "ended", "erased"]) await from.post(`/streams/reading/${id}`, { type: "Read", data: { value: 1 } });
    await from.send("DELETE", "/streams/reading/ended");
    await from.send("DELETE", "/streams/reading/erased?erase=true");
    const text = await (await from.get("/log", { accept: "application/x-ndjson" })).text();
    expect(await read(await to.post("/import?validate=true", text))).toEqual({ lines: 5, imported: 5, known: 0 });
    const statuses = ["kept", "ended", "erased"].map(async (id) => (await to.get(`/streams/reading/${id}`)).status);
    expect(await Promise.all(statuses)).toEqual([200, 410, 410]);
  });

  it("stores events of an earlier version as they are: they are lifted when they are read", async () => {
    const { send, post, json } = freshStore("earlier");
    const schema = { type: "object", properties: { km: { type: "number" } }, required: ["km"], "x-version": 2 };
    await send("PUT", "/streams/ride", { events: { Ridden: schema }, strict: false });
    let imports = 0;
    const take = async (query: string, ...lines: string[]) =>
      read(await post(`/import${query}`, lines.join(""), { "idempotency-key": `import-${imports++}` }));
    const taken = (...lines: string[]) => take("?validate=true", ...lines);
    const earlier = { type: "Ridden", data: { miles: 1 }, schemaVersion: 1 };
    expect(await taken(line("ride/1", earlier), line("ride/1", { type: "Parked", schemaVersion: 1 }))).toMatchObject({ imported: 2 });
    expect(await taken(line("ride/1", { ...earlier, schemaVersion: 2 }))).toMatchObject({ code: "invalid-event", imported: 0 });
    expect((await json("/streams/ride/1")).events).toMatchObject([
      { data: { miles: 1 }, schemaVersion: 1 },
      { type: "Parked", data: { value: 1 } },
    ]);
    expect(await taken(line("reading/1", { type: "Parked", schemaVersion: 1 }))).toMatchObject({
      code: "invalid-event",
      line: 1,
      issues: [{ path: "type" }],
    });
    expect(await take("", line("reading/1", { type: "Parked", schemaVersion: 1 }))).toMatchObject({ imported: 1 });
    expect(await taken(line("contract/1", { type: "Signed", data: { amount: 1.5 }, schemaVersion: 1 }))).toMatchObject({ imported: 1 });
    expect((await json("/aggregates/contract/1")).state).toEqual({ cents: 150, currency: "EUR" });
  });
});
