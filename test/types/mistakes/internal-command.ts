import { aggregate, nothing } from "../../../src/index.ts";
import { commands, events, evolve, initialState } from "./parts.ts";

aggregate("room", {
  events,
  commands,
  initialState,
  evolve,
  // mistake: '"Leav"' is not assignable
  internal: ["Leav"],
  decide: { Book: () => nothing(), Leave: () => nothing() },
});
