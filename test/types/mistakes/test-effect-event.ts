import { category, effect, event, nothing } from "../../../src/index.ts";
import { on, when } from "../../../src/testing/index.ts";
import * as z from "zod";
import { room } from "./parts.ts";

const payment = category("payment", { events: { Charged: z.object({ receipt: z.string() }), Declined: z.object({}) } });
const charge = effect("charge", { from: room, records: payment, on: { Booked: async () => nothing() } });
export const sentence = when(charge, on("room/1", event("Booked", { guest: "a", from: "", nights: 1, lines: [] })))
  // mistake: Property 'receipt' is missing
  .thenRecords(event("Charged", {}));
