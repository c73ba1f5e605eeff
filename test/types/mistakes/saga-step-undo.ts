import * as z from "zod";
import { saga, send, series, step } from "../../../src/index.ts";
import { room } from "./parts.ts";

saga("trip", {
  input: z.object({ guest: z.string(), room: z.string() }),
  steps: (input) =>
    series(
      step("book", {
        action: () => send(room, input.room, "Book", { guest: input.guest }),
        result: (events) => ({ version: events.length }),
        // mistake: Type 'number' is not assignable to type 'string'
        undo: ({ version }) => send(room, input.room, "Leave", { guest: version }),
      }),
    ),
});
