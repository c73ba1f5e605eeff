import { event } from "headspring";
import type { PostgresChange } from "headspring/postgres";
import { on, when } from "headspring/testing";
import { describe, it } from "vitest";
import { stockTable } from "../src/stock-table.ts";

const row = { sku: "TEA-1", units: 7, price: "4.50" };
const change: PostgresChange = { table: "public.stock", op: "update", key: { sku: "TEA-1" }, after: row };

// The sentences run the source by the store's own code, and check its events by the category's schema. They need no database.
describe("the source of the stock", () => {
  it("appends each row, and each change of it, to the product's stream", () => {
    const changed = on("stock-level/TEA-1", event("StockChanged", { units: 7, price: "4.50" }));
    for (const op of ["snapshot", "insert", "update"] as const) when(stockTable, { ...change, op }).thenAppends(changed);
  });

  it("treats a column without a value as none left, and as no price", () => {
    const empty = { ...change, after: { sku: "TEA-1", units: null, price: null } };
    when(stockTable, empty).thenAppends(on("stock-level/TEA-1", event("StockChanged", { units: 0, price: null })));
  });

  it("appends that a row was deleted", () => {
    const { after: _, ...rest } = change;
    when(stockTable, { ...rest, op: "delete" }).thenAppends(on("stock-level/TEA-1", event("StockGone", {})));
  });

  it("ignores TRUNCATE, which names no row", () => {
    when(stockTable, { table: "public.stock", op: "truncate", key: {} }).thenNothing();
  });

  it("stops at a sku that cannot be part of a stream's name", () => {
    when(stockTable, { ...change, key: { sku: "TEA/1" } }).thenFails("`stream`");
  });
});
