import { aggregate, event, nothing } from "../../../src/index.ts";
import { commands, events, evolve, initialState } from "./parts.ts";

aggregate("room", {
  events,
  commands,
  initialState,
  evolve,
  decide: {
    Book: () => nothing(),
    // mistake: '"Lft"' is not assignable
    Leave: () => event("Lft", { guest: "a" }),
  },
});
