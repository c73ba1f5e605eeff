import { aggregate, nothing } from "../../../src/index.ts";
import { commands, events, initialState } from "./parts.ts";

aggregate("room", {
  events,
  commands,
  initialState,
  evolve: {
    // mistake: '"bookd"' is not assignable to type
    Booked: (state, { guest }) => ({ ...state, status: "bookd", guest }),
    Left: (state) => state,
    Paid: (state) => state,
  },
  decide: { Book: () => nothing(), Leave: () => nothing() },
});
