import { defineApp, webhook } from "headspring";
import { mail, mailing } from "./mails.ts";
import { room } from "./room.ts";
import { bookings, doors, rooms, waiting } from "./views.ts";
import { waitingList } from "./waiting-list.ts";

/** On when both variables are set. More calendars can be added while it runs: POST /webhooks. */
const calendar = webhook("calendar", {
  description: "Keeps the company's calendar current.",
  from: room,
  types: ["SlotBooked", "BookingExtended", "BookingCancelled", "NoShowReleased"],
  url: { variable: "CALENDAR_URL" },
  secret: { variable: "CALENDAR_SECRET" },
});

/** The list of the app's parts. What is not in it does not exist for the store. */
export const app = defineApp({
  aggregates: [room],
  categories: [mail],
  views: [rooms, bookings, doors, waiting],
  processors: [waitingList, mailing],
  webhooks: [calendar],
});
