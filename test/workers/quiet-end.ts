/**
 * Lets each file of tests end quietly, and as it began. Consumers go on in the background when the last test is over; one that begins
 * just when the test pool closes fails for that reason alone, and vitest would call the run failed. So nobody is woken
 * any more, and those at work get a moment to come to rest. Files share the runtime with those after them (vitest.config.ts): one
 * that leaves the deployment's variables or the timers changed fails here, and not somewhere else. Mocks are lifted by vitest.
 */

import { env } from "cloudflare:workers";
import { afterAll, assert, vi } from "vitest";
import { poison } from "./app.ts";
import { failOnErrors, leaveStores } from "./errors.ts";

/** Ours: a consumer that has nothing to do is done in some milliseconds. */
const REST_MS = 250;

type Variables = Readonly<Record<string, unknown>>;
const variables = (): Variables => Object.fromEntries(Object.entries(env).filter(([, value]) => typeof value === "string"));
const before = variables();

const { error } = console;
failOnErrors();

afterAll(async () => {
  const answer = { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } };
  vi.spyOn(env.WAKE_UPS, "send").mockResolvedValue(answer);
  vi.spyOn(env.WAKE_UPS, "sendBatch").mockResolvedValue(answer);
  leaveStores();
  await scheduler.wait(REST_MS);
  const [after, areTimersFake] = [variables(), vi.isFakeTimers()];
  for (const name of Object.keys(after)) Reflect.deleteProperty(env, name);
  Object.assign(env, before);
  vi.useRealTimers();
  poison.active = true;
  console.error = error;
  assert.deepEqual(after, before, "this file leaves variables behind");
  assert.isFalse(areTimersFake, "this file leaves fake timers behind");
});
