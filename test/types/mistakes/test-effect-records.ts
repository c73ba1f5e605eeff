import * as z from "zod";
import { category, effect, event } from "../../../src/index.ts";
import { on, when } from "../../../src/testing/index.ts";
import { room } from "./parts.ts";

const payment = category("payment", { events: { Charged: z.object({ receipt: z.string() }) } });
const charge = effect("charge", { from: room, records: payment, on: { Left: async ({ id }) => event("Charged", { receipt: id }) } });
// mistake: Type 'number' is not assignable to type 'string'
await when(charge, on("room/1", event("Left", { guest: "a" }))).thenRecords(event("Charged", { receipt: 1 }));
