/** An aggregate whose code throws where a test says. */

import * as z from "zod";
import { aggregate, event, upcast } from "../../src/index.ts";

type Place = "schema" | "initialState" | "decide" | "evolve" | "upcast";

/** Where it throws, and what. */
export const slips: { in: Place | undefined; error: unknown } = { in: undefined, error: undefined };

function pass(place: Place): void {
  if (slips.in === place) throw slips.error;
}

const SlippedV1 = z.object({ n: z.number() });
const SlippedV2 = z.object({ n: z.number(), unit: z.string() });

export const slip = aggregate("slip", {
  events: {
    Slipped: upcast(SlippedV1, SlippedV2, ({ n }) => {
      pass("upcast");
      return { n, unit: "cm" };
    }),
  },
  commands: {
    Slip: z.object({ n: z.number() }).refine(() => {
      pass("schema");
      return true;
    }),
  },
  initialState: () => {
    pass("initialState");
    return { sum: 0 };
  },
  evolve: {
    Slipped: (state, { n }) => {
      pass("evolve");
      return { sum: state.sum + n };
    },
  },
  decide: {
    Slip: (_state, { n }) => {
      pass("decide");
      return event("Slipped", { n, unit: "cm" });
    },
  },
});
