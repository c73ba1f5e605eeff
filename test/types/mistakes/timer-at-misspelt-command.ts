import { aggregate, at, nothing } from "../../../src/index.ts";
import { commands, events, evolve, initialState } from "./parts.ts";

aggregate("room", {
  events,
  commands,
  initialState,
  evolve,
  decide: {
    // mistake: '"Leav"' is not assignable to parameter of type '"Book" | "Leave"'
    Book: (_state, { guest }, { now }) => [at(now, "Leav", { guest })],
    Leave: () => nothing(),
  },
});
