import * as z from "zod";
import { view } from "../../../src/index.ts";
import { room } from "./parts.ts";

view("guests", {
  from: room,
  row: z.object({ room: z.string(), guest: z.string() }),
  key: "room",
  on: {
    Booked: (_row, { data, stream }) => ({ room: stream, guest: data.guest }),
    // mistake: nothing is declared that is called \"Lft\"
    Lft: ({ data }) => (data.guest ? null : null),
  },
});
