/** Looks up in the OpenAPI document every answer that the tests of the contract get. */

import { expect } from "vitest";
import { openApiOf } from "../../src/http/openapi/document.ts";
import { app } from "../workers/app.ts";

/** The operations of the document, the most specific first: `/aggregates/counter/{id}/Count` before `/aggregates/{name}/{id}/{command}`. */
const operations = Object.entries(openApiOf(app).paths)
  .map(([path, methods]) => ({ path, methods, pattern: new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/\{\w+\}/g, "[^/]+")}$`) }))
  .toSorted((a, b) => a.path.split("{").length - b.path.split("{").length);

/** `operation: status`, of answers that the document does not have. */
const undocumented = new Set<string>();
let looked = 0;

export function lookUp(method: string, url: string, status: number): void {
  const [path = ""] = url.split("?");
  const inStore = path.replace(/^\/stores\/[^/]+(?=\/.)/, "");
  const name = method.toLowerCase();
  // Where no operation is there is nothing to document: 404, 405, and what the runtime itself refuses.
  const operation = operations.find(({ pattern, methods }) => pattern.test(inStore) && Object.hasOwn(methods, name))?.methods[name];
  if (!operation) return;
  looked += 1;
  if (!Object.hasOwn(operation.responses, String(status))) undocumented.add(`${operation.operationId}: ${status}`);
}

/** @returns `operation: status` of each answer that the document does not have. There must have been answers. */
export function undocumentedAnswers(): string[] {
  expect(looked).toBeGreaterThan(500);
  return [...undocumented].toSorted();
}
