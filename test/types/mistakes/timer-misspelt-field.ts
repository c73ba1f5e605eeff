import { aggregate, at, nothing } from "../../../src/index.ts";
import { commands, events, evolve, initialState } from "./parts.ts";

aggregate("room", {
  events,
  commands,
  initialState,
  evolve,
  decide: {
    // mistake: not a field of
    Book: (_state, { guest }, { now }) => at(now, "Leave", { gest: guest }),
    Leave: () => nothing(),
  },
});
