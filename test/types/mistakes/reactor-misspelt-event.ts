import { reactor, send } from "../../../src/index.ts";
import { room } from "./parts.ts";

reactor("leave", {
  from: room,
  emits: room,
  on: {
    // mistake: 'Bookd' does not exist
    Bookd: () => [send(room, "1", "Leave", { guest: "a" })],
  },
});
