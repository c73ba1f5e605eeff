/** The tutorial: a simple stock, orders that need it, a view of what is ready, and word to the shipping company. */

import { defineApp, webhook } from "../index.ts";
import { fulfilment } from "./fulfilment.ts";
import { order } from "./order.ts";
import { product } from "./product.ts";
import { readyOrders, stock } from "./views.ts";

const shipping = webhook("shipping", {
  description: "Tells the shipping company of every order that is ready.",
  from: order,
  types: ["OrderReady"],
  url: { variable: "SHIPPING_URL" },
  secret: { variable: "SHIPPING_SECRET" },
});

export const shop = defineApp({
  aggregates: [product, order],
  views: [readyOrders, stock],
  processors: [fulfilment],
  webhooks: [shipping],
});
