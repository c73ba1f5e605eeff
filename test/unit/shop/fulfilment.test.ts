// oxlint-disable vitest/expect-expect -- a sentence of the kit is an assertion
import { describe, it } from "vitest";
import { event, send } from "headspring";
import { fulfilment } from "../../../src/shop/fulfilment.ts";
import { order } from "../../../src/shop/order.ts";
import { product } from "../../../src/shop/product.ts";
import { on, when } from "headspring/testing";

const content = {
  customer: "a customer",
  lines: [
    { sku: "tea", quantity: 2 },
    { sku: "cup", quantity: 1 },
  ],
};

describe("fulfilment", () => {
  it("asks for every line of a placed order", () => {
    when(fulfilment, on("order/42", event("OrderPlaced", content))).thenSends(
      send(product, "tea", "ReserveStock", { order: "42", quantity: 2 }),
      send(product, "cup", "ReserveStock", { order: "42", quantity: 1 }),
    );
  });

  it("confirms a line whose stock is reserved", () => {
    when(fulfilment, on("product/tea", event("StockReserved", { order: "42", quantity: 2 }))).thenSends(
      send(order, "42", "ConfirmLine", { sku: "tea" }),
    );
  });

  it("rejects an order if one of its lines is out of stock", () => {
    when(fulfilment, on("product/cup", event("ReservationDeclined", { order: "42", quantity: 1, available: 0 }))).thenSends(
      send(order, "42", "RejectOrder", { reason: "not-enough-stock", sku: "cup" }),
    );
  });

  it("asks for the release of every line of a rejected order", () => {
    const rejected = event("OrderRejected", { reason: "not-enough-stock", sku: "cup", lines: content.lines });
    when(fulfilment, on("order/42", rejected)).thenSends(
      send(product, "tea", "ReleaseStock", { order: "42" }),
      send(product, "cup", "ReleaseStock", { order: "42" }),
    );
  });

  it("does nothing about other events", () => {
    when(fulfilment, on("order/42", event("OrderLineReserved", { sku: "tea" }))).thenNothing();
    when(fulfilment, on("order/42", event("OrderReady", content))).thenNothing();
    when(fulfilment, on("product/tea", event("StockReceived", { quantity: 1 }))).thenNothing();
    when(fulfilment, on("product/tea", event("StockReleased", { order: "42", quantity: 1 }))).thenNothing();
  });
});
