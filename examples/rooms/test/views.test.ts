import { event } from "headspring";
import { given, on } from "headspring/testing";
import { describe, it } from "vitest";
import { bookings, doors, rooms, waiting } from "../src/views.ts";

const slot = { begins: "2026-11-27T10:00:00.000Z", ends: "2026-11-27T11:00:00.000Z" };
const meeting = { ...slot, title: "Planning", organiser: "a customer" };
const opened = on("room/atlas", event("RoomOpened", { name: "Atlas", zone: "Europe/Zurich", seats: 6, checkInSeconds: 900 }));
const booked = on("room/atlas", event("SlotBooked", { booking: 2, day: "2026-11-27", ...meeting }));
const other = on("room/orion", event("SlotBooked", { booking: 2, day: "2026-11-27", ...meeting }));
const checkedIn = on("room/atlas", event("CheckedIn", { booking: 2 }));
const extended = on("room/atlas", event("BookingExtended", { booking: 2, ends: "2026-11-27T12:00:00.000Z" }));

describe("the views", () => {
  it("list the rooms", () => {
    given(rooms, opened).thenRows([{ room: "atlas", name: "Atlas", zone: "Europe/Zurich", seats: 6 }]);
  });

  it("list the bookings of all rooms until they end or are cancelled", () => {
    const row = { day: "2026-11-27", booking: 2, ...meeting, checkedIn: false };
    given(bookings, booked, other).thenRows([
      { id: "atlas-2", room: "atlas", ...row },
      { id: "orion-2", room: "orion", ...row },
    ]);
    given(bookings, booked, checkedIn, extended).thenRows([
      { id: "atlas-2", room: "atlas", ...row, ends: "2026-11-27T12:00:00.000Z", checkedIn: true },
    ]);
    given(bookings, booked, on("room/atlas", event("NoShowReleased", { booking: 2, day: "2026-11-27", ...meeting }))).thenRows([]);
    given(bookings, booked, on("room/atlas", event("BookingCancelled", { booking: 2, day: "2026-11-27", ...meeting }))).thenRows([]);
  });

  it("show nobody's name at the door", () => {
    given(doors, booked, checkedIn).thenRows([{ id: "atlas-2", room: "atlas", booking: 2, ...slot, checkedIn: true }]);
  });

  it("list those who wait", () => {
    const joined = on("waiting-list/atlas", event("WaiterJoined", { waiting: 1, ...meeting }));
    given(waiting, joined).thenRows([{ id: "atlas-1", room: "atlas", waiting: 1, ...slot, organiser: "a customer" }]);
    given(waiting, joined, on("waiting-list/atlas", event("WaiterBooked", { waiting: 1, booking: 7 }))).thenRows([]);
  });
});
