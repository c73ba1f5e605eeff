/** The shop after its developer has changed a view: stock now says what is on hand in all, and how much of it is sold. */

import * as z from "zod";
import { streamIdOf, view } from "../../src/index.ts";
import { createWorker, objects } from "../../src/runtime.ts";
import { shop } from "../../src/shop/app.ts";
import { product } from "../../src/shop/product.ts";

const stock = view("stock", {
  from: product,
  row: z.object({ sku: z.string(), onHand: z.int(), reserved: z.int(), changes: z.int() }),
  key: "sku",
  indexes: ["onHand"],
  on: {
    StockReceived: (row, { stream, data }) => moved(row, stream, data.quantity, 0),
    StockReserved: (row, { stream, data }) => moved(row, stream, 0, data.quantity),
    StockReleased: (row, { stream, data }) => moved(row, stream, 0, -data.quantity),
  },
});

function moved(row: { onHand: number; reserved: number; changes: number } | undefined, stream: string, onHand: number, reserved: number) {
  return {
    sku: streamIdOf(stream),
    onHand: (row?.onHand ?? 0) + onHand,
    reserved: (row?.reserved ?? 0) + reserved,
    changes: (row?.changes ?? 0) + 1,
  };
}

const app = { ...shop, views: new Map(shop.views).set(stock.name, stock) };

export default createWorker(app);
export const { StreamObject, LogObject, WebhookObject, CatalogObject, SourceObject } = objects(app);
