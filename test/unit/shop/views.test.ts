// oxlint-disable vitest/expect-expect -- a sentence of the kit is an assertion
import { describe, it } from "vitest";
import { event } from "headspring";
import { readyOrders, stock } from "../../../src/shop/views.ts";
import { given, on } from "headspring/testing";

const content = { customer: "a customer", lines: [{ sku: "tea", quantity: 2 }] };

describe("ready-orders", () => {
  it("shows an order once it is ready, and since when", () => {
    given(readyOrders, on("order/42", event("OrderPlaced", content)), on("order/42", event("OrderLineReserved", { sku: "tea" }))).thenRows(
      [],
    );
    given(readyOrders, on("order/42", event("OrderReady", content), { time: "2026-11-21T06:00:00+01:00" })).thenRows([
      { orderId: "42", ...content, readySince: "2026-11-21T06:00:00+01:00" },
    ]);
  });

  it("does not show a rejected order", () => {
    given(readyOrders, on("order/42", event("OrderRejected", { reason: "not-enough-stock", sku: "tea", lines: content.lines }))).thenRows(
      [],
    );
  });
});

describe("stock", () => {
  it("moves pieces between available and reserved, product by product", () => {
    given(
      stock,
      on("product/tea", event("StockReceived", { quantity: 5 })),
      on("product/cup", event("StockReceived", { quantity: 1 })),
      on("product/tea", event("StockReserved", { order: "42", quantity: 2 })),
      on("product/tea", event("ReservationDeclined", { order: "43", quantity: 9, available: 3 })),
      on("product/cup", event("StockReserved", { order: "42", quantity: 1 })),
      on("product/cup", event("StockReleased", { order: "42", quantity: 1 })),
    ).thenRows([
      { sku: "tea", available: 3, reserved: 2 },
      { sku: "cup", available: 1, reserved: 0 },
    ]);
  });
});
