// oxlint-disable vitest/expect-expect -- a sentence of the kit is an assertion
import { describe, it } from "vitest";
import { event } from "headspring";
import { processes, readyOrders, stock } from "../../../src/shop/views.ts";
import { NOW, given, on } from "headspring/testing";

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

describe("processes", () => {
  it("shows a checkout from its first event on, with what it waits for", () => {
    given(
      processes,
      // A saga's events have no types of their own for a test.
      on("checkout/42", event("SagaStarted", { input: {}, steps: [] }) as never),
      on("checkout/42", event("StepWaiting", { step: "pay", version: 1, until: "2026-01-01T00:15:00.000Z" }) as never),
    ).thenRows([
      {
        id: "checkout/42",
        process: "checkout",
        status: "running",
        started: NOW,
        since: NOW,
        step: "pay",
        waitingFor: [{ what: "event", step: "pay", until: "2026-01-01T00:15:00.000Z" }],
        nextTimerAt: "2026-01-01T00:15:00.000Z",
      },
    ]);
  });
});
