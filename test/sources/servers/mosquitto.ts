/** Mosquitto, an MQTT broker, over a WebSocket, in a folder of its own. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectAsync, type IClientPublishOptions } from "mqtt";
import { onFreePorts, Program } from "./program.ts";
import { Proxy } from "./proxy.ts";
import type { RunningServer, TestServer } from "./server.ts";

interface Options {
  /** Messages that wait for a session at most. */
  readonly queued?: number;
  /** Whether each change goes to the disk: slow, and without it a kill forgets what came since the start. */
  readonly isSavedAtOnce?: boolean;
}

/** Anybody may connect to the first listener; the second asks for a password. Started by root, it stays root: the folder is root's. */
const config = (folder: string, [plain, port, withPassword]: readonly number[], { queued = 1_000, isSavedAtOnce = true }: Options) => `
user root
per_listener_settings true
max_queued_messages ${queued}
persistence true
persistence_location ${folder}/
autosave_interval ${isSavedAtOnce ? 1 : 3600}
autosave_on_changes ${isSavedAtOnce}
listener ${plain} 127.0.0.1
allow_anonymous true
listener ${port} 127.0.0.1
protocol websockets
allow_anonymous true
listener ${withPassword} 127.0.0.1
protocol websockets
allow_anonymous false
password_file ${folder}/passwords
`;

/** Debian has it where only root looks. */
const PROGRAMS = ["mosquitto", "/usr/sbin/mosquitto"];

function program(): string | undefined {
  return PROGRAMS.find((path) => {
    try {
      execFileSync(path, ["-h"], { stdio: "ignore" });
    } catch (error) {
      // It prints its help, and ends with another code than 0.
      return (error as { code?: string }).code !== "ENOENT";
    }
    return true;
  });
}

/** What a test publishes. */
export interface Published {
  readonly topic: string;
  readonly base64: string;
  readonly options?: IClientPublishOptions;
}

async function publish(url: string, messages: readonly Published[]): Promise<void> {
  const client = await connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0 });
  for (const { topic, base64, options } of messages)
    await client.publishAsync(topic, Buffer.from(base64, "base64"), { qos: 1, ...options });
  await client.endAsync();
}

export const startMosquitto = (options: Options = {}): Promise<RunningServer> => onFreePorts(3, (ports) => startOn(ports, options));

/** @param ports the first without a WebSocket: version 2.0.11 does not start with WebSockets alone */
async function startOn(ports: readonly number[], options: Options): Promise<RunningServer> {
  const [plain, port, withPassword] = ports as [number, number, number];
  const folder = mkdtempSync(join(tmpdir(), "headspring-mosquitto-"));
  const file = join(folder, "mosquitto.conf");
  writeFileSync(file, config(folder, ports, options));
  writeFileSync(join(folder, "passwords"), "sensor:sensor-password\n");
  execFileSync("mosquitto_passwd", ["-U", join(folder, "passwords")]);
  const broker = new Program(program() ?? "mosquitto", ["-c", file], port);
  await broker.start();
  const [proxy, other] = [new Proxy(port), new Proxy(withPassword)];
  return {
    url: `ws://127.0.0.1:${await proxy.start()}`,
    more: { plain: `mqtt://127.0.0.1:${plain}`, withPassword: `ws://127.0.0.1:${await other.start()}` },
    actions: {
      publish: (body) => publish(`mqtt://127.0.0.1:${plain}`, JSON.parse(body) as Published[]),
      break: async () => proxy.break(),
      /** It keeps its sessions. */
      restart: async () => {
        await broker.kill("SIGTERM");
        await broker.start();
      },
      /** It has no sessions any more. */
      forget: async () => {
        await broker.kill();
        rmSync(join(folder, "mosquitto.db"), { force: true });
        await broker.start();
      },
    },
    async stop() {
      await Promise.all([proxy.stop(), other.stop()]);
      await broker.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export const mosquittoServer: TestServer = {
  name: "mqtt",
  package: "mosquitto",
  isInstalled: () => program() !== undefined,
  start: () => startMosquitto(),
};
