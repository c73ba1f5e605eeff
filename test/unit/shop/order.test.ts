// oxlint-disable vitest/expect-expect -- a sentence of the kit is an assertion
import { describe, it } from "vitest";
import { event } from "headspring";
import { order } from "../../../src/shop/order.ts";
import { given } from "headspring/testing";

const content = {
  customer: "a customer",
  lines: [
    { sku: "tea", quantity: 2 },
    { sku: "cup", quantity: 1 },
  ],
};
const shortage = { reason: "not-enough-stock", sku: "cup" };

const placed = event("OrderPlaced", content);
const teaReserved = event("OrderLineReserved", { sku: "tea" });
const cupReserved = event("OrderLineReserved", { sku: "cup" });
const ready = event("OrderReady", content);
const rejected = event("OrderRejected", { ...shortage, lines: content.lines });

describe("an order that nobody has placed", () => {
  it("is placed", () => given(order).when("PlaceOrder", content).then(placed));
  it("has no lines to confirm", () => given(order).when("ConfirmLine", { sku: "tea" }).thenNothing());
  it("cannot be rejected", () => given(order).when("RejectOrder", shortage).thenNothing());

  it("is not placed without customer and lines", () => {
    given(order).when("PlaceOrder", { customer: "", lines: [] }).thenInvalid("customer", "lines");
  });

  it("is not placed with two lines for one SKU, or with less than one piece", () => {
    given(order)
      .when("PlaceOrder", { ...content, lines: [...content.lines, { sku: "tea", quantity: 1 }] })
      .thenInvalid("lines");
    given(order)
      .when("PlaceOrder", { ...content, lines: [{ sku: "tea", quantity: 0 }] })
      .thenInvalid("lines.0.quantity");
  });
});

describe("a placed order", () => {
  it("is not placed a second time", () => given(order, placed).when("PlaceOrder", content).thenRefused("order-already-placed"));

  it("records that a line was reserved, once", () => {
    given(order, placed).when("ConfirmLine", { sku: "tea" }).then(teaReserved);
    given(order, placed, teaReserved).when("ConfirmLine", { sku: "tea" }).thenNothing();
  });

  it("is ready with its last line, whatever their order", () => {
    given(order, placed, teaReserved).when("ConfirmLine", { sku: "cup" }).then(cupReserved, ready);
    given(order, placed, cupReserved).when("ConfirmLine", { sku: "tea" }).then(teaReserved, ready);
  });

  it("is rejected, and names the lines to give back", () => {
    given(order, placed).when("RejectOrder", shortage).then(rejected);
    given(order, placed, teaReserved).when("RejectOrder", shortage).then(rejected);
  });
});

describe("a ready order", () => {
  const history = [placed, teaReserved, cupReserved, ready] as const;
  it("stays ready when its last line is confirmed again", () =>
    given(order, ...history)
      .when("ConfirmLine", { sku: "cup" })
      .thenNothing());
  it("can no longer be rejected", () =>
    given(order, ...history)
      .when("RejectOrder", shortage)
      .thenNothing());
  it("is not placed again", () =>
    given(order, ...history)
      .when("PlaceOrder", content)
      .thenRefused("order-already-placed"));
});

describe("a rejected order", () => {
  it("is rejected once", () => given(order, placed, rejected).when("RejectOrder", shortage).thenNothing());
  it("accepts no further line", () => given(order, placed, rejected).when("ConfirmLine", { sku: "tea" }).thenNothing());
  it("is not placed again", () => given(order, placed, rejected).when("PlaceOrder", content).thenRefused("order-already-placed"));
});
