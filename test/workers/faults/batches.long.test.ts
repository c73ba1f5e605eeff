/** The queue delivers what it likes: every wake-up any number of times, in any order, in any batches, some at the same time. */

import * as fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { RecordedEvent } from "../../../src/core/event.ts";
import { totals, values } from "../app.ts";
import { deliver } from "../delivery/support.ts";
import { subscribed } from "../webhooks/support.ts";
import { runs } from "../../effort.ts";

afterEach(() => vi.restoreAllMocks());

const STREAMS = ["a", "b"];

const step = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      to: fc.constantFrom(...STREAMS),
      append: fc.array(fc.integer({ min: 0, max: 120 }), { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 3,
    // Batches that are delivered at the same time, each of wake-ups by their place among all that were ever sent.
    arbitrary: fc.record({ batches: fc.array(fc.array(fc.nat(), { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 3 }) }),
  },
);

describe("wake-ups that are lost, repeated, reordered and delivered at the same time", () => {
  it("change no view twice, cause no reaction twice, and reorder no deliveries (promises 4, 5 and 6)", { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 10 }), async (steps) => {
        vi.restoreAllMocks();
        const store = await subscribed("batches", { categories: ["reading"] });
        for (const step of steps) {
          if ("append" in step) {
            const events = step.append.map((value) => ({ type: "Read", data: { value } }));
            await store.post(`/streams/reading/${step.to}`, { events });
            continue;
          }
          const sent = store.sent();
          const batches = step.batches.map((picks) => picks.flatMap((pick) => sent[pick % sent.length]?.body ?? []));
          await Promise.all(batches.map((batch) => deliver(...batch)));
        }
        await store.settle();
        await vi.waitFor(async () => expect((await store.report()).pending).toBe(0), { timeout: 20_000 });

        const log = (await store.log()) as unknown as RecordedEvent<string, { value: number }>[];
        expect(await store.rows(values)).toEqual(await store.folded(values));
        expect(await store.rows(totals)).toEqual(await store.folded(totals));
        for (const stream of STREAMS) {
          const readings = log.filter((event) => event.stream === `reading/${stream}`);
          const causes = (type: string, of: string) =>
            log.filter((event) => event.type === type && event.stream === of).map(({ meta }) => meta.causationId);
          expect(causes("Counted", `counter/of-${stream}`)).toEqual(readings.map(({ id }) => id));
          expect(causes("Raised", `alarm/${stream}`)).toEqual(readings.filter(({ data }) => data.value > 100).map(({ id }) => id));
          const versions = store.endpoint.received
            .filter((delivery) => delivery.stream === `reading/${stream}`)
            .map(({ version }) => version);
          expect(versions).toEqual(readings.map(({ version }) => version));
        }
      }),
      { numRuns: runs(20) },
    );
  });
});
