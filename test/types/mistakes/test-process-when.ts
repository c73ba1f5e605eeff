import { complete, event, nothing, processManager, send, streamIdOf } from "../../../src/index.ts";
import { given, on } from "../../../src/testing/index.ts";
import * as z from "zod";
import { room } from "./parts.ts";

const stay = processManager("stay", {
  from: room,
  to: room,
  correlate: { Booked: ({ stream }) => streamIdOf(stream) },
  events: { Begun: z.object({ guest: z.string() }) },
  commands: { End: z.object({ guest: z.string() }) },
  timeouts: { Late: z.object({}) },
  initialState: () => ({ guest: "" }),
  evolve: { Begun: (_state, { guest }) => ({ guest }) },
  on: { Booked: (_state, { data, stream }) => [event("Begun", { guest: data.guest }), send(room, streamIdOf(stream), "Leave", data)] },
  decide: { End: () => complete() },
  onTimeout: { Late: () => nothing() },
});
given(stay)
  // mistake: Property 'from' is missing
  .when(on("room/1", event("Booked", { guest: "a", nights: 1, lines: [] })))
  .thenNothing();
