import { aggregate, nothing } from "../../../src/index.ts";
import { commands, events, initialState } from "./parts.ts";

aggregate("room", {
  events,
  commands,
  initialState,
  evolve: {
    Booked: (state) => state,
    Left: (state) => state,
    Paid: (state) => state,
    // mistake: nothing is declared that is called \"Lft\"
    Lft: (state) => state,
  },
  decide: { Book: () => nothing(), Leave: () => nothing() },
});
