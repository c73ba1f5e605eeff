/** The first calls that `headspring dev` shows, against a store that answers as the real one does. */

import { expect, it } from "vitest";
import { type Ask, firstCallsOf } from "../../../src/cli/dev/first-calls.ts";

it("the first calls state that the stream is new if an aggregate demands a version with each command", async () => {
  const ref = "#/components/schemas/user.InsertUser.command";
  const ask: Ask = async ({ path, headers = {} }) => {
    if (path === "/app")
      return { status: 200, body: { categories: [{ name: "user", kind: "aggregate", commands: ["InsertUser"] }], views: [] } };
    if (path === "/log/head") return { status: 200, body: { head: 0 } };
    if (path === "/openapi.json") {
      const post = { requestBody: { content: { "application/json": { schema: { $ref: ref } } } } };
      const schemas = { "user.InsertUser.command": { type: "object", properties: {}, additionalProperties: false } };
      return { status: 200, body: { paths: { "/aggregates/user/{id}/InsertUser": { post } }, components: { schemas } } };
    }
    if (headers["If-None-Match"] !== "*") return { status: 428, body: { code: "precondition-required" } };
    return { status: 200, body: { outcome: "accepted", events: [{ type: "UserInserted", data: {} }] } };
  };
  const [first] = await firstCallsOf(ask, "");
  expect(first).toMatchObject({ path: "/aggregates/user/1/InsertUser", headers: { "If-None-Match": "*" } });
});
