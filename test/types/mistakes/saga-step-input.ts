import * as z from "zod";
import { saga, send, series, step } from "../../../src/index.ts";
import { room } from "./parts.ts";

saga("trip", {
  input: z.object({ guest: z.string(), room: z.string() }),
  steps: (input) =>
    series(
      step("book", {
        // mistake: Property 'gest' does not exist on type
        action: () => send(room, input.room, "Book", { guest: input.gest }),
      }),
    ),
});
