import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backoffMs } from "../../../src/core/backoff.ts";
import { DEFAULT_RETRY, delayAfter, retryPolicy } from "../../../src/definitions/retry.ts";

/** The delays of all attempts, without jitter. */
const delays = (policy: typeof DEFAULT_RETRY, jitter = 0) =>
  Array.from({ length: policy.attempts }, (_, index) => delayAfter(policy, index + 1, jitter));

describe("what failed is tried again", () => {
  it("after 1 s, doubling to 64 s, and is given up after the eighth attempt", () => {
    expect(delays(DEFAULT_RETRY)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, undefined]);
  });

  it("never after more than the longest delay", () => {
    expect(delays({ attempts: 5, firstDelayMs: 1_000, maxDelayMs: 3_000 })).toEqual([1_000, 2_000, 3_000, 3_000, undefined]);
  });

  it("at a constant pace when first and longest delay are the same", () => {
    expect(delays({ attempts: 4, firstDelayMs: 500, maxDelayMs: 500 })).toEqual([500, 500, 500, undefined]);
  });

  it("not at all when the policy has one attempt", () =>
    expect(delays({ attempts: 1, firstDelayMs: 1_000, maxDelayMs: 1_000 })).toEqual([undefined]));

  it("up to a quarter later, so that not all come back at once", () => {
    expect(delays(DEFAULT_RETRY, 1)).toEqual([1_250, 2_500, 5_000, 10_000, 20_000, 40_000, 80_000, undefined]);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), fc.double({ min: 0, max: 1, noNaN: true }), (attempts, jitter) => {
        const shortest = delayAfter(DEFAULT_RETRY, attempts, 0) ?? Number.NaN;
        const delay = delayAfter(DEFAULT_RETRY, attempts, jitter);
        expect(delay).toBeGreaterThanOrEqual(shortest);
        expect(delay).toBeLessThanOrEqual(shortest * 1.25);
      }),
    );
  });

  it("stays given up", () => expect(delayAfter(DEFAULT_RETRY, 1_000, 0)).toBeUndefined());

  it("as the consumer declares it", () => {
    expect(retryPolicy('reactor "r"', undefined)).toEqual(DEFAULT_RETRY);
    expect(delays(retryPolicy('reactor "r"', "none"))).toEqual([undefined]);
    expect(delays(retryPolicy('reactor "r"', { attempts: 4, delay: "10s" }))).toEqual([10_000, 20_000, 40_000, undefined]);
    expect(delays(retryPolicy('reactor "r"', { attempts: 4, delay: "10s", maxDelay: "15s" }))).toEqual([10_000, 15_000, 15_000, undefined]);
    expect(delays(retryPolicy('reactor "r"', { attempts: 3, delay: "5m", backoff: "constant" }))).toEqual([300_000, 300_000, undefined]);
    expect(delays(retryPolicy('reactor "r"', { attempts: 2, delay: "5m" }))).toEqual([300_000, undefined]);
  });

  it("unless its declaration makes no sense", () => {
    expect(() => retryPolicy('reactor "r"', { attempts: 0 })).toThrow("whole number of attempts from 1, not 0");
    expect(() => retryPolicy('reactor "r"', { attempts: 1.5 })).toThrow("1.5");
    expect(() => retryPolicy('reactor "r"', { attempts: 2, delay: "soon" as "1s" })).toThrow('"soon" is not a duration');
  });
});

describe("a pause that grows", () => {
  const pauses = (backoff: Parameters<typeof backoffMs>[0]) => [1, 2, 3, 4, 5, 5_000].map((tries) => backoffMs(backoff, tries));

  it("doubles up to the longest one, and stays there however often it is asked for", () => {
    expect(pauses({ firstDelayMs: 5_000, maxDelayMs: 60_000 })).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
  });

  it("grows by another factor if one is given", () => {
    expect(pauses({ firstDelayMs: 25, maxDelayMs: 10_000, factor: 5 })).toEqual([25, 125, 625, 3_125, 10_000, 10_000]);
    expect(pauses({ firstDelayMs: 50, maxDelayMs: 2_500, factor: 1.5 }).slice(0, 3)).toEqual([50, 75, 112.5]);
  });
});
