import { aggregate, event, nothing, refuse } from "../../../src/index.ts";
import { commands, events, evolve, initialState } from "./parts.ts";

aggregate("room", {
  events,
  commands,
  initialState,
  evolve,
  decide: {
    // mistake: Property 'from' is missing
    Book: (state, { guest }) => (state.status === "free" ? event("Booked", { guest, nights: 1, lines: [] }) : refuse("taken")),
    Leave: () => nothing(),
  },
});
