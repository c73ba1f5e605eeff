import { webhook } from "../../../src/index.ts";
import { room } from "./parts.ts";

webhook("calendar", {
  from: room,
  url: "https://calendar.example/",
  // mistake: 'secrets' does not exist
  secrets: { variable: "CALENDAR_SECRET" },
});
