/** Ways around the token: every spelling of a path counts as what the router takes it for. */

import { describe, expect, it } from "vitest";
import { read } from "../support.ts";
import { type Bearer, ask, headerOf } from "./tokens.ts";

const READER_OF_MINE = headerOf({ rights: "read", stores: "mine" });
const WRITER_OF_DEFAULT = headerOf({ rights: "write", stores: "default" });
const ALL_OF_DEFAULT = headerOf({ rights: "all", stores: "default" });
const NO_ADMIN: Bearer = { rights: "read", stores: "every" };

/** A line separator, which `.` does not match in a regular expression, and other characters that end a line. */
const LINE_ENDS = ["%E2%80%A8", "%E2%80%A9", "%0A", "%0D"];

describe("a token for another store", () => {
  it.each([
    "/stores/yours/log",
    "/stores/%79ours/log",
    "/stores/you%72s/log",
    "/%73tores/yours/log",
    "/stores/mine/../yours/log",
    "/stores/mine/%2e%2e/yours/log",
    "/stores/./yours/log",
    ...LINE_ENDS.flatMap((end) => [
      `/stores/yours/views/totals/${end}`,
      `/stores/yours/streams/alarm/${end}`,
      `/stores/yours/aggregates/counter/${end}`,
      `/stores/yours/log/events/${end}`,
    ]),
    "/log",
    "/stores/default/log",
    "/stores/yours%2Flog/log",
    "/stores/mine%2F..%2Fyours/log",
    "/stores/mine%00/log",
    "/stores/mine%20/log",
    "/stores/mine;/log",
    "/stores/MINE/log",
    "/stores/%256dine/log",
    "/stores/m%C4%B1ne/log",
    "/stores/*/log",
  ])("is refused at %s", async (path) => {
    for (const bearer of [READER_OF_MINE, headerOf({ rights: "all", stores: "mine" })]) {
      const response = await ask("GET", path, bearer);
      expect([response.status, (await read(response)).code]).toEqual([403, "forbidden"]);
    }
  });

  it.each(LINE_ENDS)("writes nothing to a stream whose id ends in %s", async (end) => {
    const path = `/stores/elsewhere/aggregates/counter/1${end}`;
    for (const bearer of [WRITER_OF_DEFAULT, ALL_OF_DEFAULT]) {
      expect((await ask("POST", `${path}/Count`, bearer, "{}")).status).toBe(403);
      expect((await ask("DELETE", `/stores/elsewhere/streams/counter/1${end}`, bearer)).status).toBe(403);
    }
    expect([400, 404]).toContain((await ask("GET", path, headerOf({ rights: "all", stores: "every" }))).status);
  });
});

describe("a token without the right to administer", () => {
  it.each([
    ["GET", "/consumers"],
    ["HEAD", "/consumers"],
    ["GET", "/%63onsumers"],
    ["GET", "/stores/mine/%63onsumers"],
    ["GET", "/consumers?x=/log"],
    ["GET", "/log/../consumers"],
    ["GET", "/log/%2e%2e/consumers"],
    ["GET", "/health/../consumers"],
    ["GET", "/webhooks/%0A"],
    ["GET", "/webhooks/%E2%80%A8/deliveries"],
    ["GET", "/stores/mine/webhooks/%E2%80%A8"],
    ["GET", "/.well-known/../webhooks"],
    ["POST", "/views/totals/rebuild"],
    ["POST", "/views/totals/%72ebuild"],
    ["POST", "/views/%74otals/rebuild"],
    ["POST", "/views/%0A/rebuild"],
    ["POST", "/stores/mine/views/%E2%80%A8/rebuild"],
    ["POST", "/%69mport"],
    ["PUT", "/streams/note"],
    ["PUT", "/stores/mine/streams/%6eote"],
    ["DELETE", "/streams/%E2%80%A8"],
  ])("is refused at %s %s", async (method, path) => {
    const headers = headerOf({ ...NO_ADMIN, rights: method === "GET" || method === "HEAD" ? "read" : "write" });
    expect((await ask(method, path, headers)).status).toBe(403);
  });

  it.each(["X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"])("cannot pretend by %s to do something else", async (name) => {
    const response = await ask("GET", "/consumers", { ...headerOf(NO_ADMIN), [name]: "POST" });
    expect(response.status).toBe(403);
    const posted = await ask("POST", "/streams/note", { ...headerOf({ rights: "write", stores: "every" }), [name]: "PUT" }, "{}");
    expect((await read(posted)).code).toBe("unknown-category");
  });

  it.each(["/consumers/", "//consumers", "/Consumers", "/consumers%2F", "/stores/mine//consumers", "/stores//consumers", "/stores/mine/"])(
    "finds nothing at %s",
    async (path) => {
      const response = await ask("GET", path, headerOf({ rights: "all", stores: "every" }));
      expect([response.status, (await read(response)).code]).toEqual([404, "not-found"]);
    },
  );
});

describe("a client without a valid token", () => {
  it.each(["/health/x", "/health%2F..%2Flog", "/healthy", "//", "/.well-known/webhooks", "/.well-known/webhooks/a/b", "/nothing"])(
    "learns nothing at %s",
    async (path) => {
      expect((await ask("GET", path)).status).toBe(401);
    },
  );

  it.each([
    ["no scheme", "hs_all_every"],
    ["another scheme", "Token hs_all_every"],
    ["two tokens", "Bearer hs_guess hs_all_every"],
    ["two headers", "Bearer hs_guess, Bearer hs_all_every"],
    ["an empty token", "Bearer "],
    ["the beginning of one", "Bearer hs_all_ever"],
    ["its hash", "Bearer 4ba5b2ad3b0a1d2bd0a3c2b6f0a5c7f9d1c6a0d1f1e4a3e6d7d0e9f8a7b6c5d4"],
    ["the name of an object's member", "Bearer __proto__"],
  ])("is not let in by %s", async (_what, authorization) => {
    expect((await ask("GET", "/log", { authorization })).status).toBe(401);
  });
});

describe("a store with an impossible name", () => {
  it.each(["/stores/No%20Store", "/stores/a%2Fb", "/stores/%EF%BF%BD", `/stores/${"a".repeat(65)}`])("has nothing: %s", async (store) => {
    for (const path of ["/log", "/streams", "/streams/counter", "/sagas", "/views", "/nothing"]) {
      const response = await ask("GET", store + path, headerOf({ rights: "all", stores: "every" }));
      expect([path, response.status, (await read(response)).code]).toEqual([path, 400, "invalid-request"]);
    }
  });
});
