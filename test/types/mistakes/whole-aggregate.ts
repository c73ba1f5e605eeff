import * as z from "zod";
import { aggregate, event, nothing, refuse } from "../../../src/index.ts";

// As users write it: everything in one literal.
aggregate("room", {
  events: {
    Booked: z.object({ guest: z.string(), from: z.string(), nights: z.int() }),
    Left: z.object({ guest: z.string() }),
  },
  commands: { Book: z.object({ guest: z.string(), from: z.string() }), Leave: z.object({}) },
  initialState: (): { guest?: string } => ({}),
  evolve: { Booked: (_state, { guest }) => ({ guest }), Left: () => ({}) },
  decide: {
    Book: (state, command) => {
      if (state.guest !== undefined) return refuse("taken");
      // mistake: Property 'nights' is missing
      return [event("Booked", command), event("Left", { guest: command.guest })];
    },
    Leave: (state) => (state.guest === undefined ? nothing() : event("Left", { guest: state.guest })),
  },
});
