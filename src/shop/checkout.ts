/**
 * Checkout: every product is reserved, the customer pays, and only then is the order placed. If something is unavailable, refused or too
 * slow, everything is undone. Stored names: `checkout` and the names of its steps.
 */

import * as z from "zod";
import { parallel, saga, send, series, step, stepDone, stepFailed, streamIdOf } from "headspring";
import { OrderContent, order } from "./order.ts";
import { payment } from "./payment.ts";
import { product } from "./product.ts";

/** How long products stay reserved while the customer pays. */
const PATIENCE = z.enum(["1s", "15m", "1d"]);

export const checkout = saga("checkout", {
  description: "Reserves products, takes the money, places the order; or gives everything back.",
  input: OrderContent.safeExtend({ cents: z.int().positive(), patience: PATIENCE.default("15m") }),
  from: [product, payment],
  on: {
    StockReserved: ({ stream, data }) => stepDone(data.order, `reserve ${streamIdOf(stream)}`),
    ReservationDeclined: ({ stream, data }) => stepFailed(data.order, `reserve ${streamIdOf(stream)}`, "not-enough-stock"),
    PaymentReceived: ({ stream, data }) => stepDone(streamIdOf(stream), "pay", data.receipt),
    PaymentDeclined: ({ stream, data }) => stepFailed(streamIdOf(stream), "pay", data.reason),
  },
  steps: ({ customer, lines, cents, patience }, { id }) =>
    series(
      parallel(
        ...lines.map(({ sku, quantity }) =>
          step(`reserve ${sku}`, {
            action: () => send(product, sku, "ReserveStock", { order: id, quantity }),
            undo: () => send(product, sku, "ReleaseStock", { order: id }),
            waits: "1m",
          }),
        ),
      ),
      step("pay", {
        action: () => send(payment, id, "RequestPayment", { cents }),
        undo: () => send(payment, id, "CancelPayment", {}),
        waits: patience,
      }),
      step("place", { action: () => send(order, id, "PlaceOrder", { customer, lines }), retry: { attempts: 3, delay: "1s" } }),
      ...lines.map(({ sku }) => step(`confirm ${sku}`, { action: () => send(order, id, "ConfirmLine", { sku }) })),
    ),
});
