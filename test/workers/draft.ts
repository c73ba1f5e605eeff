/** A document that several people write: nobody overwrites what they have not read. */

import * as z from "zod";
import { after, aggregate, event } from "../../src/index.ts";

export const draft = aggregate("draft", {
  events: { Written: z.object({ text: z.string() }) },
  commands: {
    Write: z.object({ text: z.string() }),
    WriteSoon: z.object({ text: z.string() }),
  },
  ifMatch: "required",
  initialState: () => ({ text: "" }),
  evolve: { Written: (_state, { text }) => ({ text }) },
  decide: {
    Write: (_state, { text }) => event("Written", { text }),
    WriteSoon: (_state, { text }) => after("1ms", "Write", { text }),
  },
});
