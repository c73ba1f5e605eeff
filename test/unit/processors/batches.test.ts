import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { batchesOf } from "../../../src/processors/batches.ts";

const lanes = fc.array(fc.uniqueArray(fc.constantFrom("a", "b", "c", "d", "e"), { maxLength: 3 }), { maxLength: 30 });

describe("work on a batch of events", () => {
  it("is done in runs that keep its order, lose nothing, and share no key", () => {
    fc.assert(
      fc.property(lanes, fc.integer({ min: 1, max: 5 }), (list, most) => {
        const parts = list.map((of, index) => ({ of, index }));
        const runs = batchesOf(parts, ({ of }) => of, most);
        expect(runs.flat()).toEqual(parts);
        for (const run of runs) {
          expect(run.length).toBeGreaterThan(0);
          expect(run.length).toBeLessThanOrEqual(most);
          const taken = run.flatMap(({ of }) => of);
          expect(new Set(taken).size).toBe(taken.length);
        }
      }),
    );
  });

  it("is done together as far as it can be", () => {
    const of = (lane: string) => [lane];
    expect(batchesOf(["a", "b", "c"], of, 10)).toEqual([["a", "b", "c"]]);
    expect(batchesOf(["a", "b", "a", "c"], of, 10)).toEqual([
      ["a", "b"],
      ["a", "c"],
    ]);
    expect(batchesOf(["a", "b", "c"], of, 2)).toEqual([["a", "b"], ["c"]]);
    expect(batchesOf([], of, 2)).toEqual([]);
  });
});
