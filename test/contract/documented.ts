/** Looks up in the OpenAPI document every answer that the tests of the contract got. */

import type { OpenApi } from "../../src/http/openapi/document.ts";

/** What a request was answered with. */
export interface Answer {
  readonly method: string;
  /** From the host on. */
  readonly path: string;
  readonly status: number;
}

/** @returns how many answers are of operations of the document, and `operation: status` of those that it does not have */
export function lookUp(answers: readonly Answer[], { paths }: OpenApi): { found: number; undocumented: string[] } {
  // The most specific first: `/aggregates/counter/{id}/Count` before `/aggregates/{name}/{id}/{command}`.
  const operations = Object.entries(paths)
    .map(([path, methods]) => ({ path, methods, pattern: new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/\{\w+\}/g, "[^/]+")}$`) }))
    .toSorted((a, b) => a.path.split("{").length - b.path.split("{").length);
  const undocumented = new Set<string>();
  let found = 0;
  for (const { method, path, status } of answers) {
    const [name, inStore] = [method.toLowerCase(), path.replace(/\?.*$/s, "").replace(/^\/stores\/[^/]+(?=\/.)/, "")];
    // Where no operation is there is nothing to document: 404, 405, and what the runtime itself refuses.
    const operation = operations.find(({ pattern, methods }) => pattern.test(inStore) && Object.hasOwn(methods, name))?.methods[name];
    if (!operation) continue;
    found += 1;
    if (!Object.hasOwn(operation.responses, String(status))) undocumented.add(`${operation.operationId}: ${status}`);
  }
  return { found, undocumented: [...undocumented].toSorted() };
}
