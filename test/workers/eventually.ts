/** Waiting for what happens by itself. */

import { vi } from "vitest";

/** Milliseconds. Long, for a busy machine: vitest's own default, a second, would be an assertion about time. */
const PATIENCE_MS = 30_000;

/** Waits until an assertion holds. */
export function eventually(holds: () => unknown): Promise<unknown> {
  return vi.waitFor(holds, { timeout: PATIENCE_MS, interval: 5 });
}
