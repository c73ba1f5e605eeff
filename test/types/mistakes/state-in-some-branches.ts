import { aggregate, nothing } from "../../../src/index.ts";
import { commands, events, initialState } from "./parts.ts";

aggregate("room", {
  events,
  commands,
  initialState,
  evolve: {
    Booked: (state) => state,
    // mistake: '(state: ReadonlyDeep<State>) => ReadonlyDeep<State> | undefined' is not assignable
    Left: (state) => {
      if (state.status === "free") return state;
    },
    Paid: (state) => state,
  },
  decide: { Book: () => nothing(), Leave: () => nothing() },
});
