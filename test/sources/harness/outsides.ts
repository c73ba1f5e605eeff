/** Everything that the harness can follow, by kind. */

import { mosquittoServer } from "../servers/mosquitto.ts";
import { natsServer } from "../servers/nats.ts";
import { mqttOutside } from "./mqtt.ts";
import { natsOutside } from "./nats.ts";
import type { Outside } from "./outside.ts";
import { postgresServer } from "../servers/postgres.ts";
import { postgresOutside } from "./postgres.ts";
import { queueOutside } from "./queue.ts";

interface StartedOutside {
  isInstalled(): boolean;
  start(): Promise<Outside>;
}

export const OUTSIDES: Readonly<Record<string, StartedOutside>> = {
  postgres: { isInstalled: () => postgresServer.isInstalled(), start: postgresOutside },
  nats: { isInstalled: natsServer.isInstalled, start: natsOutside },
  mqtt: { isInstalled: mosquittoServer.isInstalled, start: mqttOutside },
  queue: { isInstalled: () => true, start: async () => queueOutside() },
};
