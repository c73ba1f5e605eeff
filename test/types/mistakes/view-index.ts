import * as z from "zod";
import { view } from "../../../src/index.ts";
import { room } from "./parts.ts";

view("guests", {
  from: room,
  row: z.object({ room: z.string(), nights: z.int() }),
  key: "room",
  // mistake: '"night"' is not assignable to type '"nights" | "room" | readonly ("nights" | "room")[]'
  indexes: ["night"],
  on: { Booked: (_row, { data, stream }) => ({ room: stream, nights: data.nights }) },
});
