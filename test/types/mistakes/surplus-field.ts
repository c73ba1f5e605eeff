import { aggregate, event, nothing } from "../../../src/index.ts";
import { commands, events, evolve, initialState } from "./parts.ts";

aggregate("room", {
  events,
  commands,
  initialState,
  evolve,
  decide: {
    Book: (_state, command) => {
      const booked = { ...command, from: "", nights: 1, lines: [], beds: 2 };
      // mistake: not a field of
      return event("Booked", booked);
    },
    Leave: () => nothing(),
  },
});
