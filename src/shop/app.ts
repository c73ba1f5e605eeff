/**
 * The tutorial: a simple stock, orders that need it, a checkout that takes payment first, a view of what is ready, and a webhook to the
 * shipping company.
 */

import { defineApp, webhook } from "headspring";
import { checkout } from "./checkout.ts";
import { fulfilment } from "./fulfilment.ts";
import { order } from "./order.ts";
import { charge, charging, payment, settlement } from "./payment.ts";
import { product } from "./product.ts";
import { processes, readyOrders, stock } from "./views.ts";

const shipping = webhook("shipping", {
  description: "Tells the shipping company of every order that is ready.",
  from: order,
  types: ["OrderReady"],
  url: { variable: "SHIPPING_URL" },
  secret: { variable: "SHIPPING_SECRET" },
});

export const shop = defineApp({
  aggregates: [product, order, payment],
  categories: [charge],
  views: [readyOrders, stock, processes],
  processors: [fulfilment, checkout, charging, settlement],
  webhooks: [shipping],
});
