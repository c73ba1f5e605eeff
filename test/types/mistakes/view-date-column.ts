import * as z from "zod";
import { view } from "../../../src/index.ts";
import { room } from "./parts.ts";

view("guests", {
  from: room,
  // mistake: JSON cannot hold its column since: no Date
  row: z.object({ room: z.string(), guest: z.string(), since: z.date() }),
  key: "room",
  on: {},
});
