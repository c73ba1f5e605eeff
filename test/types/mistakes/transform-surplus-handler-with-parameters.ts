import * as z from "zod";
import { category, event, transform } from "../../../src/index.ts";
import { room } from "./parts.ts";

const stays = category("stay", { events: { Begun: z.object({ guest: z.string() }) } });
transform("stays", {
  from: room,
  to: stays,
  on: {
    Booked: ({ data }) => event("Begun", { guest: data.guest }),
    // mistake: nothing is declared that is called \"Lft\"
    Lft: ({ data }) => (data.guest ? undefined : undefined),
  },
});
