import { reactor, send } from "../../../src/index.ts";
import { room } from "./parts.ts";

// mistake: 'gest' does not exist in type 'ReadonlyDeep<{ guest: string; }>'. Did you mean to write 'guest'?
reactor("leave", { from: room, emits: room, on: { Booked: ({ data }) => send(room, "1", "Leave", { gest: data.guest }) } });
