import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createHttp } from "../../../src/http/worker.ts";
import { app } from "../app.ts";
import { envWith } from "../support.ts";

const sha256 = (token: string) => createHash("sha256").update(token).digest("hex");
const guarded = envWith({
  API_TOKENS: JSON.stringify([
    { name: "reader", sha256: sha256("may-read"), stores: ["mine"], rights: ["read"] },
    { name: "writer", sha256: sha256("may-write"), stores: ["mine"], rights: ["write", "admin"] },
  ]),
});

const DOORS = [
  ["a page", "/views/totals", {}],
  ["a live view", "/views/totals", { accept: "text/event-stream" }],
  ["a named query", "/views/specimens/queries/byFlag", {}],
] as const;

describe.each(DOORS)("in a deployment with tokens, the route to %s", (_door, path, headers) => {
  it.each([
    ["nobody", {}, "mine", 401],
    ["a token without the right to read", { authorization: "Bearer may-write" }, "mine", 403],
    ["a token for another store", { authorization: "Bearer may-read" }, "yours", 403],
    ["a token that may read the store", { authorization: "Bearer may-read" }, "mine", 200],
  ])("answers %s", async (_who, authorization, store, status) => {
    const response = await createHttp(app).request(`/stores/${store}${path}`, { headers: { ...headers, ...authorization } }, guarded);
    expect(response.status).toBe(status);
    await response.body?.cancel();
  });
});
