import * as z from "zod";
import { saga, send, series, step } from "../../../src/index.ts";
import { room } from "./parts.ts";

saga("trip", {
  input: z.object({ guest: z.string(), room: z.string() }),
  steps: (input) =>
    series(
      step("book", {
        action: () => send(room, input.room, "Book", { guest: input.guest }),
        // mistake: 'wait' does not exist in type
        wait: "1d",
      }),
    ),
});
