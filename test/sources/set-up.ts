/** Starts what the tests of sources follow, once for all of them. What is not installed is missing there, and its tests are skipped. */

import type { TestProject } from "vitest/node";
import { postgresServer } from "./servers/postgres.ts";
import type { ServerUrls, TestServer } from "./servers/server.ts";

const SERVERS: readonly TestServer[] = [postgresServer];

declare module "vitest" {
  interface ProvidedContext {
    servers: ServerUrls;
  }
}

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const missing = SERVERS.filter((server) => !server.isInstalled());
  if (missing.length > 0)
    console.warn(`tests of sources are skipped, for lack of ${missing.map((server) => server.package).join(", ")} (Debian's packages)`);
  const running = await Promise.all(
    SERVERS.filter((server) => !missing.includes(server)).map(async (server) => ({ name: server.name, ...(await server.start()) })),
  );
  project.provide("servers", Object.fromEntries(running.map(({ name, url }) => [name, url])));
  return async () => {
    await Promise.all(running.map((server) => server.stop()));
  };
}
