/** The aggregate of the tests. */

import * as z from "zod";
import { type DecideContext, aggregate, event, nothing, refuse } from "../../src/index.ts";

/** Counts, refuses above a limit, fails on request: one command for each outcome. */
export const counter = aggregate("counter", {
  events: { Counted: z.object({ by: z.int(), total: z.int() }) },
  commands: {
    Count: z.object({ by: z.int().positive().default(1) }),
    CountTwice: z.object({}),
    DoNothing: z.object({}),
    Throw: z.object({ note: z.string().optional() }),
    DecideNonsense: z.object({}),
  },
  initialState: () => ({ total: 0 }),
  evolve: { Counted: (state, { by }) => ({ total: state.total + by }) },
  decide: {
    Count: (state, { by }) => (by > 1_000 ? refuse("too-much", { limit: 1_000 }) : event("Counted", { by, total: state.total + by })),
    CountTwice: (state) => [event("Counted", { by: 1, total: state.total + 1 }), event("Counted", { by: 1, total: state.total + 2 })],
    DoNothing: (_state, _nothing, context) => {
      told.push(context);
      return nothing();
    },
    Throw: () => {
      throw new Error("decide threw, as the command asked");
    },
    // What a cast can let through: the schema must catch it before it is stored.
    DecideNonsense: () => event("Counted", { by: "many" as unknown as number, total: 0 }),
  },
});

/** What `decide` received with the commands that change nothing. */
export const told: DecideContext[] = [];
