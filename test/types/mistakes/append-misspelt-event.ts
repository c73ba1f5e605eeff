import { append, category, reactor } from "../../../src/index.ts";
import * as z from "zod";
import { room } from "./parts.ts";

const stays = category("stay", { events: { Begun: z.object({ guest: z.string(), nights: z.int() }), Ended: z.object({}) } });
reactor("stays", {
  from: room,
  emits: stays,
  on: {
    // mistake: '"Begn"' is not assignable to parameter of type '"Begun" | "Ended"'
    Booked: ({ data, stream }) => append(stays, stream, "Begn", { guest: data.guest, nights: data.nights }),
  },
});
