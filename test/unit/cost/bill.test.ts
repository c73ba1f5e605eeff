import { describe, expect, it } from "vitest";
import { billOf, nothingCounted, perCommand } from "../../../bench/cost-bill.ts";

describe("the bill of a command", () => {
  it("follows the price list", () => {
    const counts = nothingCounted();
    Object.assign(counts, { requests: 1, batches: 0.5, queueOperations: 3 });
    Object.assign(counts.objects.stream, { calls: 1, rowsWritten: 1, rowsRead: 1_000, awakeMs: 99_999 });
    Object.assign(counts.objects.log, { calls: 1, alarms: 1, rowsWritten: 3, awakeMs: 150 });
    Object.assign(counts.d1, { rowsRead: 1_000, rowsWritten: 2 });
    const bill = billOf(counts, 5);
    // In millionths of a dollar: rows written at 1, 1,000 rows read at 1.
    expect(bill.rows * 1e6).toBeCloseTo(4 + 2 + 1 + 1);
    expect(bill.requests * 1e6).toBeCloseTo(1.5 * 0.3 + 3 * 0.15);
    expect(bill.queue * 1e6).toBeCloseTo(1.2);
    // 50 ms of a stream are assumed, 150 ms of the log were measured, at 128 MB.
    expect(bill.duration * 1e6).toBeCloseTo(0.2 * 0.128 * 12.5);
    expect(bill.cpu * 1e6).toBeCloseTo(0.1);
    expect(bill.total * 1e6).toBeCloseTo(8 + 0.9 + 1.2 + 0.32 + 0.1);
  });

  it("is a share of the counts between two moments", () => {
    const [before, after] = [nothingCounted(), nothingCounted()];
    before.requests = 3;
    after.requests = 7;
    after.d1.rowsWritten = 2;
    after.objects.log.rowsWritten = 8;
    expect(perCommand(before, after, 4)).toMatchObject({ requests: 1, d1: { rowsWritten: 0.5 }, objects: { log: { rowsWritten: 2 } } });
  });
});
