// oxlint-disable vitest/expect-expect -- a sentence of the kit is an assertion
import { describe, it } from "vitest";
import { event } from "headspring";
import { product } from "../../../src/shop/product.ts";
import { given } from "headspring/testing";

const received = event("StockReceived", { quantity: 5 });
const reserved = event("StockReserved", { order: "42", quantity: 3 });
const released = event("StockReleased", { order: "42", quantity: 3 });

describe("a product without stock", () => {
  it("receives some", () => given(product).when("ReceiveStock", { quantity: 5 }).then(received));
  it("receives whole pieces, at least one", () => {
    given(product).when("ReceiveStock", { quantity: 0 }).thenInvalid("quantity");
    given(product).when("ReceiveStock", { quantity: 1.5 }).thenInvalid("quantity");
  });

  it("declines a reservation with an event, and names what it has", () => {
    given(product)
      .when("ReserveStock", { order: "42", quantity: 1 })
      .then(event("ReservationDeclined", { order: "42", quantity: 1, available: 0 }));
  });

  it("has nothing to release", () => given(product).when("ReleaseStock", { order: "42" }).thenNothing());
});

describe("a product with stock", () => {
  it("receives more with each command: a delivery is not a repeat of the previous one", () => {
    given(product, received).when("ReceiveStock", { quantity: 5 }).then(received);
  });

  it("reserves up to the last piece", () => {
    given(product, received)
      .when("ReserveStock", { order: "42", quantity: 5 })
      .then(event("StockReserved", { order: "42", quantity: 5 }));
  });

  it("reserves for an order once", () => {
    given(product, received).when("ReserveStock", { order: "42", quantity: 3 }).then(reserved);
    given(product, received, reserved).when("ReserveStock", { order: "42", quantity: 3 }).thenNothing();
    given(product, received, reserved).when("ReserveStock", { order: "42", quantity: 1 }).thenNothing();
  });

  it("declines pieces that another order has already reserved, and again when asked again", () => {
    const declined = event("ReservationDeclined", { order: "43", quantity: 3, available: 2 });
    given(product, received, reserved).when("ReserveStock", { order: "43", quantity: 3 }).then(declined);
    given(product, received, reserved, declined).when("ReserveStock", { order: "43", quantity: 3 }).then(declined);
  });

  it("releases what an order has reserved, once", () => {
    given(product, received, reserved).when("ReleaseStock", { order: "42" }).then(released);
    given(product, received, reserved, released).when("ReleaseStock", { order: "42" }).thenNothing();
  });

  it("reserves released stock for the next order", () => {
    given(product, received, reserved, released)
      .when("ReserveStock", { order: "43", quantity: 5 })
      .then(event("StockReserved", { order: "43", quantity: 5 }));
  });

  it("accepts orders whose ids are names of every object's members", () => {
    for (const id of ["constructor", "toString", "__proto__"]) {
      given(product, received).when("ReleaseStock", { order: id }).thenNothing();
      given(product, received)
        .when("ReserveStock", { order: id, quantity: 3 })
        .then(event("StockReserved", { order: id, quantity: 3 }));
      given(product, received, event("StockReserved", { order: id, quantity: 3 }))
        .when("ReleaseStock", { order: id })
        .then(event("StockReleased", { order: id, quantity: 3 }));
    }
  });
});
