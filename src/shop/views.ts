/** What the shop's staff look at. */

import * as z from "zod";
import { processesView, streamIdOf, view } from "headspring";
import { checkout } from "./checkout.ts";
import { order } from "./order.ts";
import { product } from "./product.ts";

export const readyOrders = view("ready-orders", {
  description: "Orders that can be shipped.",
  from: order,
  row: z.object({
    orderId: z.string(),
    customer: z.string(),
    lines: z.array(z.object({ sku: z.string(), quantity: z.int() })),
    readySince: z.string(),
  }),
  key: "orderId",
  indexes: ["customer"],
  on: {
    OrderReady: (_row, { stream, data, time }) => ({
      orderId: streamIdOf(stream),
      customer: data.customer,
      lines: data.lines,
      readySince: time,
    }),
  },
});

export const stock = view("stock", {
  description: "Pieces on hand, by product.",
  from: product,
  row: z.object({ sku: z.string(), available: z.int(), reserved: z.int() }),
  key: "sku",
  on: {
    StockReceived: (row, { stream, data }) => moved(row, stream, data.quantity, 0),
    StockReserved: (row, { stream, data }) => moved(row, stream, -data.quantity, data.quantity),
    StockReleased: (row, { stream, data }) => moved(row, stream, data.quantity, -data.quantity),
  },
});

/** Checkouts by status, to find those that are stuck. */
export const processes = processesView("processes", [checkout]);

function moved(row: { available: number; reserved: number } | undefined, stream: string, available: number, reserved: number) {
  return {
    sku: streamIdOf(stream),
    available: (row?.available ?? 0) + available,
    reserved: (row?.reserved ?? 0) + reserved,
  };
}
