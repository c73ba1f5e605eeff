import * as z from "zod";
import { aggregate, nothing, reactor, send } from "../../../src/index.ts";
import { room } from "./parts.ts";

const garden = aggregate("garden", {
  events: { Watered: z.object({}) },
  commands: { Water: z.object({}) },
  initialState: () => ({}),
  evolve: { Watered: (state) => state },
  decide: { Water: () => nothing() },
});
reactor("water", {
  from: room,
  emits: room,
  on: {
    // mistake: 'SendAction<"garden", "Water">' is not assignable to type 'SendAction<"room", "Book" | "Leave">'
    Left: (event) => [send(garden, event.data.guest, "Water", {})],
  },
});
