/** The examples of docs/testing.md. */
// oxlint-disable vitest/expect-expect -- a sentence of the kit is an assertion

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { category, complete, event, queue, send, source } from "headspring";
import { checkout } from "../../../src/shop/checkout.ts";
import { fulfilment } from "../../../src/shop/fulfilment.ts";
import { order } from "../../../src/shop/order.ts";
import { charging, payment } from "../../../src/shop/payment.ts";
import { product } from "../../../src/shop/product.ts";
import { stock } from "../../../src/shop/views.ts";
import { accepted, given, inMemory, on, refused, timeout, told, when } from "headspring/testing";

const content = { customer: "a customer", lines: [{ sku: "tea", quantity: 2 }] };
const placed = event("OrderPlaced", content);

describe("an order", () => {
  it("is placed once", () => {
    given(order).when("PlaceOrder", content).then(placed);
    given(order, placed).when("PlaceOrder", content).thenRefused("order-already-placed");
  });

  it("needs lines", () =>
    given(order)
      .when("PlaceOrder", { ...content, lines: [] })
      .thenInvalid("lines"));
  it("has no line for another product", () => given(order).when("ConfirmLine", { sku: "cup" }).thenNothing());
});

describe("a product", () => {
  const tea = () => {
    const stream = inMemory(product, { id: "tea" });
    stream.run("ReceiveStock", { quantity: 3 });
    return stream;
  };

  it("gets back what is released", () => {
    const stream = tea();
    expect(stream.run("ReserveStock", { order: "42", quantity: 2 })).toMatchObject({ ok: true, version: 2 });
    stream.run("ReleaseStock", { order: "42" });
    expect(stream.state).toEqual({ available: 3, reserved: [] });
  });

  it("never reserves what it does not have, whatever is asked", () => {
    fc.assert(
      fc.property(fc.array(fc.record({ order: fc.constantFrom("1", "2"), quantity: fc.integer({ min: 1, max: 4 }) })), (asked) => {
        const stream = tea();
        for (const each of asked) stream.run("ReserveStock", each);
        expect(stream.state.available).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe("stock", () => {
  it("moves pieces from available to reserved", () => {
    given(
      stock,
      on("product/tea", event("StockReceived", { quantity: 5 })),
      on("product/tea", event("StockReserved", { order: "42", quantity: 2 })),
    ).thenRows([{ sku: "tea", available: 3, reserved: 2 }]);
  });
});

describe("fulfilment", () => {
  it("asks for every line of a placed order", () => {
    when(fulfilment, on("order/42", placed)).thenSends(send(product, "tea", "ReserveStock", { order: "42", quantity: 2 }));
  });

  it("does nothing about a ready order", () => when(fulfilment, on("order/42", event("OrderReady", content))).thenNothing());
});

describe("charging", () => {
  const requested = on("payment/42", event("PaymentRequested", { cents: 500 }));
  const service = (answer: Response) => ({ variables: { PAYMENT_URL: "https://payments.example" }, fetch: () => answer });

  it("records the receipt", async () => {
    await when(charging, requested, service(Response.json({ receipt: "r" }))).thenRecords(event("Charged", { receipt: "r" }), "charge/42");
  });

  it("is tried again when the service is down", async () => {
    await when(charging, requested, service(new Response(null, { status: 503 }))).thenFails("answered 503");
  });
});

describe("a checkout", () => {
  const start = told("Start", { ...content, cents: 500 });
  const reserve = send(product, "tea", "ReserveStock", { order: "1", quantity: 2 });
  const reserved = on("product/tea", event("StockReserved", { order: "1", quantity: 2 }));
  const pay = send(payment, "1", "RequestPayment", { cents: 500 });

  it("asks for the money when everything is reserved", () => {
    given(checkout, start, accepted(reserve)).when(reserved).thenSends(pay);
  });

  it("ends when a product cannot be reserved", () => {
    const failure = { step: "reserve tea", reason: "sold-out" };
    given(checkout, start).when(refused(reserve, "sold-out")).then(event("StepFailed", failure), event("SagaFailed", failure), complete());
  });

  it("gives back what was reserved when there is no payment in time", () => {
    given(checkout, start, accepted(reserve), reserved, accepted(pay))
      .when(timeout("$Wake"))
      .thenSends(send(payment, "1", "CancelPayment", {}));
  });
});

describe("readings that come in", () => {
  const reading = category("reading", { events: { Read: z.object({ celsius: z.number() }) } });
  const readings = source("readings", {
    from: queue<{ sensor: string; celsius: number }>({ queue: "readings" }),
    to: reading,
    stream: ({ body }) => body.sensor,
    data: ({ body: { celsius } }) => ({ celsius }),
  });
  const message = { messageId: "1", sentAt: "2026-11-27T12:00:00.000Z" };

  it("are on the stream of their sensor", () => {
    when(readings, { ...message, body: { sensor: "roof", celsius: 21 } }).thenAppends(on("reading/roof", event("Read", { celsius: 21 })));
  });

  it("stop the source when a sensor's name cannot be a stream's", () => {
    when(readings, { ...message, body: { sensor: "roof/north", celsius: 21 } }).thenFails("`stream`");
  });
});
