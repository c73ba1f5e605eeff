import { aggregate, nothing } from "../../../src/index.ts";
import { commands, events, initialState } from "./parts.ts";

aggregate("room", {
  events,
  commands,
  initialState,
  // mistake: Property 'Left' is missing
  evolve: { Booked: (state) => state, Paid: (state) => state },
  decide: { Book: () => nothing(), Leave: () => nothing() },
});
