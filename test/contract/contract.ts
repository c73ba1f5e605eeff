/** The HTTP contract of streams, commands, the log and the service: one suite, for every runtime that answers HTTP. */

import { describe, expect, it } from "vitest";
import type { OpenApi } from "../../src/http/openapi/document.ts";
import { appends } from "./appends.ts";
import { asyncCommands } from "./async-commands.ts";
import { categories } from "./categories.ts";
import { cloudevents } from "./cloudevents.ts";
import { commands } from "./commands.ts";
import { type Answer, lookUp } from "./documented.ts";
import { encodings } from "./encodings.ts";
import { facts } from "./facts.ts";
import { type Send, type Service, read, serviceAt } from "./http.ts";
import { imports } from "./imports.ts";
import { log } from "./log.ts";
import { openapi } from "./openapi.ts";
import { problems } from "./problems.ts";
import { reads } from "./reads.ts";
import { schemas } from "./schemas.ts";
import { service } from "./service.ts";

const SUITES: Readonly<Record<string, (service: Service) => void>> = {
  appends,
  encodings,
  reads,
  facts,
  categories,
  schemas,
  cloudevents,
  commands,
  "asynchronous commands": asyncCommands,
  "the log": log,
  "imports and exports": imports,
  "the service": service,
  "the OpenAPI document": openapi,
  problems,
};

/** @param send asks a deployment of the tests' app whose tokens are `API_TOKENS` */
export function contract(send: Send): void {
  const answers: Answer[] = [];
  const service = serviceAt(async (path, request) => {
    const response = await send(path, request);
    answers.push({ method: request?.method ?? "GET", path, status: response.status });
    return response;
  });
  describe.each(Object.entries(SUITES))("%s", (_name, suite) => {
    suite(service);
  });
  it("every answer has a status that the OpenAPI document lists for its operation", async () => {
    const { found, undocumented } = lookUp(answers, (await read(await service.fetch("/openapi.json"))) as OpenApi);
    expect(undocumented).toEqual([]);
    // Or nothing was looked up.
    expect(found).toBeGreaterThan(500);
  });
}
