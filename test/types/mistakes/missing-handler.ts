import { aggregate, nothing } from "../../../src/index.ts";
import { commands, events, evolve, initialState } from "./parts.ts";

aggregate("room", {
  events,
  commands,
  initialState,
  evolve,
  // mistake: Property 'Leave' is missing
  decide: { Book: () => nothing() },
});
