import * as z from "zod";
import { aggregate } from "../../../src/index.ts";

aggregate("room", {
  // mistake: JSON cannot hold its field from: no Date
  events: { Booked: z.object({ from: z.date() }), Left: z.object({}) },
  commands: {},
  initialState: () => ({ booked: 0 }),
  evolve: { Booked: (state) => state, Left: (state) => state },
  decide: {},
});
