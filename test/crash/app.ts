/** The app that is killed: the shop with its payments, and the small parts of the tests in workerd that say most about each promise. */

import * as z from "zod";
import { category, defineApp, streamIdOf, view } from "../../src/index.ts";
import { checkout } from "../../src/shop/checkout.ts";
import { fulfilment } from "../../src/shop/fulfilment.ts";
import { order } from "../../src/shop/order.ts";
import { charge, charging as patientCharging, payment, settlement } from "../../src/shop/payment.ts";
import { product } from "../../src/shop/product.ts";
import { readyOrders, stock } from "../../src/shop/views.ts";
import { alarm, counter, reading, relay, reminder, totals, values } from "../workers/app.ts";

/** A worker that dies in a call keeps its place until nobody would wait for the answer any more: here less long, so that more deaths fit into an hour. */
const charging = { ...patientCharging, timeoutMs: 2_000 };

/** What is erased again, and two views of it: one with a row for each stream, and one that must be built again without it. */
const memo = category("memo", { events: { Written: z.object({ author: z.string(), text: z.string() }) } });
const memos = view("memos", {
  from: memo,
  row: z.object({ id: z.string(), text: z.string() }),
  key: "id",
  on: { Written: (_row, { stream, data }) => ({ id: streamIdOf(stream), text: data.text }) },
});
const authors = view("authors", {
  from: memo,
  row: z.object({ author: z.string(), memos: z.int() }),
  key: "author",
  on: { Written: { at: ({ data }) => data.author, fold: (row, _memo, author) => ({ author, memos: (row?.memos ?? 0) + 1 }) } },
});

export const app = defineApp({
  aggregates: [product, order, payment, counter, reminder],
  categories: [charge, reading, alarm, memo],
  views: [readyOrders, stock, totals, values, memos, authors],
  processors: [fulfilment, checkout, charging, settlement, relay],
});
