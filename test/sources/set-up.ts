/** Starts what the tests of sources follow, once for all of them. What is not installed is missing there, and its tests are skipped. */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { TestProject } from "vitest/node";
import { mosquittoServer } from "./servers/mosquitto.ts";
import { natsServer } from "./servers/nats.ts";
import { postgresServer } from "./servers/postgres.ts";
import type { RunningServer, ServerUrls, TestServer } from "./servers/server.ts";

const SERVERS: readonly TestServer[] = [postgresServer, natsServer, mosquittoServer];

declare module "vitest" {
  interface ProvidedContext {
    servers: ServerUrls;
    /** Where tests ask for a server of their own, and for what they do to it: they run where no process can be started or ended. */
    control: string;
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
  const own = new Map<string, RunningServer>();
  const control = await listen(own);
  project.provide("control", control.url);
  return async () => {
    control.close();
    await Promise.all([...running, ...own.values()].map((server) => server.stop()));
  };
}

/** `/nats` starts another server of that kind, and answers its key, url and more; `/{key}/{action}` does something to it. */
async function listen(own: Map<string, RunningServer>): Promise<{ url: string; close: () => void }> {
  const handle = async (path: string, body: string): Promise<object> => {
    const [, name = "", action] = path.split("/");
    if (action !== undefined) {
      const act = own.get(name)?.actions?.[action];
      if (!act) throw new Error(`no server ${name}, or no action ${action}`);
      await act(body);
      return {};
    }
    const server = SERVERS.find((one) => one.name === name);
    if (!server) throw new Error(`no server ${name}`);
    const started = await server.start();
    const key = `${name}-${own.size}`;
    own.set(key, started);
    return { key, url: started.url, more: started.more ?? {} };
  };
  const server = createServer((request, response) => {
    text(request)
      .then((body) => handle(request.url ?? "", body))
      .then(
        (answer) => response.end(JSON.stringify(answer)),
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}
