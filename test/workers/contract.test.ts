/**
 * The HTTP contract in the test pool. `test/e2e/contract.test.ts` asks the same of a real `wrangler dev`. Here every answer is
 * also looked up in the OpenAPI document.
 */

import { env, exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { openApiOf } from "../../src/http/openapi/document.ts";
import { API_TOKENS } from "../contract/http.ts";
import { contract } from "../contract/contract.ts";
import { app } from "./app.ts";

Object.assign(env, { API_TOKENS });

/** The operations of the document, the most specific first: `/aggregates/counter/{id}/Count` before `/aggregates/{name}/{id}/{command}`. */
const operations = Object.entries(openApiOf(app).paths)
  .map(([path, methods]) => ({ path, methods, pattern: new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/\{\w+\}/g, "[^/]+")}$`) }))
  .toSorted((a, b) => a.path.split("{").length - b.path.split("{").length);

/** `operation: status`, of answers that the document does not have. */
const undocumented = new Set<string>();
let looked = 0;

function lookUp(method: string, url: string, status: number): void {
  const [path = ""] = url.split("?");
  const inStore = path.replace(/^\/stores\/[^/]+(?=\/.)/, "");
  const name = method.toLowerCase();
  // Where no operation is there is nothing to document: 404, 405, and what the runtime itself refuses.
  const operation = operations.find(({ pattern, methods }) => pattern.test(inStore) && Object.hasOwn(methods, name))?.methods[name];
  if (!operation) return;
  looked += 1;
  if (!Object.hasOwn(operation.responses, String(status))) undocumented.add(`${operation.operationId}: ${status}`);
}

contract(async (path, request) => {
  const response = await exports.default.fetch(`http://headspring${path}`, request);
  lookUp(request?.method ?? "GET", path, response.status);
  return response;
});

describe("the OpenAPI document", () => {
  it("has every status that these tests were answered with", () => {
    expect(looked).toBeGreaterThan(500);
    expect([...undocumented].toSorted()).toEqual([]);
  });
});
