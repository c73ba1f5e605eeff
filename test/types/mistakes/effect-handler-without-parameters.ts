import { category, effect, event } from "../../../src/index.ts";
import * as z from "zod";
import { room } from "./parts.ts";

const payment = category("payment", { events: { Charged: z.object({ receipt: z.string() }), Declined: z.object({}) } });
// mistake, explained: Property 'receipt' is missing
effect("charge", { from: room, records: payment, on: { Booked: async () => event("Charged", {}) } });
