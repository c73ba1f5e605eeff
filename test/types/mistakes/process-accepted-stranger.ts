import * as z from "zod";
import { aggregate, event, nothing, processManager, send, streamIdOf } from "../../../src/index.ts";
import { room } from "./parts.ts";

const garden = aggregate("garden", {
  events: { Watered: z.object({}) },
  commands: { Water: z.object({}) },
  initialState: () => ({}),
  evolve: { Watered: (state) => state },
  decide: { Water: () => nothing() },
});
processManager("stay", {
  from: room,
  to: room,
  correlate: { Booked: ({ stream }) => streamIdOf(stream) },
  events: { Begun: z.object({ guest: z.string() }) },
  initialState: () => ({ guest: "" }),
  evolve: { Begun: (_state, { guest }) => ({ guest }) },
  on: { Booked: (_state, { data: { guest } }) => event("Begun", { guest }) },
  onAccepted: {
    // mistake, explained: required in type 'DeclaredTarget<"room">'
    Leave: (state) => [send(garden, state.guest, "Water", {})],
  },
});
