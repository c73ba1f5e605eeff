/** The source: follows the table `stock`, and appends each change of a row to the stream of its product. */

import { source } from "headspring";
import { postgres } from "headspring/postgres";
import * as z from "zod";
import { stockLevel } from "./stock-level.ts";

export const stockTable = source("stock-table", {
  description: "Follows the table `stock` of the warehouse.",
  from: postgres({ connection: "STOCK_DATABASE", tables: ["stock"] }),
  to: stockLevel,
  // TRUNCATE names no row, so nothing could be said of a product. Delete rows instead.
  where: ({ op }) => op !== "truncate",
  stream: ({ key }) => z.string().parse(key.sku),
  type: ({ op }) => (op === "delete" ? "StockGone" : "StockChanged"),
  // Without a row after it, it was deleted.
  data: ({ after }) => (after ? { units: after.units ?? 0, price: after.price ?? null } : {}),
});
