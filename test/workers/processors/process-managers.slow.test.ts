/** Promise 5 for process managers: whatever happens to the consumer, what is stored is what one clean run stores. */

import * as fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { quietStore } from "../delivery/support.ts";
import { NOBODY } from "../errand.ts";
import { live, lives, storyOf } from "./chaos.ts";
import { runs, STRIDE } from "../../effort.ts";

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

/** Streams that are written to. */
const ERRANDS = ["errand/e", "errand/f", "errand/g", "counter/a", "counter/b"];
const MOVES = ["move/m", "purse/a", "purse/b", "purse/shop"];

/** Facts with ids of their own, so that all ids that are derived from them are the same in every store. */
async function storeWith(name: string, facts: readonly { readonly by: string; readonly category?: string; readonly fact: object }[]) {
  const store = quietStore(name);
  for (const [index, { by, category = "wish", fact }] of facts.entries()) {
    const id = `00000000-0000-7000-8000-${String(index).padStart(12, "f")}`;
    const answer = await store.post(`/streams/${category}/${by}`, { ...fact, id }, { "correlation-id": "c" });
    expect(answer.status).toBe(201);
  }
  return store;
}

/** Two errands may reach one counter in either order, and so hear of other versions of it; each counts there once. */
function withCountersInAnyOrder(story: Record<string, unknown[]>): Record<string, unknown[]> {
  return Object.fromEntries(
    Object.entries(story).map(([stream, events]) =>
      stream.startsWith("counter/")
        ? [stream, (events as { data: { by: number } }[]).map(({ data }) => data.by).toSorted((a, b) => a - b)]
        : [stream, (events as { data: object }[]).map((event) => ({ ...event, data: withoutVersions(event.data) }))],
    ),
  );
}

function withoutVersions(data: object): unknown {
  return JSON.parse(JSON.stringify(data, (key, value: unknown) => (key === "version" ? undefined : value)));
}

describe("promise 5: what a process manager does is stored once,", () => {
  it("when the worker is killed at any step, before or after it is done", async () => {
    const jobs = [
      { counter: "a", by: 1 },
      { counter: "a", by: 5_000 },
      { counter: "b", by: 1, how: "Throw" },
    ];
    const facts = [
      { by: "x", fact: { type: "Wished", data: { errand: "e", jobs } } },
      { by: "y", fact: { type: "Added", data: { errand: "e", job: { counter: "b", by: 2 } } } },
    ];
    const clean = await storeWith("clean", facts);
    await live(clean, ["errand"], ERRANDS, []);
    const expected = await storyOf(clean);
    expect(expected["errand/e"]).toHaveLength(16);

    // In its first life it reads the facts, in later ones what instances have sent: each step of each is its last one once.
    const untouched = { steps: Number.POSITIVE_INFINITY, done: false, wakeUps: [0], evicted: false };
    const deaths = [0, 0, 0];
    for (const life of deaths.keys()) {
      for (const done of [false, true]) {
        for (let steps = 0, died = 1; died > 0; steps += STRIDE) {
          const rough = await storeWith("rough", facts);
          const last = { steps, done, wakeUps: [0], evicted: steps % 2 === 1 };
          died = await live(rough, ["errand"], ERRANDS, [...Array.from({ length: life }, () => untouched), last]);
          deaths[life] = (deaths[life] ?? 0) + died;
          expect({ life, steps, done, story: await storyOf(rough) }).toEqual({ life, steps, done, story: expected });
          vi.restoreAllMocks();
        }
      }
    }
    // Facts: the log is read, two are handed over, the checkpoint moves, the log hears of it. Commands: four are executed, and four outcomes reported.
    expect(deaths.slice(0, 2)).toEqual([5, 11].map((steps) => 2 * Math.ceil(steps / STRIDE)));
  }, 240_000);

  it("when it dies again and again, wake-ups come twice and in any order, and objects lose their memory", async () => {
    await fc.assert(
      fc.asyncProperty(facts, lives, async (facts, plan) => {
        const clean = await storeWith("clean", facts);
        await live(clean, ["errand"], ERRANDS, []);
        const rough = await storeWith("rough", facts);
        await live(rough, ["errand"], ERRANDS, plan);
        expect(withCountersInAnyOrder(await storyOf(rough))).toEqual(withCountersInAnyOrder(await storyOf(clean)));
        vi.restoreAllMocks();
      }),
      { numRuns: runs(20), endOnFailure: true }, // what fails takes long to shrink
    );
  }, 240_000);

  it("and so is what a saga does and undoes, when the worker is killed at any step", async () => {
    const facts = [
      {
        by: "w",
        category: "word",
        fact: { type: "MoveWanted", data: { move: "m", from: ["a", "b"], to: "shop", amount: 5, atOnce: true } },
      },
    ];
    const prepared = async (name: string) => {
      const store = await storeWith(name, facts);
      await store.post("/aggregates/purse/a/Put", { amount: 5 }, { "correlation-id": "c" });
      return store;
    };
    const clean = await prepared("clean");
    await live(clean, ["move"], MOVES, []);
    const expected = await storyOf(clean);
    expect((expected["move/m"] as { type: string }[]).map(({ type }) => type)).toEqual([
      "SagaStarted",
      "$CommandSent",
      "$CommandSent",
      "$CommandAccepted",
      "StepCompleted",
      "$CommandRefused",
      "StepFailed",
      "$CommandSent",
      "$CommandAccepted",
      "StepUndone",
      "SagaFailed",
      "$Completed",
    ]);
    const untouched = { steps: Number.POSITIVE_INFINITY, done: false, wakeUps: [0], evicted: false };
    for (const life of [0, 1, 2]) {
      for (const done of [false, true]) {
        for (let steps = 0, died = 1; died > 0; steps += STRIDE) {
          const rough = await prepared("rough");
          died = await live(rough, ["move"], MOVES, [
            ...Array.from({ length: life }, () => untouched),
            { steps, done, wakeUps: [0, 0], evicted: true },
          ]);
          expect({ life, steps, done, story: await storyOf(rough) }).toEqual({ life, steps, done, story: expected });
          vi.restoreAllMocks();
        }
      }
    }
  }, 240_000);
});
