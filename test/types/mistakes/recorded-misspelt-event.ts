import { category, effect, event } from "../../../src/index.ts";
import * as z from "zod";
import { room } from "./parts.ts";

const payment = category("payment", { events: { Charged: z.object({ receipt: z.string() }), Declined: z.object({}) } });
effect("charge", {
  from: room,
  records: payment,
  on: {
    Booked: async ({ data }, { fetch }) => {
      const answer = await fetch(`https://payments.example/${data.guest}`);
      // mistake: '"Chargd"' is not assignable to parameter of type '"Charged" | "Declined"'
      return answer.ok ? event("Chargd", { receipt: "1" }) : event("Declined", {});
    },
  },
});
