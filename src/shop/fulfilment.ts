/**
 * Turns a placed order into a ready one: reserves every line and confirms what was reserved. If one line is unavailable, it rejects the
 * order and releases the other lines.
 */

import { reactor, send, streamIdOf } from "headspring";
import { order } from "./order.ts";
import { product } from "./product.ts";

export const fulfilment = reactor("fulfilment", {
  description: "Reserves an order's lines, all or none.",
  from: [order, product],
  emits: [order, product],
  on: {
    OrderPlaced: ({ stream, data }) =>
      data.lines.map(({ sku, quantity }) => send(product, sku, "ReserveStock", { order: streamIdOf(stream), quantity })),

    StockReserved: ({ stream, data }) => send(order, data.order, "ConfirmLine", { sku: streamIdOf(stream) }),

    ReservationDeclined: ({ stream, data }) =>
      send(order, data.order, "RejectOrder", { reason: "not-enough-stock", sku: streamIdOf(stream) }),

    // Every line's product is asked to release it; a product that reserved nothing for this order does nothing.
    OrderRejected: ({ stream, data }) => data.lines.map(({ sku }) => send(product, sku, "ReleaseStock", { order: streamIdOf(stream) })),
  },
});
