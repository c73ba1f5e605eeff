import { aggregate, event, nothing } from "../../../src/index.ts";
import { commands, events, evolve, initialState } from "./parts.ts";

aggregate("room", {
  events,
  commands,
  initialState,
  evolve,
  decide: {
    // mistake: '"Bookd"' is not assignable to parameter of type '"Booked" | "Left" | "Paid"'
    Book: (_state, { guest }) => event("Bookd", { guest, from: "", nights: 1, lines: [] }),
    Leave: () => nothing(),
  },
});
