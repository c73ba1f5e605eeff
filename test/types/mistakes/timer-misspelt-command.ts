import { after, aggregate, event, nothing } from "../../../src/index.ts";
import { commands, events, evolve, initialState } from "./parts.ts";

aggregate("room", {
  events,
  commands,
  initialState,
  evolve,
  decide: {
    // mistake: '"Leav"' is not assignable to parameter of type '"Book" | "Leave"'
    Book: (_state, { guest }) => [event("Booked", { guest, from: "", nights: 1, lines: [] }), after("1d", "Leav", { guest })],
    Leave: () => nothing(),
  },
});
