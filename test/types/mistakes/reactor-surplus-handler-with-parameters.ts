import { reactor, send } from "../../../src/index.ts";
import { room } from "./parts.ts";

reactor("leave", {
  from: room,
  emits: room,
  on: {
    Booked: ({ stream, data }) => send(room, stream, "Leave", { guest: data.guest }),
    // mistake: nothing is declared that is called \"Lft\"
    Lft: ({ data }) => (data.guest ? [] : []),
  },
});
