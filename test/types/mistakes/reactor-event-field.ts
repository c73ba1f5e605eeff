import { reactor, send } from "../../../src/index.ts";
import { room } from "./parts.ts";

reactor("leave", {
  from: room,
  emits: room,
  on: {
    // mistake: Property 'gest' does not exist
    Booked: (event) => [send(room, event.stream, "Leave", { guest: event.data.gest })],
  },
});
