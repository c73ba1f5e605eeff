/** One look backwards through a log is bounded, and where it ends the next one goes on. */

import { describe, expect, it } from "vitest";
import type { LoggedEvent } from "../../../src/core/event.ts";
import { SCAN_EVENTS } from "../../../src/core/limits.ts";
import { compileExpression } from "../../../src/definitions/expressions/expression.ts";
import type { LogReadRequest, LogRpc } from "../../../src/store/log-protocol.ts";
import { LOOK_BACK_BYTES, LOOK_BACK_PAGES, LOOK_BACK_STEPS } from "../../../src/views/limits.ts";
import { lookBack } from "../../../src/views/look-back.ts";

/** A log of so many events, of which the filter lets those through whose position is a multiple. It answers as a segment does. */
function logOf(head: number, every: number, bytes = 2) {
  const reads: LogReadRequest[] = [];
  const data = `"${"x".repeat(bytes - 2)}"`;
  const read = async (request: LogReadRequest) => {
    reads.push(request);
    const high = (request.after ?? head + 1) - 1;
    const low = Math.max(1, high - SCAN_EVENTS + 1);
    const events: LoggedEvent[] = [];
    let at = high - (high % every);
    for (; at >= low && events.length < request.limit && events.length * bytes < (request.bytes ?? Infinity); at -= every)
      events.push({ position: at, data, meta: "{}" } as LoggedEvent);
    const next = at >= low ? events.at(-1)!.position : low;
    return { events, next: next <= 1 ? null : next, head };
  };
  return { log: { read } as unknown as LogRpc, reads };
}

const FILTER = { types: ["Read"] };

describe("a look back through a log of a million events", () => {
  it.each([
    ["few that pass the filter", 400_000, () => true],
    ["many that pass the filter, and few that are wanted", 1, ({ position }: LoggedEvent) => position % 400_000 === 0],
  ])("reads %s a bounded number of pages at a time, and misses none", async (_what, every, isWanted) => {
    const found: number[] = [];
    let looks = 0;
    for (let before: number | null = null; before === null || before > 1; looks++) {
      const { log, reads } = logOf(1_000_000, every);
      const look = await lookBack(log, { filter: FILTER, before, wanted: 10, isWanted });
      expect(reads.length).toBeLessThanOrEqual(LOOK_BACK_PAGES);
      expect(look.scannedTo).toBeLessThan(before ?? Infinity);
      found.push(...look.events.map(({ position }) => position));
      before = look.scannedTo;
    }
    expect([found, looks > 5]).toEqual([[800_000, 400_000], true]);
  });

  it("ends at the event that completes the result", async () => {
    const { log, reads } = logOf(1_000_000, 7);
    const { events, scannedTo } = await lookBack(log, { filter: FILTER, before: null, wanted: 3 });
    expect([events.map(({ position }) => position), scannedTo, reads.length]).toEqual([[999_999, 999_992, 999_985], 999_985, 1]);
  });

  it("ends at the log's beginning, where the last event is not followed by another page", async () => {
    const { log } = logOf(3, 1);
    expect(await lookBack(log, { filter: FILTER, before: null, wanted: 3 })).toMatchObject({ scannedTo: 1 });
    expect(await lookBack(log, { filter: FILTER, before: 1, wanted: 3 })).toEqual({ events: [], scannedTo: 1 });
  });

  it("holds no more than a page's bytes of events", async () => {
    const bytes = 100_000;
    const { log } = logOf(1_000_000, 1, bytes);
    const { events, scannedTo } = await lookBack(log, { filter: FILTER, before: null, wanted: 1_000 });
    expect(events.length * bytes).toBeLessThan(LOOK_BACK_BYTES + 2 * bytes);
    expect(scannedTo).toBe(events.at(-1)?.position);
  });

  it("evaluates no more expressions than one request may, however costly they are", async () => {
    const costly = compileExpression("data.list.exists(x, x == 'no')", { data: true });
    if ("problem" in costly) throw new Error(costly.problem.message);
    const list = Array.from({ length: 1_000 }, () => "yes".repeat(100));
    const { log } = logOf(1_000_000, 1);
    let evaluated = 0;
    const isWanted = () => {
      evaluated++;
      return costly.evaluate({ data: { list } }) === true;
    };
    const { scannedTo } = await lookBack(log, { filter: FILTER, before: null, wanted: 10, isWanted });
    expect(evaluated).toBeLessThanOrEqual(LOOK_BACK_STEPS / 1_000);
    expect(scannedTo).toBe(1_000_001 - evaluated);
  });
});
