import * as z from "zod";
import { event, view } from "../../../src/index.ts";
import { given, on } from "../../../src/testing/index.ts";
import { room } from "./parts.ts";

const guests = view("guests", {
  from: room,
  row: z.object({ room: z.string(), guest: z.string() }),
  key: "room",
  on: { Booked: (_row, { data, stream }) => ({ room: stream, guest: data.guest }) },
});
const events = [on("room/1", event("Booked", { guest: "a", from: "", nights: 1, lines: [] }))] as const;
// mistake: 'gest' does not exist
given(guests, ...events).thenRows([{ room: "room/1", gest: "a" }]);
