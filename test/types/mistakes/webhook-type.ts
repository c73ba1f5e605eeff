import { webhook } from "../../../src/index.ts";
import { room } from "./parts.ts";

webhook("calendar", {
  from: room,
  // mistake: '"Bookd"' is not assignable to type '"Booked" | "Left" | "Paid"'
  types: ["Bookd"],
  url: "https://calendar.example/",
  secret: { variable: "CALENDAR_SECRET" },
});
