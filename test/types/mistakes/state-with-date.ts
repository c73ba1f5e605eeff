import { aggregate, nothing } from "../../../src/index.ts";
import { commands, events } from "./parts.ts";

aggregate("room", {
  events,
  commands,
  // mistake: a state must be plain JSON
  initialState: () => ({ guest: "", since: new Date() }),
  evolve: { Booked: (state) => state, Left: (state) => state, Paid: (state) => state },
  decide: { Book: () => nothing(), Leave: () => nothing() },
});
