import { aggregate, cancel, nothing } from "../../../src/index.ts";
import { commands, events, evolve, initialState } from "./parts.ts";

aggregate("room", {
  events,
  commands,
  initialState,
  evolve,
  decide: {
    Book: () => nothing(),
    // mistake: '"Leav"' is not assignable to parameter of type '"Book" | "Leave"'
    Leave: (_state) => cancel("Leav", { key: "a" }),
  },
});
