import { category, event, transform } from "../../../src/index.ts";
import * as z from "zod";
import { room } from "./parts.ts";

const stays = category("stay", { events: { Begun: z.object({ guest: z.string(), nights: z.int() }), Ended: z.object({}) } });
transform("stays", {
  from: room,
  to: stays,
  on: {
    // mistake, explained: Property 'nights' is missing
    Booked: () => event("Begun", { guest: "a" }),
  },
});
