import * as z from "zod";
import { view } from "../../../src/index.ts";
import { room } from "./parts.ts";

view("guests", {
  from: room,
  row: z.object({ room: z.string(), guest: z.string() }),
  key: "room",
  on: {
    // mistake: nothing is declared that is called \"Bookd\"
    Bookd: ({ data }) => ({ room: "a", guest: data.guest }),
  },
});
