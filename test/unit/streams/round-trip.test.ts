import { describe, expect, it } from "vitest";
import { RoundTrip } from "../../../src/streams/round-trip.ts";

/** The budget after writes that took so many milliseconds. */
function budgetAfter(...took: number[]): number {
  const roundTrip = new RoundTrip();
  for (const ms of took) roundTrip.took(ms);
  return roundTrip.budgetMs;
}

const times = (count: number, ms: number) => Array.from({ length: count }, () => ms);

describe("how long a write waits for its position", () => {
  it("is the longest wait while nothing is known of the log", () => {
    expect(budgetAfter()).toBe(700);
    expect(new RoundTrip().usualMs).toBeUndefined();
  });

  it.each([0, 5, 20, 60, 150, 300, 600])("is longer than the log takes, from the first write on: %i ms", (ms) => {
    for (const count of [1, 2, 10, 1_000]) expect(budgetAfter(...times(count, ms))).toBeGreaterThan(ms);
  });

  it("stays within its bounds, whatever was measured", () => {
    expect(budgetAfter(...times(100, 1))).toBe(50);
    expect(budgetAfter(...times(100, 30_000))).toBe(700);
    expect(budgetAfter(-5_000, -1)).toBe(50); // a clock that was put back
  });

  it("follows a log that has moved further away, and one that has come nearer", () => {
    const far = [...times(100, 5), ...times(3, 250)];
    expect(budgetAfter(...far)).toBeGreaterThan(250);
    expect(budgetAfter(...far, ...times(100, 5))).toBe(50);
  });

  it("is not long for ever after a single slow answer", () => {
    expect(budgetAfter(...times(50, 10), 2_000)).toBe(700);
    expect(budgetAfter(...times(50, 10), 2_000, ...times(50, 10))).toBeLessThan(100);
  });
});
