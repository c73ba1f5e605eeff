import * as z from "zod";
import { view } from "../../../src/index.ts";
import { room } from "./parts.ts";

view("guests", {
  from: room,
  row: z.object({ guest: z.string(), nights: z.int() }),
  key: "guest",
  on: {
    Booked: {
      at: ({ data }) => data.guest,
      // mistake: Property 'nights' is missing
      fold: (_row, { data }) => ({ guest: data.guest }),
    },
  },
});
