import * as z from "zod";
import { saga, send, series, step } from "../../../src/index.ts";
import { room } from "./parts.ts";

saga("trip", {
  input: z.object({ guest: z.string(), room: z.string() }),
  steps: (input) =>
    series(
      step("leave", {
        // mistake: 'gest' does not exist
        action: () => send(room, input.room, "Leave", { gest: input.guest }),
      }),
    ),
});
