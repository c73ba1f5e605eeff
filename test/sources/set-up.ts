/** Starts what the tests of sources follow, once for all of them. What is not installed is missing there, and its tests are skipped. */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { TestProject } from "vitest/node";
import { mosquittoServer } from "./servers/mosquitto.ts";
import { natsServer } from "./servers/nats.ts";
import { postgresServer } from "./servers/postgres.ts";
import type { MoreUrls, RunningServer, ServerUrls, TestServer } from "./servers/server.ts";

const SERVERS: readonly TestServer[] = [postgresServer, natsServer, mosquittoServer];

declare module "vitest" {
  interface ProvidedContext {
    servers: ServerUrls;
    moreUrls: MoreUrls;
    /** Where tests ask for the servers' actions: `/nats/restart`. They run where no process can be started or ended. */
    actions: string;
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
  project.provide("moreUrls", Object.fromEntries(running.map(({ name, more = {} }) => [name, more])));
  const actions = await listen(running);
  project.provide("actions", actions.url);
  return async () => {
    actions.close();
    await Promise.all(running.map((server) => server.stop()));
  };
}

async function listen(running: readonly (RunningServer & { readonly name: string })[]): Promise<{ url: string; close: () => void }> {
  const server = createServer((request, response) => {
    const [, name, action = ""] = (request.url ?? "").split("/");
    const act = running.find((one) => one.name === name)?.actions?.[action];
    if (!act) return void response.writeHead(404).end();
    text(request)
      .then(act)
      .then(
        () => response.end("done"),
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}
