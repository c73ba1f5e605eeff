/** The HTTP contract of streams, commands, the log and the service: one suite, for every runtime that answers HTTP. */

import { describe } from "vitest";
import { appends } from "./appends.ts";
import { asyncCommands } from "./async-commands.ts";
import { categories } from "./categories.ts";
import { cloudevents } from "./cloudevents.ts";
import { commands } from "./commands.ts";
import { encodings } from "./encodings.ts";
import { facts } from "./facts.ts";
import { type Send, type Service, serviceAt } from "./http.ts";
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
  const service = serviceAt(send);
  describe.each(Object.entries(SUITES))("%s", (_name, suite) => {
    suite(service);
  });
}
