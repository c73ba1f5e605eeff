import * as z from "zod";
import { event, processManager, send, streamIdOf } from "../../../src/index.ts";
import { room } from "./parts.ts";

processManager("stay", {
  from: room,
  to: room,
  correlate: { Booked: ({ stream }) => streamIdOf(stream) },
  events: { Begun: z.object({ guest: z.string(), room: z.string() }), Ended: z.object({ guest: z.string() }) },
  initialState: () => ({ guest: "" }),
  evolve: { Begun: (_state, { guest }) => ({ guest }), Ended: (state) => state },
  on: {
    Booked: () => [
      // mistake, explained: Property 'room' is missing
      event("Begun", { guest: "a" }),
      send(room, "1", "Leave", { guest: "a" }),
    ],
  },
});
