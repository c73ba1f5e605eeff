/** What a worker finishes after it has answered. */

import { afterEach, expect, it, vi } from "vitest";
import { HAND_OVER_MS } from "../../src/http/limits.ts";
import { tryAgain } from "../../src/http/try-again.ts";

let waits: number[];
afterEach(() => vi.unstubAllGlobals());

/** Fails so many times. */
function failing(times: number) {
  waits = [];
  vi.stubGlobal("scheduler", { wait: async (ms: number) => void waits.push(ms) });
  return vi.fn<() => Promise<void>>(async () => {
    if (waits.length <= times) throw new Error("out of reach");
  });
}

it("what is to be done after the answer is tried until it succeeds, less and less often", async () => {
  const work = failing(3);
  await tryAgain(work);
  expect(work).toHaveBeenCalledTimes(4);
  expect(waits).toEqual(waits.toSorted((a, b) => a - b));
});

it("what is to be done after the answer is given up after a minute, without an error", async () => {
  const work = failing(Infinity);
  await tryAgain(work);
  const waited = waits.reduce((sum, ms) => sum + ms, 0);
  expect([waited <= HAND_OVER_MS, waited > HAND_OVER_MS / 4, work.mock.calls.length]).toEqual([true, true, waits.length]);
});
