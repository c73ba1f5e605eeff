/** The stock as the database has it: a stream for each product, whose id is its sku. Stored names: `stock-level` and its events. */

import { category } from "headspring";
import * as z from "zod";

export const stockLevel = category("stock-level", {
  description: "The stock of each product, as the table of the warehouse has it.",
  events: {
    /** The row of a product: new, changed, or there when the source began. A price is a string: a double has no cents. */
    StockChanged: z.object({ units: z.int(), price: z.string().nullable() }),
    /** The row was deleted. */
    StockGone: z.object({}),
  },
});
