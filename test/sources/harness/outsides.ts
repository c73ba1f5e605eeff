/** Everything that the harness can follow, by kind. */

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
  queue: { isInstalled: () => true, start: async () => queueOutside() },
};
