import * as z from "zod";
import { after, event, nothing, processManager, send, streamIdOf } from "../../../src/index.ts";
import { room } from "./parts.ts";

processManager("stay", {
  from: room,
  to: room,
  correlate: { Booked: ({ stream }) => streamIdOf(stream) },
  events: { Begun: z.object({ guest: z.string() }) },
  timeouts: { Late: z.object({ guest: z.string() }) },
  initialState: () => ({ guest: "" }),
  evolve: { Begun: (_state, { guest }) => ({ guest }) },
  on: {
    Booked: (_state, { data: { guest }, stream }) => [
      event("Begun", { guest }),
      send(room, streamIdOf(stream), "Leave", { guest }),
      // mistake: '"Lat"' is not assignable to parameter of type '"Late"'
      after("1d", "Lat", { guest }),
    ],
  },
  onTimeout: { Late: () => nothing() },
});
