import { aggregate, event, nothing } from "../../../src/index.ts";
import { commands, events, evolve, initialState } from "./parts.ts";

aggregate("room", {
  events,
  commands,
  initialState,
  evolve,
  decide: {
    Book: () => nothing(),
    // mistake, explained: Property 'guest' is missing
    Leave: () => event("Left", {}),
  },
});
