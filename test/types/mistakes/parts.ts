/** What the programs with mistakes have in common: none of the mistakes. */

import * as z from "zod";
import { aggregate, event, nothing } from "../../../src/index.ts";

export const Line = z.object({ sku: z.string(), quantity: z.int().positive() });
export const events = {
  Booked: z.object({ guest: z.string(), from: z.string(), nights: z.number(), lines: z.array(Line) }),
  Left: z.object({ guest: z.string() }),
  Paid: z.object({ cents: z.number(), note: z.string().optional() }),
};
export const commands = { Book: z.object({ guest: z.string() }), Leave: z.object({ guest: z.string() }) };
export interface State {
  readonly status: "free" | "booked";
  readonly guest: string;
}
export const evolve = { Booked: (state: State) => state, Left: (state: State) => state, Paid: (state: State) => state };
export const initialState = (): State => ({ status: "free", guest: "" });
export const room = aggregate("room", {
  events,
  commands,
  initialState,
  evolve,
  decide: { Book: (_state, { guest }) => event("Booked", { guest, from: "", nights: 1, lines: [] }), Leave: () => nothing() },
});
