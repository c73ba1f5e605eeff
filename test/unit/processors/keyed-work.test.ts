import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RecordedEvent } from "../../../src/core/event.ts";
import { type Work, workByKey } from "../../../src/processors/keyed-work.ts";

describe("keyed work", () => {
  it("is done in order within each key, for no more keys at a time than allowed, and completely up to the first failure", async () => {
    const plans = fc.array(fc.record({ key: fc.constantFrom("a", "b", "c", "d"), fails: fc.boolean(), slow: fc.nat(3) }), {
      maxLength: 30,
    });
    await fc.assert(
      fc.asyncProperty(plans, fc.integer({ min: 1, max: 5 }), async (plan, width) => {
        const done: number[] = [];
        const begun: number[] = [];
        const lanes = new Map<string, number>();
        let widest = 0;
        const work = plan.map(({ key, fails, slow }, index): Work => {
          const event = { position: index + 1 } as RecordedEvent;
          const run = async () => {
            expect(lanes.get(key) ?? 0).toBe(0); // alone in its key
            expect(begun.every((before) => plan[before - 1]?.key !== key || before < index + 1)).toBe(true);
            begun.push(index + 1);
            lanes.set(key, 1);
            widest = Math.max(
              widest,
              [...lanes.values()].reduce((sum, busy) => sum + busy, 0),
            );
            for (let turn = 0; turn < slow; turn++) await Promise.resolve();
            lanes.set(key, 0);
            if (fails) throw new Error(String(index + 1));
            done.push(index + 1);
          };
          return { event, key, run };
        });
        const failure = await workByKey(work, width);
        const first = plan.findIndex(({ fails }) => fails) + 1;
        expect(failure?.event.position ?? 0).toBe(first);
        const before = first === 0 ? plan.length : first - 1;
        expect(done.filter((position) => position <= before).toSorted((a, b) => a - b)).toEqual(
          Array.from({ length: before }, (_, index) => index + 1),
        );
        expect(widest).toBeLessThanOrEqual(width);
      }),
    );
  });
});
