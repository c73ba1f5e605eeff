import { aggregate, event, nothing } from "../../../src/index.ts";
import { commands, events, evolve, initialState } from "./parts.ts";

aggregate("room", {
  events,
  commands,
  initialState,
  evolve,
  decide: {
    // mistake: Type 'Date' is not assignable to type 'string'
    Book: (_state, { guest }, { now }) => event("Booked", { guest, from: now, nights: 1, lines: [] }),
    Leave: () => nothing(),
  },
});
