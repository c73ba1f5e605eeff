import { reactor, send } from "../../../src/index.ts";
import { room } from "./parts.ts";

reactor("leave", {
  from: room,
  emits: room,
  on: {
    // mistake: nothing is declared that is called \"Bookd\"
    Bookd: ({ data }) => [send(room, "1", "Leave", { guest: data.guest })],
  },
});
