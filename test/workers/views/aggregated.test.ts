/** Figures that are folded from events and asked by name: what the log says, added up. */

import { afterEach, describe, expect, it, vi } from "vitest";
import { quietStore } from "../delivery/support.ts";
import { customerTotals, salesPerDay, stockByProduct } from "./figures.ts";

afterEach(() => vi.restoreAllMocks());

const line = (sku: string, quantity: number, cents: number) => ({ sku, quantity, cents });

/** Three days of a shop. */
async function shop(name: string) {
  const store = quietStore(name);
  const append = (stream: string, type: string, data: object, time?: string) =>
    store.post(`/streams/${stream}`, { type, data, ...(time === undefined ? {} : { time }) });
  await append("delivery/1", "Delivered", { sku: "apple", quantity: 10 });
  await append("delivery/2", "Delivered", { sku: "pear", quantity: 5 });
  await append("sale/1", "Sold", { customer: "a", lines: [line("apple", 2, 50), line("pear", 1, 80)] }, "2026-11-19T10:00:00Z");
  await append("sale/2", "Sold", { customer: "b", lines: [line("apple", 1, 50), line("apple", 3, 40)] }, "2026-11-19T23:30:00-05:00");
  await append("sale/3", "Sold", { customer: "a", lines: [line("fig", 4, 25)] }, "2026-11-20T12:00:00Z");
  await append("sale/3", "Refunded", { customer: "a", lines: [line("fig", 4, 25)] }, "2026-11-21T09:00:00Z");
  await append("sale/4", "Sold", { customer: "c", lines: [line("pear", 2, 80)] }, "2026-11-22T00:00:00+01:00");
  await store.wake("customer-totals", "stock-by-product", "sales-per-day");
  return store;
}

describe("figures", () => {
  it("count and add up by customer", async () => {
    const { json } = await shop("customers");
    expect((await json("/views/customer-totals?sort=-cents")).rows).toEqual([
      { customer: "a", sales: 2, cents: 180 },
      { customer: "b", sales: 1, cents: 170 },
      { customer: "c", sales: 1, cents: 160 },
    ]);
    expect((await json("/views/customer-totals?cents.gte=170&sales=1")).rows).toEqual([{ customer: "b", sales: 1, cents: 170 }]);
  });

  it("show who spent most, and what share of the total that is", async () => {
    const { json } = await shop("top");
    expect((await json("/views/customer-totals/queries/top?count=2")).rows).toEqual([
      { customer: "a", cents: 180, share: 180 / 510 },
      { customer: "b", cents: 170, share: 170 / 510 },
    ]);
  });

  it("subtract what was sold from what was delivered, whatever the order of the events", async () => {
    const { json } = await shop("stock");
    expect((await json("/views/stock-by-product")).rows).toEqual([
      { sku: "apple", stock: 4, sold: 6 },
      { sku: "fig", stock: -4, sold: 4 },
      { sku: "pear", stock: 2, sold: 3 },
    ]);
    expect((await json("/views/stock-by-product?stock.lt=0")).rows).toEqual([{ sku: "fig", stock: -4, sold: 4 }]);
  });

  it("make a series by day, with the days of UTC", async () => {
    const { json } = await shop("days");
    expect((await json("/views/sales-per-day?day.gte=2026-11-20")).rows).toEqual([
      { day: "2026-11-20", sales: 2, customers: ["a", "b"] },
      { day: "2026-11-21", sales: 1, customers: ["c"] },
    ]);
    expect((await json("/views/sales-per-day/queries/running?from=2026-11-20&to=2026-11-30")).rows).toEqual([
      { day: "2026-11-20", sales: 2, total: 3 },
      { day: "2026-11-21", sales: 1, total: 4 },
    ]);
  });

  it.each([customerTotals, stockByProduct, salesPerDay])("equal those of plain code: $name", async (view) => {
    const { rows, folded } = await shop("plain");
    expect(await rows(view as never)).toEqual(await folded(view as never));
  });
});
