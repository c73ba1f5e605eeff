/** `GET /caller`: a client learns what its token allows before it tries. */

import { createHash } from "node:crypto";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createHttp } from "../../../src/http/worker.ts";
import { app } from "../app.ts";
import { read } from "../support.ts";
import { newIssuer } from "./issuer.ts";
import { type ScopeName, ask, deploymentWith, headerOf, headerOfNarrowed } from "./tokens.ts";

afterEach(() => vi.restoreAllMocks());

const http = createHttp(app);
const ALL = ["read", "write", "admin"];

async function callerAt(path: string, headers: Record<string, string>) {
  const response = await ask("GET", path, headers);
  return { status: response.status, ...(await read(response)) };
}

describe("the caller", () => {
  it("has the rights of its token in that token's store, and none in another", async () => {
    const header = headerOf({ rights: "read", stores: "mine" });
    const caller = { by: "read of mine", stores: ["mine"] };
    expect(await callerAt("/stores/mine/caller", header)).toEqual({ status: 200, ...caller, rights: ["read"] });
    for (const path of ["/caller", "/stores/yours/caller"]) {
      expect(await callerAt(path, header)).toEqual({ status: 200, ...caller, rights: [] });
    }
    const all = headerOf({ rights: "all", stores: "every" });
    expect(await callerAt("/stores/yours/caller", all)).toEqual({ status: 200, by: "all of every", rights: ALL, stores: ["*"] });
  });

  it.each([
    ["some", { categories: ["reading"], aggregates: { counter: ["Count"], move: "*" }, views: ["totals"] }],
    ["aggregates", { categories: [], aggregates: { counter: "*", move: "*" }, views: [] }],
    ["views", { categories: [], aggregates: {}, views: ["totals"] }],
    ["nothing", { categories: [], aggregates: {}, views: [] }],
    ["everything", { categories: ["*"], aggregates: { "*": "*" }, views: ["*"] }],
  ] as const satisfies [ScopeName, object][])("is narrowed to exactly what its token names: %s", async (scope, narrowed) => {
    const { rights, narrowed: shown } = await callerAt("/stores/mine/caller", headerOfNarrowed(scope, "read"));
    expect([rights, shown]).toEqual([["read"], narrowed]);
  });

  it("knows when its token expires", async () => {
    const sha256 = createHash("sha256").update("hs_ending").digest("hex");
    const token = { name: "ending", sha256, rights: ["read"], expires: "2099-01-01T01:00:00+01:00" };
    const deployment = deploymentWith({ API_TOKENS: JSON.stringify([token]) });
    const response = await http.request("/caller", { headers: { authorization: "Bearer hs_ending" } }, deployment);
    expect(await read(response)).toEqual({ by: "ending", rights: ["read"], stores: ["*"], until: "2099-01-01T00:00:00.000Z" });
  });

  it("is the subject of a JWT, with the rights of its claims", async () => {
    const issuer = await newIssuer();
    const jwt = await issuer.sign({ sub: "ada", stores: ["mine"], rights: ["write"], scopes: { views: ["totals"] } });
    expect(await read(await issuer.ask(jwt, "GET", "/stores/mine/caller"))).toMatchObject({
      by: "ada",
      rights: ["write"],
      stores: ["mine"],
      narrowed: { views: ["totals"] },
    });
  });

  it("is anonymous, and may do everything, where no token is needed", async () => {
    const local = deploymentWith({ HEADSPRING_ENV: "local", API_TOKENS: "" });
    for (const path of ["/caller", "/stores/mine/caller"]) {
      expect(await read(await http.request(path, {}, local))).toEqual({ by: null, rights: ALL, stores: ["*"] });
    }
  });
});
