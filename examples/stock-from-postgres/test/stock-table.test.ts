import type { PostgresChange } from "headspring/postgres";
import { describe, expect, it } from "vitest";
import { stockLevel } from "../src/stock-level.ts";
import { stockTable } from "../src/stock-table.ts";

const row = { sku: "TEA-1", units: 7, price: "4.50" };
const change: PostgresChange = { table: "public.stock", op: "update", key: { sku: "TEA-1" }, after: row };

/** What the source appends for a change. A source calls its functions with the changes as they come: no database is needed to try them. */
const appended = (seen: PostgresChange) => stockTable.eventOf({ ...seen });

describe("the source of the stock", () => {
  it("appends each row, and each change of it, to the product's stream", () => {
    const expected = { stream: "TEA-1", type: "StockChanged", data: { units: 7, price: "4.50" } };
    for (const op of ["snapshot", "insert", "update"] as const) expect(appended({ ...change, op })).toEqual(expected);
  });

  it("takes a column without a value as none left, and no price", () => {
    expect(appended({ ...change, after: { sku: "TEA-1", units: null, price: null } })?.data).toEqual({ units: 0, price: null });
  });

  it("appends that a row was deleted", () => {
    const { after: _, ...rest } = change;
    expect(appended({ ...rest, op: "delete" })).toEqual({ stream: "TEA-1", type: "StockGone", data: {} });
  });

  it("passes over TRUNCATE, which names no row", () => {
    expect(appended({ table: "public.stock", op: "truncate", key: {} })).toBeUndefined();
  });

  it("makes data that the category accepts", () => {
    const { StockChanged } = stockLevel.events;
    expect(StockChanged.parse(appended(change)?.data)).toEqual({ units: 7, price: "4.50" });
  });
});
