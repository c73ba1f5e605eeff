import { aggregate, event, nothing } from "../../../src/index.ts";
import { commands, events, evolve, initialState } from "./parts.ts";

aggregate("room", {
  events,
  commands,
  initialState,
  evolve,
  decide: {
    // mistake: not a field of
    Book: (_state, { guest }) => [event("Booked", { guest, from: "", nights: 1, lines: [] }), event("Paid", { cents: 1, notes: "" })],
    Leave: () => nothing(),
  },
});
