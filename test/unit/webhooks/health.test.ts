import { describe, expect, it } from "vitest";
import { WEBHOOK_PROBE_MAX_MS, WEBHOOK_PROBE_MS } from "../../../src/deliveries/limits.ts";
import { Health } from "../../../src/deliveries/health.ts";

const NOW = Date.parse("2026-11-21T06:30:00Z");
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** An endpoint at which these streams have failed, one after the other. */
function failing(...streams: string[]) {
  const health = new Health();
  for (const stream of streams) health.failed(stream, NOW, 0);
  return health;
}

describe("an endpoint", () => {
  it("is not down because one or two streams fail, however often", () => {
    expect(failing("a", "a", "a", "a", "b", "a").isDown).toBe(false);
    expect(failing("a", "b").closedUntil).toBe(0);
  });

  it("is down when three fail and nothing arrives in between", () => {
    const health = failing("a", "b", "c");
    expect(health.isDown).toBe(true);
    expect(health.closedUntil).toBe(NOW + WEBHOOK_PROBE_MS);
  });

  it("is not down when something arrives in between", () => {
    const health = failing("a", "b");
    health.succeeded(NOW);
    health.failed("c", NOW, 0);
    expect(health.isDown).toBe(false);
  });

  it("is not down because of events that fail again while others arrive, but is if further ones fail, too", () => {
    const health = failing("a", "b");
    health.succeeded(NOW);
    expect([health.hasTakenSince(NOW), health.hasTakenSince(NOW + 1), new Health().hasTakenSince(0)]).toEqual([true, false, false]);
    for (const stream of ["a", "b", "c", "d"]) health.failed(stream, NOW + 1, 0, true);
    expect(health.isDown).toBe(false);
    for (const stream of ["e", "f", "g"]) health.failed(stream, NOW + 1, 0);
    expect(health.isDown).toBe(true);
  });

  it("is tried again after pauses that double up to a bound", () => {
    const health = failing("a", "b", "c");
    const pauses = Array.from({ length: 9 }, () => {
      const at = health.closedUntil;
      health.failed("d", at, 0);
      return health.closedUntil - at;
    });
    expect(pauses.slice(0, 3)).toEqual([2, 4, 8].map((factor) => factor * WEBHOOK_PROBE_MS));
    expect(pauses.at(-1)).toBe(WEBHOOK_PROBE_MAX_MS);
  });

  it("is not left alone longer because of deliveries that were under way when it went down", () => {
    const health = failing("a", "b", "c");
    const { closedUntil } = health;
    for (const stream of ["d", "e", "f"]) health.failed(stream, NOW + 1, 0);
    expect(health.closedUntil).toBe(closedUntil);
    expect(health.isDown).toBe(true);
  });

  it("is back with the first success", () => {
    const health = failing("a", "b", "c");
    health.succeeded(NOW + 10_000);
    expect(health.isDown).toBe(false);
    expect(health.closedUntil).toBe(0);
    expect(health.record).toMatchObject({ lastSuccessAt: NOW + 10_000 });
    expect(health.record.failingSince).toBeUndefined();
  });

  it("is left alone when it asks for that, even if it is not down", () => {
    const health = new Health();
    health.hold(NOW + 30_000);
    expect([health.isDown, health.closedUntil]).toEqual([false, NOW + 30_000]);
    health.hold(NOW + 10_000);
    expect(health.closedUntil).toBe(NOW + 30_000);
  });

  it("is given up after five days without a success, counted from the first failure", () => {
    const health = new Health();
    health.failed("a", NOW, 0);
    health.failed("a", NOW + 4 * DAY, 0);
    expect(health.isBeyondHope(NOW + 5 * DAY - 1)).toBe(false);
    expect(health.isBeyondHope(NOW + 5 * DAY)).toBe(true);
    health.succeeded(NOW + 5 * DAY);
    expect(health.isBeyondHope(NOW + 50 * DAY)).toBe(false);
  });

  it("has the success rate of its last 24 hours", () => {
    const health = new Health();
    expect(health.successRate(NOW)).toBeUndefined();
    health.failed("a", NOW - 30 * HOUR, 0);
    health.succeeded(NOW - HOUR);
    health.succeeded(NOW);
    health.succeeded(NOW);
    health.failed("a", NOW, 0);
    expect(health.successRate(NOW)).toBe(0.75);
    expect(health.successRate(NOW + 25 * HOUR)).toBeUndefined();
    expect(health.record.hours?.length).toBeLessThanOrEqual(24);
  });

  it("has its state from its record in the next activation", () => {
    const { record } = failing("a", "b", "c");
    const again = new Health(structuredClone(record));
    expect([again.isDown, again.closedUntil, again.record]).toEqual([true, record.closedUntil, record]);
  });
});
