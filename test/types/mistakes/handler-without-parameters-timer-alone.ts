import { after, aggregate, nothing } from "../../../src/index.ts";
import { commands, events, evolve, initialState } from "./parts.ts";

aggregate("room", {
  events,
  commands,
  initialState,
  evolve,
  decide: {
    Book: () => nothing(),
    // mistake: '"Leav"' is not assignable
    Leave: () => after("1d", "Leav", { guest: "" }),
  },
});
