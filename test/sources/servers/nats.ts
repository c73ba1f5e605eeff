/** NATS with JetStream, over a WebSocket, in a folder of its own. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onFreePorts, Program } from "./program.ts";
import { Proxy } from "./proxy.ts";
import type { RunningServer, TestServer } from "./server.ts";

/**
 * `reader` may do what a source needs that does not create its consumer, `nobody` may do nothing; `deaf` gets answers to requests and no
 * messages, `mute` may not ask for messages.
 */
const config = (folder: string, port: number, webSocket: number) => `
listen: "127.0.0.1:${port}"
websocket { listen: "127.0.0.1:${webSocket}", no_tls: true }
jetstream { store_dir: ${JSON.stringify(folder)} }
max_payload: 12MB
authorization {
  users: [
    { user: tests, password: tests-password }
    { user: reader, password: reader-password, permissions: {
      publish: ["$JS.API.STREAM.INFO.*", "$JS.API.CONSUMER.INFO.>", "$JS.API.CONSUMER.MSG.NEXT.>", "$JS.ACK.>"]
      subscribe: ["_INBOX.>"] } }
    { user: deaf, password: deaf-password, permissions: { subscribe: ["_INBOX.*.*"] } }
    { user: mute, password: mute-password, permissions: { publish: { deny: ["$JS.API.CONSUMER.MSG.NEXT.>"] } } }
    { user: nobody, password: nobody-password, permissions: { publish: ["nothing"], subscribe: ["_INBOX.>"] } }
  ]
}
`;

export const startNats = (): Promise<RunningServer> => onFreePorts(2, ([port, webSocket]) => startOn(port!, webSocket!));

async function startOn(port: number, webSocket: number): Promise<RunningServer> {
  const folder = mkdtempSync(join(tmpdir(), "headspring-nats-"));
  const file = join(folder, "nats.conf");
  writeFileSync(file, config(join(folder, "data"), port, webSocket));
  const program = new Program("nats-server", ["-c", file], webSocket);
  await program.start();
  const proxy = new Proxy(webSocket);
  return {
    url: `ws://127.0.0.1:${await proxy.start()}`,
    actions: {
      break: async () => proxy.break(),
      refuse: async (isRefusing) => proxy.refuse(isRefusing === "true"),
      restart: async () => {
        await program.kill();
        await program.start();
      },
    },
    async stop() {
      await proxy.stop();
      await program.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export const natsServer: TestServer = {
  name: "nats",
  package: "nats-server",
  isInstalled() {
    try {
      execFileSync("nats-server", ["--version"], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  },
  start: startNats,
};
