import { reactor, send } from "../../../src/index.ts";
import { room } from "./parts.ts";

reactor("leave", {
  from: room,
  emits: [room, "Leave"],
  on: {
    // mistake: SendAction<"room", "Book">
    Booked: ({ stream, data }) => send(room, stream, "Book", { guest: data.guest }),
  },
});
