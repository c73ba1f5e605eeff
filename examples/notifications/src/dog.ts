/** The aggregate of the Python library's tutorial: a dog, which learns tricks. */

import { aggregate, event, refuse } from "headspring";
import * as z from "zod";

interface Dog {
  readonly isRegistered: boolean;
  readonly tricks: readonly string[];
}

export const dog = aggregate("dog", {
  events: { Registered: z.object({ name: z.string() }), TrickAdded: z.object({ trick: z.string() }) },
  commands: { Register: z.object({ name: z.string().min(1) }), AddTrick: z.object({ trick: z.string().min(1) }) },
  initialState: (): Dog => ({ isRegistered: false, tricks: [] }),
  evolve: {
    Registered: (state) => ({ ...state, isRegistered: true }),
    TrickAdded: (state, { trick }) => ({ ...state, tricks: [...state.tricks, trick] }),
  },
  decide: {
    Register: (state, { name }) => (state.isRegistered ? refuse("already-registered") : event("Registered", { name })),
    AddTrick: (state, { trick }) => (state.isRegistered ? event("TrickAdded", { trick }) : refuse("not-registered")),
  },
});
