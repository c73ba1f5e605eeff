import * as z from "zod";
import { event, nothing, processManager, send, streamIdOf } from "../../../src/index.ts";
import { room } from "./parts.ts";

processManager("stay", {
  from: room,
  to: room,
  correlate: { Booked: ({ stream }) => streamIdOf(stream) },
  events: { Begun: z.object({ guest: z.string() }) },
  initialState: () => ({ guest: "" }),
  evolve: { Begun: (_state, { guest }) => ({ guest }) },
  on: { Booked: () => nothing() },
  // mistake: 'gest' does not exist
  onRefused: { Book: (_state, { reason, data }) => [event("Begun", data), send(room, reason, "Leave", { gest: data.guest })] },
});
