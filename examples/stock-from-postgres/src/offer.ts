/**
 * Whether a product can be sold: announces that it is available, and that it ran out, and not each unit in between. Stored names: `offer`
 * and its events, and `offering`, which is part of the keys of its commands.
 */

import { aggregate, event, nothing, reactor, send, streamIdOf } from "headspring";
import * as z from "zod";
import { stockLevel } from "./stock-level.ts";

export interface Offer {
  readonly isAvailable: boolean;
}

export const offer = aggregate("offer", {
  description: "A product as the store offers it.",
  events: {
    /** For the first time, or again. */
    BecameAvailable: z.object({ units: z.int() }),
    RanOut: z.object({}),
  },
  commands: { Count: z.object({ units: z.int() }) },
  internal: ["Count"],
  initialState: (): Offer => ({ isAvailable: false }),
  evolve: {
    BecameAvailable: () => ({ isAvailable: true }),
    RanOut: () => ({ isAvailable: false }),
  },
  decide: {
    Count: ({ isAvailable }, { units }) => {
      if (units > 0 === isAvailable) return nothing();
      return isAvailable ? event("RanOut", {}) : event("BecameAvailable", { units });
    },
  },
});

export const offering = reactor("offering", {
  description: "Passes each new stock level on to the product's offer.",
  from: stockLevel,
  emits: [[offer, "Count"]],
  on: {
    StockChanged: ({ stream, data: { units } }) => send(offer, streamIdOf(stream), "Count", { units }),
    StockGone: ({ stream }) => send(offer, streamIdOf(stream), "Count", { units: 0 }),
  },
});
