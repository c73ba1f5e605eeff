/** Figures over time, as the console keeps them. */

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { record, recordRate, seriesOf } from "../../../console/store/series.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});
afterEach(() => {
  vi.useRealTimers();
});

it("a series has a counter's rise per second, from its second value on; one that begins again has risen from 0", () => {
  for (const value of [100, 110, 110, 4]) {
    recordRate("events", value);
    vi.advanceTimersByTime(2_000);
  }
  expect(seriesOf("events")).toEqual([
    [2_000, 5],
    [4_000, 0],
    [6_000, 2],
  ]);
});

it("a series keeps an hour at most, with a value every five seconds", () => {
  for (let value = 0; value < 800; value++) record("lag", value);
  expect(seriesOf("lag")).toHaveLength(720);
  expect(seriesOf("lag").at(-1)?.[1]).toBe(799);
  expect(seriesOf("other")).toEqual([]);
});
