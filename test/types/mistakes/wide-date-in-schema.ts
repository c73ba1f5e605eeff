import * as z from "zod";
import { category } from "../../../src/index.ts";

category("booking", {
  events: {
    // mistake: JSON cannot hold its field lines[].from: no Date
    Booked: z.object({
      guest: z.string(),
      address: z.object({ street: z.string(), city: z.string(), country: z.string(), postcode: z.string() }),
      lines: z.array(z.object({ sku: z.string(), quantity: z.int(), price: z.number(), from: z.date() })),
      nights: z.int(),
    }),
  },
});
