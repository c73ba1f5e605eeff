/** Promise 5 for process managers: whatever happens to the consumer, what is stored is what one clean run stores. */

import * as fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { quietStore } from "../delivery/support.ts";
import { NOBODY } from "../errand.ts";
import { live, lives, storyOf } from "./chaos.ts";

afterEach(() => vi.restoreAllMocks());

// Few names, so that errands meet at counters; commands of every outcome.
const errand = fc.constantFrom("e", "f", "g");
const job = fc.oneof(
  fc.record({ counter: fc.constantFrom("a", "b"), by: fc.constantFrom(1, 2, 5_000, -1) }),
  fc.record({ counter: fc.constantFrom("a", "b", NOBODY), by: fc.constant(1), how: fc.constantFrom("Throw", "DoNothing") }),
);
const fact = fc.oneof(
  fc.record({ errand, jobs: fc.array(job, { maxLength: 4 }) }).map((data) => ({ type: "Wished", data })),
  fc.record({ errand, job }).map((data) => ({ type: "Added", data })),
  errand.map((errand) => ({ type: "CalledOff", data: { errand } })),
);
const facts = fc.array(fc.record({ by: fc.constantFrom("x", "y"), fact }), { minLength: 1, maxLength: 8 });

describe("promise 5: what a process manager does is stored once", () => {
  it("when the worker is killed between any two steps, wake-ups come again and in any order, and objects lose their memory", async () => {
    await fc.assert(
      fc.asyncProperty(facts, lives, async (facts, plan) => {
        const wished = facts.map(({ by, fact }, index) => ({ by, fact: { ...fact, id: `00000000-0000-7000-8000-${String(index).padStart(12, "f")}` } }));
        const [clean, rough] = [quietStore("clean"), quietStore("rough")];
        for (const store of [clean, rough]) {
          for (const { by, fact } of wished) expect((await store.post(`/streams/wish/${by}`, fact, { "correlation-id": "c" })).status).toBe(201);
        }
        await live(clean, ["errand"], []);
        await live(rough, ["errand"], plan);
        const [expected, actual] = [await storyOf(clean), await storyOf(rough)];
        const totals = (story: typeof expected) => Object.keys(story).filter((stream) => stream.startsWith("counter/"));
        // Two errands may reach one counter in either order; each counts there once.
        for (const counter of totals(expected)) {
          expect(counted(actual[counter])).toEqual(counted(expected[counter]));
          delete actual[counter];
          delete expected[counter];
        }
        expect(actual).toEqual(expected);
        vi.restoreAllMocks();
      }),
      { numRuns: 25 },
    );
  }, 240_000);
});

function counted(events: unknown[] = []): number[] {
  return (events as { data: { by: number } }[]).map(({ data }) => data.by).toSorted((a, b) => a - b);
}
