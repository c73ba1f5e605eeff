import { event, reactor, send } from "../../../src/index.ts";
import { on, when } from "../../../src/testing/index.ts";
import { room } from "./parts.ts";

const leave = reactor("leave", { from: room, emits: room, on: { Booked: ({ data }) => send(room, "1", "Leave", data) } });
// mistake: Property 'from' is missing
when(leave, on("room/1", event("Booked", { guest: "a", nights: 1, lines: [] }))).thenNothing();
