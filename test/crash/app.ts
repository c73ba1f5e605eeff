/** The app that is killed: the shop with its payments, and the small parts of the tests in workerd that say most about each promise. */

import { defineApp } from "../../src/index.ts";
import { checkout } from "../../src/shop/checkout.ts";
import { fulfilment } from "../../src/shop/fulfilment.ts";
import { order } from "../../src/shop/order.ts";
import { charge, charging as patientCharging, payment, settlement } from "../../src/shop/payment.ts";
import { product } from "../../src/shop/product.ts";
import { readyOrders, stock } from "../../src/shop/views.ts";
import { alarm, counter, reading, relay, reminder, totals, values } from "../workers/app.ts";

/** A worker that dies in a call keeps its place until nobody would wait for the answer any more: here less long, so that more deaths fit into an hour. */
const charging = { ...patientCharging, timeoutMs: 2_000 };

export const app = defineApp({
  aggregates: [product, order, payment, counter, reminder],
  categories: [charge, reading, alarm],
  views: [readyOrders, stock, totals, values],
  processors: [fulfilment, checkout, charging, settlement, relay],
});
