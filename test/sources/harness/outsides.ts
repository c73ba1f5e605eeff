/** Everything that the harness can follow, by kind. */

import type { Outside } from "./outside.ts";
import { queueOutside } from "./queue.ts";

interface StartedOutside {
  isInstalled(): boolean;
  start(): Promise<Outside>;
}

export const OUTSIDES: Readonly<Record<string, StartedOutside>> = {
  queue: { isInstalled: () => true, start: async () => queueOutside() },
};
