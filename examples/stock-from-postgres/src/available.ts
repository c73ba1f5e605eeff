/** What the online store shows: one row for each product that the table has. */

import { view } from "headspring";
import * as z from "zod";
import { stockLevel } from "./stock-level.ts";

export const available = view("available", {
  description: "Units and price of each product.",
  from: stockLevel,
  row: z.object({ sku: z.string(), units: z.int(), price: z.string().nullable() }),
  key: "sku",
  indexes: ["units"],
  on: {
    StockChanged: (_row, { data: { units, price } }, sku) => ({ sku, units, price }),
    StockGone: () => null,
  },
});
