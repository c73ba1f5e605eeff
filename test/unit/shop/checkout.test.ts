// oxlint-disable vitest/expect-expect -- the kit's sentences are the assertions
import { describe, it } from "vitest";
import { complete, event, send } from "headspring";
import { checkout } from "../../../src/shop/checkout.ts";
import { order } from "../../../src/shop/order.ts";
import { charging, payment, settlement } from "../../../src/shop/payment.ts";
import { product } from "../../../src/shop/product.ts";
import { accepted, given, on, timeout, told, when } from "headspring/testing";

const lines = [
  { sku: "tea", quantity: 2 },
  { sku: "cup", quantity: 1 },
];
const content = { customer: "a customer", lines };
const start = told("Start", { ...content, cents: 500 });
// In memory a saga that is started by a command has the id 1.
const reserve = (sku: string, quantity: number) => send(product, sku, "ReserveStock", { order: "1", quantity });
const release = (sku: string) => send(product, sku, "ReleaseStock", { order: "1" });
const pay = send(payment, "1", "RequestPayment", { cents: 500 });
const place = send(order, "1", "PlaceOrder", content);
const held = (sku: string, quantity: number) => on(`product/${sku}`, event("StockReserved", { order: "1", quantity }));
const reserved = [accepted(reserve("tea", 2)), held("tea", 2), accepted(reserve("cup", 1)), held("cup", 1)];
const received = on("payment/1", event("PaymentReceived", { receipt: "r" }));

describe("a checkout", () => {
  it("reserves all products at the same time, then asks for the money, then places the order and confirms it", () => {
    given(checkout).when(start).thenSends(reserve("tea", 2), reserve("cup", 1));
    given(checkout, start, ...reserved.slice(0, 3))
      .when(held("cup", 1))
      .thenSends(pay);
    given(checkout, start, ...reserved, accepted(pay))
      .when(received)
      .thenSends(place);
    given(checkout, start, ...reserved, accepted(pay), received)
      .when(accepted(place))
      .thenSends(send(order, "1", "ConfirmLine", { sku: "tea" }));
  });

  it("gives back what was reserved when another product is out of stock", () => {
    given(checkout, start, ...reserved.slice(0, 3))
      .when(on("product/cup", event("ReservationDeclined", { order: "1", quantity: 1, available: 0 })))
      .then(event("StepFailed", { step: "reserve cup", reason: "not-enough-stock" }), release("tea"));
  });

  it("gives everything back when the card is declined: there is no payment to cancel", () => {
    given(checkout, start, ...reserved, accepted(pay))
      .when(on("payment/1", event("PaymentDeclined", { reason: "card-declined" })))
      .thenSends(release("cup"), release("tea"));
  });

  it("cancels the payment first when it is not paid in time, then gives everything back", () => {
    const late = [start, ...reserved, accepted(pay), timeout("$Wake")];
    const cancel = send(payment, "1", "CancelPayment", {});
    given(checkout, ...late.slice(0, -1))
      .when(timeout("$Wake"))
      .then(event("StepTimedOut", { step: "pay" }), cancel);
    given(checkout, ...late)
      .when(accepted(cancel))
      .thenSends(release("cup"), release("tea"));
    given(checkout, ...late, accepted(cancel), accepted(release("cup")))
      .when(accepted(release("tea")))
      .then(event("StepUndone", { step: "reserve tea" }), event("SagaFailed", { step: "pay", reason: "timed-out" }), complete());
  });
});

describe("a payment", () => {
  const requested = event("PaymentRequested", { cents: 500 });
  const paid = event("PaymentReceived", { receipt: "r" });

  it("is requested once, and received or declined once", () => {
    given(payment).when("RequestPayment", { cents: 500 }).then(requested);
    given(payment, requested).when("RequestPayment", { cents: 500 }).thenRefused("payment-already-requested");
    given(payment, requested).when("RecordPayment", { receipt: "r" }).then(paid);
    given(payment, requested, paid).when("RecordPayment", { receipt: "r" }).thenNothing();
    given(payment, requested, paid).when("DeclinePayment", { reason: "late" }).thenNothing();
    const declined = event("PaymentDeclined", { reason: "card-declined" });
    given(payment, requested).when("DeclinePayment", { reason: "card-declined" }).then(declined);
    given(payment, requested, declined).when("CancelPayment", {}).thenNothing();
  });

  it("is paid back if it arrives after the end, or is cancelled after it arrived", () => {
    given(payment, requested).when("CancelPayment", {}).then(event("PaymentCancelled", {}));
    given(payment, requested, event("PaymentCancelled", {}))
      .when("RecordPayment", { receipt: "r" })
      .then(event("RefundRequested", { receipt: "r" }));
    given(payment, requested, paid)
      .when("CancelPayment", {})
      .then(event("RefundRequested", { receipt: "r" }));
    given(payment, requested, event("PaymentCancelled", {})).when("CancelPayment", {}).thenNothing();
  });

  it("hears its outcome from its service", () => {
    when(settlement, on("charge/1", event("Charged", { receipt: "r" }))).thenSends(send(payment, "1", "RecordPayment", { receipt: "r" }));
    when(settlement, on("charge/1", event("ChargeDeclined", { reason: "no" }))).thenSends(
      send(payment, "1", "DeclinePayment", { reason: "no" }),
    );
  });

  it("is charged with one call, whose answer is recorded", async () => {
    const variables = { PAYMENT_URL: "https://payments.example" };
    const asked = on("payment/1", event("PaymentRequested", { cents: 500 }));
    const answering = (response: () => Response) => ({ variables, fetch: response });
    await when(
      charging,
      asked,
      answering(() => Response.json({ receipt: "r" })),
    ).thenRecords(event("Charged", { receipt: "r" }));
    await when(
      charging,
      asked,
      answering(() => new Response(null, { status: 402 })),
    ).thenRecords(event("ChargeDeclined", { reason: "card-declined" }));
    await when(
      charging,
      asked,
      answering(() => new Response(null, { status: 202 })),
    ).thenNothing();
    await when(
      charging,
      asked,
      answering(() => new Response(null, { status: 500 })),
    ).thenFails("the payment service answered 500");
    const back = on("payment/1", event("RefundRequested", { receipt: "r" }));
    await when(
      charging,
      back,
      answering(() => Response.json({})),
    ).thenRecords(event("ChargeRefunded", { receipt: "r" }));
    await when(
      charging,
      back,
      answering(() => new Response(null, { status: 503 })),
    ).thenFails("the payment service answered 503");
  });
});
