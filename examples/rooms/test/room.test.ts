import { at, cancel, event } from "headspring";
import { given } from "headspring/testing";
import { describe, it } from "vitest";
import { room } from "../src/room.ts";

const opened = event("RoomOpened", { name: "Atlas", zone: "Europe/Zurich", seats: 6, checkInSeconds: 900 });
const about = { title: "Planning", organiser: "a customer" };
const ten = "2026-11-27T10:00:00.000Z";
const half = "2026-11-27T10:30:00.000Z";
const eleven = "2026-11-27T11:00:00.000Z";
const twelve = "2026-11-27T12:00:00.000Z";
const booked = event("SlotBooked", { booking: 2, begins: ten, ends: eleven, day: "2026-11-27", ...about });
const content = { booking: 2, begins: ten, ends: eleven, day: "2026-11-27", ...about };
const checkedIn = event("CheckedIn", { booking: 2 });
const before = { now: new Date("2026-11-27T08:00:00Z") };
const during = { now: new Date("2026-11-27T10:05:00Z") };
const after = { now: new Date("2026-11-27T11:30:00Z") };

// A sentence that is not true throws, and shows the difference: no `expect` is needed.
describe("a room", () => {
  it("is booked, and waits for a quarter of an hour for somebody to check in", () => {
    given(room, opened)
      .when("Book", { begins: "2026-11-27T11:00:00+01:00", ends: "2026-11-27T12:00:00+01:00", ...about }, before)
      .then(booked, at("2026-11-27T10:15:00Z", "ReleaseNoShow", { booking: 2 }, { key: "2" }));
  });

  it("is booked for the day at its own place, not at ours", () => {
    const tokyo = event("RoomOpened", { name: "Fuji", zone: "Asia/Tokyo", seats: 6, checkInSeconds: 900 });
    const late = { begins: "2026-11-27T15:00:00.000Z", ends: "2026-11-27T16:00:00.000Z", ...about };
    given(room, tokyo)
      .when("Book", late, before)
      .then(
        event("SlotBooked", { booking: 2, day: "2026-11-28", ...late }),
        at("2026-11-27T15:15:00Z", "ReleaseNoShow", { booking: 2 }, { key: "2" }),
      );
  });

  it("is not booked twice, but one meeting may begin when another ends", () => {
    const overlaps = { begins: half, ends: twelve, ...about };
    given(room, opened, booked).when("Book", overlaps, before).thenRefused("slot-taken", { begins: ten, ends: eleven });
    given(room, opened, booked)
      .when("Book", { begins: eleven, ends: twelve, ...about }, before)
      .then(
        event("SlotBooked", { booking: 3, begins: eleven, ends: twelve, day: "2026-11-27", ...about }),
        at("2026-11-27T11:15:00Z", "ReleaseNoShow", { booking: 3 }, { key: "3" }),
      );
  });

  it("is booked at short notice, and then waits from that moment", () => {
    given(room, opened)
      .when("Book", { begins: ten, ends: eleven, ...about }, during)
      .then(booked, at("2026-11-27T10:20:00Z", "ReleaseNoShow", { booking: 2 }, { key: "2" }));
  });

  it("refuses a booking that makes no sense", () => {
    const book = (begins: string, ends: string) => given(room, opened).when("Book", { begins, ends, ...about }, before);
    book(eleven, ten).thenInvalid("ends");
    book("later", "tomorrow").thenInvalid("begins", "ends");
    book("2026-11-27T06:00:00Z", "2026-11-27T07:00:00Z").thenRefused("over");
    book(ten, "2026-11-28T10:00:00Z").thenRefused("too-long");
    book("2030-01-01T10:00:00Z", "2030-01-01T11:00:00Z").thenRefused("too-far-ahead");
    given(room)
      .when("Book", { begins: ten, ends: eleven, ...about }, before)
      .thenRefused("no-such-room");
    given(room).when("OpenRoom", { name: "Atlas", zone: "Europe/Atlantis", seats: 6 }).thenInvalid("zone");
  });
});

describe("a booking", () => {
  it("is kept when somebody checks in", () => {
    given(room, opened, booked)
      .when("CheckIn", { booking: 2 }, during)
      .then(checkedIn, cancel("ReleaseNoShow", { key: "2" }));
    given(room, opened, booked, checkedIn).when("CheckIn", { booking: 2 }, during).thenNothing();
    given(room, opened, booked, checkedIn).when("ReleaseNoShow", { booking: 2 }, during).thenNothing();
    given(room, opened, booked).when("CheckIn", { booking: 2 }, before).thenRefused("too-early");
  });

  it("is released when nobody does", () => {
    given(room, opened, booked).when("ReleaseNoShow", { booking: 2 }, during).then(event("NoShowReleased", content));
  });

  it("is extended up to the next one", () => {
    given(room, opened, booked)
      .when("Extend", { booking: 2, minutes: 60 }, during)
      .then(event("BookingExtended", { booking: 2, ends: twelve }));
    const next = event("SlotBooked", { booking: 3, begins: eleven, ends: twelve, day: "2026-11-27", ...about });
    given(room, opened, booked, next).when("Extend", { booking: 2, minutes: 1 }, during).thenRefused("slot-taken");
  });

  it("is cancelled, and its slot is free", () => {
    const cancelled = event("BookingCancelled", content);
    given(room, opened, booked)
      .when("Cancel", { booking: 2 }, during)
      .then(cancelled, cancel("ReleaseNoShow", { key: "2" }));
    given(room, opened, booked, cancelled)
      .when("Book", { begins: ten, ends: eleven, ...about }, before)
      .then(
        event("SlotBooked", { booking: 4, begins: ten, ends: eleven, day: "2026-11-27", ...about }),
        at("2026-11-27T10:15:00Z", "ReleaseNoShow", { booking: 4 }, { key: "4" }),
      );
  });

  it("is history when it is over", () => {
    for (const command of ["CheckIn", "Cancel"] as const) {
      given(room, opened, booked).when(command, { booking: 2 }, after).thenRefused("no-such-booking");
    }
    given(room, opened, booked).when("Extend", { booking: 2, minutes: 60 }, after).thenRefused("no-such-booking");
  });
});
