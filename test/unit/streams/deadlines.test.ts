import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Deadlines } from "../../../src/streams/deadlines.ts";

const deadlines = new Deadlines();
const never = () => new Promise<string>(() => {});

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  const left = vi.getTimerCount();
  vi.useRealTimers();
  if (left > 0) throw new Error("a timer was left, which would keep the object awake");
});

/** What each wait came to, as far as it has. */
function outcomesOf(waits: Record<string, Promise<unknown>>): Record<string, unknown> {
  const outcomes: Record<string, unknown> = {};
  for (const [name, wait] of Object.entries(waits)) {
    void wait.then(
      (value) => (outcomes[name] = value ?? "late"),
      (error: Error) => (outcomes[name] = error.message),
    );
  }
  return outcomes;
}

it("a deadline gives results and failures that arrive in time", async () => {
  await expect(deadlines.inTime(() => Promise.resolve("here"), 50)).resolves.toBe("here");
  await expect(deadlines.inTime(() => Promise.reject(new Error("broken")), 50)).rejects.toThrow("broken");
});

it("a deadline ends a wait in its time, and no other with it", async () => {
  const outcomes = outcomesOf({ short: deadlines.inTime(never, 50), long: deadlines.inTime(never, 10_000) });
  await vi.advanceTimersByTimeAsync(49);
  expect(outcomes).toEqual({});
  await vi.advanceTimersByTimeAsync(1);
  expect(outcomes).toEqual({ short: "late" });
  await vi.advanceTimersByTimeAsync(9_949);
  expect(outcomes).toEqual({ short: "late" });
  await vi.advanceTimersByTimeAsync(1);
  expect(outcomes).toEqual({ short: "late", long: "late" });
});

it("a deadline does not make a short wait wait for a longer one that began before", async () => {
  const outcomes = outcomesOf({ long: deadlines.inTime(never, 10_000), short: deadlines.inTime(never, 50) });
  await vi.advanceTimersByTimeAsync(50);
  expect(outcomes).toEqual({ short: "late" });
  await vi.advanceTimersByTimeAsync(9_950);
  expect(outcomes).toEqual({ short: "late", long: "late" });
});

it("a deadline is not prolonged when the clock is put back", async () => {
  const outcomes = outcomesOf({ short: deadlines.inTime(never, 50), long: deadlines.inTime(never, 200) });
  vi.setSystemTime(Date.now() - 3_600_000);
  await vi.advanceTimersByTimeAsync(50);
  expect(outcomes).toEqual({ short: "late" });
  await vi.advanceTimersByTimeAsync(150);
  expect(outcomes).toEqual({ short: "late", long: "late" });
});

it("a deadline keeps one timer, whatever waits within a wait", async () => {
  let answer = (_value: string) => {};
  const inner = () => deadlines.inTime(() => new Promise<string>((resolve) => (answer = resolve)), 10_000);
  const waits = Array.from({ length: 20 }, (_wait, index) => deadlines.inTime(never, 50 + index));
  const outer = deadlines.inTime(inner, 5_000);
  expect(vi.getTimerCount()).toBe(1);
  await vi.advanceTimersByTimeAsync(100);
  expect(await Promise.all(waits)).toEqual(waits.map(() => undefined));
  answer("here");
  expect(await outer).toBe("here");
});

it("a deadline ignores what arrives too late", async () => {
  const wait = deadlines.inTime(async () => {
    await new Promise((resolve) => setTimeout(resolve, 60));
    return "here";
  }, 50);
  await vi.advanceTimersByTimeAsync(60);
  expect(await wait).toBeUndefined();
});
