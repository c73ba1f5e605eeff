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
// mistake: '"rom/1"' is not assignable to parameter of type '`room/${string}`'
given(guests, on("rom/1", event("Booked", { guest: "a", from: "", nights: 1, lines: [] }))).thenRows([]);
