import * as z from "zod";
import { saga, send, series, startSaga, step, streamIdOf } from "../../../src/index.ts";
import { room } from "./parts.ts";

saga("trip", {
  input: z.object({ guest: z.string(), room: z.string() }),
  from: room,
  // mistake: Property 'room' is missing
  on: { Booked: ({ stream, data }) => startSaga(streamIdOf(stream), { guest: data.guest }) },
  steps: (input) => series(step("book", { action: () => send(room, input.room, "Book", { guest: input.guest }) })),
});
