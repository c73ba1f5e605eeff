import * as z from "zod";
import { category } from "../../../src/index.ts";

category("booking", {
  events: {
    Booked: z.object({ guest: z.string() }),
    // mistake: the data of an event or a command is an object
    Left: z.string(),
  },
});
