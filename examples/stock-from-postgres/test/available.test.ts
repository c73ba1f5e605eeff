import { event } from "headspring";
import { given, on } from "headspring/testing";
import { describe, it } from "vitest";
import { available } from "../src/available.ts";

const changed = (sku: string, units: number, price: string | null = null) =>
  on(`stock-level/${sku}`, event("StockChanged", { units, price }));

// A sentence that is not true throws, and shows the difference: no `expect` is needed.
describe("the view of available products", () => {
  it("has the last stock level of each product", () => {
    given(available, changed("TEA-1", 7), changed("CUP-1", 2, "9.90"), changed("TEA-1", 0, "4.50")).thenRows([
      { sku: "TEA-1", units: 0, price: "4.50" },
      { sku: "CUP-1", units: 2, price: "9.90" },
    ]);
  });

  it("has no product whose row is gone", () => {
    given(available, changed("TEA-1", 7), on("stock-level/TEA-1", event("StockGone", {}))).thenRows([]);
  });
});
