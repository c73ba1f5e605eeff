import { webhook } from "../../../src/index.ts";
import { room } from "./parts.ts";

webhook("calendar", {
  from: room,
  types: ["Booked"],
  url: "https://calendar.example/",
  secret: { variable: "CALENDAR_SECRET" },
  // mistake: Property 'gest' does not exist
  where: ({ data }) => data.gest !== "",
});
