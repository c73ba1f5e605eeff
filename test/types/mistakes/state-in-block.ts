import { aggregate, nothing } from "../../../src/index.ts";
import { commands, events, initialState } from "./parts.ts";

aggregate("room", {
  events,
  commands,
  initialState,
  evolve: {
    // mistake, explained: '"bookd"' is not assignable to type '"booked" | "free"'
    Booked: (state, { guest }) => {
      return { ...state, status: "bookd", guest };
    },
    Left: (state) => state,
    Paid: (state) => state,
  },
  decide: { Book: () => nothing(), Leave: () => nothing() },
});
