import * as z from "zod";
import { saga, send, series, step } from "../../../src/index.ts";
import { room } from "./parts.ts";

saga("trip", {
  input: z.object({ guest: z.string(), room: z.string() }),
  steps: (input) =>
    series(
      step("book", {
        action: () => send(room, input.room, "Book", { guest: input.guest }),
        // mistake: "1 day"
        waits: "1 day",
        retry: { attempts: 3, delay: "10s" },
      }),
    ),
});
