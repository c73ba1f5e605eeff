import { describe, expect, it } from "vitest";
import { WEBHOOK_RETRY_AFTER_MS } from "../../../src/deliveries/limits.ts";
import { ATTEMPTS, delayAfter, retryAfterMs } from "../../../src/deliveries/schedule.ts";

describe("the schedule", () => {
  it("is the documented one", () => {
    const delays = Array.from({ length: ATTEMPTS }, (_, index) => (delayAfter(index, 0) ?? 0) / 1_000);
    expect(delays).toEqual([0, 5, 300, 1_800, 7_200, 18_000, 36_000, 36_000]);
    expect(delayAfter(ATTEMPTS, 0)).toBeUndefined();
  });

  it("is never earlier because of its jitter, and at most a tenth later", () => {
    expect(delayAfter(2, 0)).toBe(300_000);
    expect(delayAfter(2, 0.5)).toBe(315_000);
    expect(delayAfter(2, 1)).toBe(330_000);
  });
});

describe("Retry-After", () => {
  const now = Date.parse("2026-11-21T06:00:00Z");

  it.each([
    ["0", 0],
    ["7", 7_000],
    [" 7 ", 7_000],
    ["Sat, 21 Nov 2026 06:00:30 GMT", 30_000],
    ["Saturday, 21-Nov-26 06:00:30 GMT", 30_000],
    ["Sat, 21 Nov 2026 05:00:00 GMT", 0],
    ["999999999", WEBHOOK_RETRY_AFTER_MS],
    ["Sat, 21 Nov 2037 06:00:00 GMT", WEBHOOK_RETRY_AFTER_MS],
  ])("of %j", (value, expected) => expect(retryAfterMs(value, now)).toBe(expected));

  it.each([null, "", "soon", "-1", "1.5", "1e3", "99999999999999", "2026-11-21", "Sat, nonsense"])("of %j is ignored", (value) =>
    expect(retryAfterMs(value, now)).toBeUndefined(),
  );
});
