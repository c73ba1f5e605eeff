import { effect, event, category } from "../../../src/index.ts";
import * as z from "zod";
import { room } from "./parts.ts";

const payment = category("payment", { events: { Charged: z.object({ receipt: z.string() }), Declined: z.object({}) } });
effect("charge", {
  from: room,
  records: payment,
  on: {
    Booked: async ({ data }, { fetch }) => {
      const answer = await fetch(`https://payments.example/${data.guest}`);
      // mistake: Type 'number' is not assignable to type 'string'
      return answer.ok ? event("Charged", { receipt: answer.status }) : event("Declined", {});
    },
  },
});
