/**
 * Types are tested like behaviour: each `@ts-expect-error` fails `tsc` when the mistake below it compiles.
 * This file is compiled by `npm run check` and never run.
 */

import * as z from "zod";
import { append, category, effect, event, nothing, send, transform } from "../../src/index.ts";
import { fulfilment } from "../../src/shop/fulfilment.ts";
import { order } from "../../src/shop/order.ts";
import { product } from "../../src/shop/product.ts";
import { readyOrders, stock } from "../../src/shop/views.ts";
import { given, on, when } from "../../src/testing/index.ts";

const content = { customer: "a customer", lines: [{ sku: "tea", quantity: 2 }] };
const placed = event("OrderPlaced", content);

// The whole, as users write it.
given(order).when("PlaceOrder", content).then(placed);
given(order, placed, event("OrderLineReserved", { sku: "tea" }))
  .when("ConfirmLine", { sku: "tea" }, { now: new Date(0), id: "42", version: 2 })
  .thenNothing();
given(order, placed).when("PlaceOrder", content).thenRefused("order-already-placed", { since: 1 });
given(order).when("PlaceOrder", content).thenInvalid("lines");
given(readyOrders, on("order/42", event("OrderReady", content), { time: "2026-01-01T00:00:00Z" })).thenRows([
  { orderId: "42", readySince: "2026-01-01T00:00:00Z", ...content },
]);
when(fulfilment, on("order/42", placed)).thenSends(send(product, "tea", "ReserveStock", { order: "42", quantity: 2 }));
when(fulfilment, on("product/tea", event("StockReceived", { quantity: 2 }))).thenNothing();

// @ts-expect-error -- there is no event OrderPlased
given(order, event("OrderPlased", content));
// @ts-expect-error -- an event of another aggregate
given(order, event("StockReceived", { quantity: 1 }));
// @ts-expect-error -- `sku` is missing
given(order, event("OrderLineReserved", {}));
// @ts-expect-error -- there is no `quantity`
given(order, event("OrderLineReserved", { sku: "tea", quantity: 1 }));
// @ts-expect-error -- an aggregate's events are on the one stream the sentence is about
given(order, on("order/42", placed));

// @ts-expect-error -- there is no command ConfirmLines
given(order).when("ConfirmLines", { sku: "tea" });
// @ts-expect-error -- `sku` is missing
given(order).when("ConfirmLine", {});
// @ts-expect-error -- there is no `quantity`
given(order).when("ConfirmLine", { sku: "tea", quantity: 1 });
// @ts-expect-error -- `sku` is text
given(order).when("ConfirmLine", { sku: 1 });
// @ts-expect-error -- `now` is a Date
given(order).when("ConfirmLine", { sku: "tea" }, { now: "today" });

const then = given(order).when("PlaceOrder", content);
// @ts-expect-error -- there is no event OrderPlased
then.then(event("OrderPlased", content));
// @ts-expect-error -- `lines` is missing
then.then(event("OrderPlaced", { customer: "a customer" }));
// @ts-expect-error -- there is no `discount`
then.then(event("OrderPlaced", { ...content, discount: 1 }));
// @ts-expect-error -- an aggregate has no rows
given(order).thenRows([]);

// @ts-expect-error -- `stock` does not follow order
given(stock, on("order/42", placed));
// @ts-expect-error -- a product is not placed
given(stock, on("product/tea", placed));
// @ts-expect-error -- `quantity` is a number
given(stock, on("product/tea", event("StockReceived", { quantity: "3" })));
// @ts-expect-error -- an event happens on a stream
given(stock, event("StockReceived", { quantity: 3 }));
// @ts-expect-error -- `reserved` is missing
given(stock).thenRows([{ sku: "tea", available: 3 }]);
// @ts-expect-error -- there is no column `colour`
given(stock).thenRows([{ sku: "tea", available: 3, reserved: 0, colour: "green" }]);
// @ts-expect-error -- views take no commands
given(stock).when("ReceiveStock", { quantity: 3 });

// @ts-expect-error -- `fulfilment` follows no basket
when(fulfilment, on("basket/1", placed));
// @ts-expect-error -- a product is not placed
when(fulfilment, on("product/tea", placed));
// @ts-expect-error -- there is no command ReserveStok
when(fulfilment, on("order/42", placed)).thenSends(send(product, "tea", "ReserveStok", { order: "42", quantity: 2 }));
// @ts-expect-error -- a reactor answers with actions, not with events
when(fulfilment, on("order/42", placed)).thenSends(placed);
// @ts-expect-error -- who sends nothing says so: thenNothing()
when(fulfilment, on("order/42", placed)).thenSends();
// @ts-expect-error -- `from` is a stream of a plain category; an order is not one
when(fulfilment, on("order/42", placed)).thenSends(append(order, "42", "OrderPlased", content));

const copies = category("copies", { events: { StockReceived: z.object({ quantity: z.int() }) } });
const copy = transform("copy", { from: product, to: copies, on: { StockReceived: (received) => received } });
when(copy, on("product/tea", event("StockReceived", { quantity: 1 }))).thenAppends(
  on("copies/tea", event("StockReceived", { quantity: 1 })),
);
// @ts-expect-error -- who appends nothing says so: thenNothing()
when(copy, on("product/tea", event("StockReceived", { quantity: 1 }))).thenAppends();
// @ts-expect-error -- an event is appended to a stream
when(copy, on("product/tea", event("StockReceived", { quantity: 1 }))).thenAppends(event("StockReceived", { quantity: 1 }));

const told = category("told", { events: { Told: z.object({ by: z.string() }) } });
const tell = effect("tell", { from: order, records: told, on: { OrderReady: async () => nothing() } });
export const sentences = [
  when(tell, on("order/42", event("OrderReady", content)), {
    fetch: (request) => new Response(request.url),
    variables: { URL: "x" },
    repeated: true,
  }).thenRecords(event("Told", { by: "x" }), "told/42"),
  when(tell, on("order/42", event("OrderReady", content))).thenNothing(),
  when(tell, on("order/42", event("OrderReady", content))).thenFails("500"),
  // @ts-expect-error -- there is no Tell
  when(tell, on("order/42", event("OrderReady", content))).thenRecords(event("Tell", { by: "x" })),
  // @ts-expect-error -- `by` is text
  when(tell, on("order/42", event("OrderReady", content))).thenRecords(event("Told", { by: 1 })),
  // @ts-expect-error -- an effect sends nothing
  when(tell, on("order/42", event("OrderReady", content))).thenSends(send(product, "tea", "ReceiveStock", { quantity: 1 })),
  // @ts-expect-error -- it does not follow product
  when(tell, on("product/tea", event("StockReceived", { quantity: 1 }))),
  // @ts-expect-error -- `fetch` answers with a response
  when(tell, on("order/42", event("OrderReady", content)), { fetch: () => "200" }),
];
// @ts-expect-error -- a reactor has no outside
when(fulfilment, on("order/42", placed), { variables: {} });
