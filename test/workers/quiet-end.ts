/**
 * Lets each file of tests end quietly. Consumers go on in the background when the last test is over; one that begins
 * just when the test pool closes fails for that reason alone, and vitest would call the run failed. So nobody is woken
 * any more, and whoever is at work gets a moment to come to rest.
 */

import { env } from "cloudflare:workers";
import { afterAll, vi } from "vitest";

/** Ours: a consumer that has nothing to do is done in some milliseconds. */
const REST_MS = 250;

afterAll(async () => {
  const answer = { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } };
  vi.spyOn(env.WAKE_UPS, "send").mockResolvedValue(answer);
  vi.spyOn(env.WAKE_UPS, "sendBatch").mockResolvedValue(answer);
  await scheduler.wait(REST_MS);
});
