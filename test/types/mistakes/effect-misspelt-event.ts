import * as z from "zod";
import { category, effect, event } from "../../../src/index.ts";
import { room } from "./parts.ts";

const payment = category("payment", { events: { Charged: z.object({ receipt: z.string() }), Declined: z.object({}) } });
effect("charge", {
  from: room,
  records: payment,
  on: {
    // mistake: nothing is declared that is called \"Bookd\"
    Bookd: async () => event("Charged", { receipt: "1" }),
  },
});
