/**
 * Topics of mosquitto. It is ended, not killed: it saves its sessions when it ends, and promises nothing for a crash. What is published before the
 * source has its session is not for the source: so the first write waits for it.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { connectAsync, type MqttClient } from "mqtt";
import { startMosquitto } from "../servers/mosquitto.ts";
import type { Outside, Written } from "./outside.ts";

export async function mqttOutside(): Promise<Outside> {
  const broker = await startMosquitto({ queued: 1_000_000, isSavedAtOnce: false });
  let open: { readonly client: MqttClient; readonly broken: Promise<never> } | undefined;
  const connected = async () => {
    if (open) return open;
    const client = await connectAsync(broker.more!.plain!, { reconnectPeriod: 0 });
    client.on("error", () => {});
    // A client whose connection breaks leaves a publication open for ever.
    const broken = new Promise<never>((_, reject) => client.once("close", () => reject(new Error("the broker is gone"))));
    broken.catch(() => {});
    return (open = { client, broken });
  };
  return {
    kind: "mqtt",
    variables: { MQTT_URL: broker.url },
    isOrdered: true,
    hasBegun: ({ status }) => status === "live",
    /** Written again, a message has the same id. */
    async write(changes: readonly Written[]) {
      try {
        const { client, broken } = await connected();
        const all = Promise.all(
          changes.map(({ key, n }) => client.publishAsync(`changes/${key}`, JSON.stringify({ id: `${key}-${n}`, key, n }), { qos: 1 })),
        );
        await Promise.race([all, broken]);
      } catch (error) {
        open?.client.end(true);
        open = undefined;
        await sleep(50);
        throw error;
      }
    },
    restart: () => broker.actions!.restart!(""),
    async stop() {
      open?.client.end(true);
      await broker.stop();
    },
  };
}
