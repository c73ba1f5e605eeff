import * as z from "zod";
import { category, effect, event, nothing } from "../../../src/index.ts";
import { room } from "./parts.ts";

const payment = category("payment", { events: { Charged: z.object({ receipt: z.string() }) } });
effect("charge", {
  from: room,
  records: payment,
  on: {
    Booked: async ({ data }) => event("Charged", { receipt: data.guest }),
    // mistake: nothing is declared that is called \"Lft\"
    Lft: async ({ data }) => (data.guest ? nothing() : nothing()),
  },
});
