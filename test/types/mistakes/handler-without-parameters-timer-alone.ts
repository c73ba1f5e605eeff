import { after, aggregate, nothing } from "../../../src/index.ts";
import { commands, events, evolve, initialState } from "./parts.ts";

aggregate("room", {
  events,
  commands,
  initialState,
  evolve,
  decide: {
    Book: () => nothing(),
    // mistake: required in type 'DeclaredTimer<"Book" | "Leave">'
    Leave: () => after("1d", "Leav", { guest: "" }),
  },
});
