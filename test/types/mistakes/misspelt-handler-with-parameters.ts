import { aggregate, nothing } from "../../../src/index.ts";
import { commands, events, evolve, initialState } from "./parts.ts";

aggregate("room", {
  events,
  commands,
  initialState,
  evolve,
  decide: {
    Book: () => nothing(),
    Leave: () => nothing(),
    // mistake: nothing is declared that is called \"Leav\"
    Leav: (state, { guest }) => (state.guest === guest ? nothing() : nothing()),
  },
});
