import { after, aggregate, nothing } from "../../../src/index.ts";
import { commands, events, evolve, initialState } from "./parts.ts";

aggregate("room", {
  events,
  commands,
  initialState,
  evolve,
  decide: {
    Book: () => nothing(),
    // mistake: '"1 day"' is not assignable
    Leave: (_state, data) => after("1 day", "Leave", data),
  },
});
