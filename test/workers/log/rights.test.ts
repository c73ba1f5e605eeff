import { createHash } from "node:crypto";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { createHttp } from "../../../src/http/worker.ts";
import { app } from "../app.ts";

const sha256 = (token: string) => createHash("sha256").update(token).digest("hex");
const guarded = Object.create(env, {
  API_TOKENS: {
    value: JSON.stringify([
      { name: "reader", sha256: sha256("may-read"), stores: ["mine"], rights: ["read"] },
      { name: "writer", sha256: sha256("may-write"), stores: ["mine"], rights: ["write"] },
    ]),
  },
}) as Env;

const DOORS = [
  ["a WebSocket", { upgrade: "websocket" }],
  ["server-sent events", { accept: "text/event-stream" }],
  ["an export", { accept: "application/x-ndjson" }],
] as const;

describe.each(DOORS)("in a deployment with tokens, the door to %s", (_door, headers) => {
  it.each([
    ["nobody", {}, "mine", 401],
    ["an unknown token", { authorization: "Bearer guessed" }, "mine", 401],
    ["a token without the right to read", { authorization: "Bearer may-write" }, "mine", 403],
    ["a token for another store", { authorization: "Bearer may-read" }, "yours", 403],
  ])("does not open for %s", async (_who, authorization, store, status) => {
    const response = await createHttp(app).request(`/stores/${store}/log`, { headers: { ...headers, ...authorization } }, guarded);
    expect([response.status, response.webSocket ?? null]).toEqual([status, null]);
  });

  it("opens for a token that may read the store", async () => {
    const response = await createHttp(app).request(
      "/stores/mine/log",
      { headers: { ...headers, authorization: "Bearer may-read" } },
      guarded,
    );
    expect([101, 200]).toContain(response.status);
    response.webSocket?.accept();
    response.webSocket?.close();
    await response.body?.cancel();
  });
});
