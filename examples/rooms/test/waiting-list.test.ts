import { at, cancel, event, send } from "headspring";
import { accepted, failed, given, on, refused, timeout, told } from "headspring/testing";
import { describe, it } from "vitest";
import { room } from "../src/room.ts";
import { waitingList } from "../src/waiting-list.ts";

// In the kit it is the beginning of 2026.
const slot = { begins: "2026-11-27T10:00:00.000Z", ends: "2026-11-27T11:00:00.000Z" };
const meeting = (organiser: string) => ({ ...slot, title: "Planning", organiser });
const [one, two] = [meeting("the first"), meeting("the second")];
const book = (wanted: typeof one) => send(room, "1", "Book", wanted);
/** `waiting` is the version of the event that made it: 1 for the first, which leads to two more; then the command to the room, and its answer. */
const first = { waiting: 1, ...one };

const joined = told("Join", one);
const taken = refused(book(one), "slot-taken");
const freed = on("room/1", event("NoShowReleased", { booking: 2, day: "2026-11-27", ...meeting("somebody") }));
const booked = accepted(book(one), event("SlotBooked", { booking: 7, day: "2026-11-27", ...one }));

describe("a waiting list", () => {
  it("asks the room at once, because the slot may have become free", () => {
    given(waitingList)
      .when(joined)
      .then(
        event("WaiterJoined", first),
        event("TurnCame", { waiting: [1] }),
        event("RoomAsked", { waiting: 1 }),
        book(one),
        at(slot.ends, "TimeIsOver", { waiting: 1 }, { key: "1" }),
      );
  });

  it("asks again when a booking is cancelled or released", () => {
    given(waitingList, joined, taken)
      .when(freed)
      .then(event("TurnCame", { waiting: [1] }), event("RoomAsked", { waiting: 1 }), book(one));
  });

  it("does not ask for a wait for another slot", () => {
    const other = { ...meeting("somebody"), booking: 2, day: "2026-11-27", begins: slot.ends, ends: "2026-11-27T12:00:00.000Z" };
    given(waitingList, joined, taken)
      .when(on("room/1", event("BookingCancelled", other)))
      .thenNothing();
  });

  it("ends the wait of those who get a booking", () => {
    given(waitingList, joined, taken, freed)
      .when(booked)
      .then(event("WaiterBooked", { waiting: 1, booking: 7 }), cancel("TimeIsOver", { key: "1" }));
  });

  it("tries the next one when the room refuses", () => {
    given(waitingList, joined, taken, told("Join", two), refused(book(two), "slot-taken"), freed)
      .when(taken)
      .thenSends(book(two));
  });

  it("tries one at a time, and does not forget a booking that is cancelled or released while the room is asked", () => {
    given(waitingList, joined)
      .when(freed)
      .then(event("TurnCame", { waiting: [1] }));
    given(waitingList, joined, freed).when(taken).thenSends(book(one));
  });

  it("cancels the booking of somebody who has left the list in the meantime", () => {
    given(waitingList, joined, told("Leave", { waiting: 1 }))
      .when(booked)
      .thenSends(send(room, "1", "Cancel", { booking: 7 }));
  });

  it("gives up when waiting is in vain, or the time is over", () => {
    given(waitingList, joined)
      .when(refused(book(one), "no-such-room"))
      .then(
        event("WaiterRefused", { waiting: 1, reason: "no-such-room" }),
        event("WaiterLeft", { ...first, reason: "no-such-room" }),
        cancel("TimeIsOver", { key: "1" }),
      );
    given(waitingList, joined, taken)
      .when(timeout("TimeIsOver", { key: "1" }))
      .then(event("WaiterLeft", { ...first, reason: "nothing-became-free" }));
    given(waitingList, joined)
      .when(failed(book(one), "stream-deleted"))
      .then(
        event("WaiterRefused", { waiting: 1, reason: "stream-deleted" }),
        event("WaiterLeft", { ...first, reason: "stream-deleted" }),
        cancel("TimeIsOver", { key: "1" }),
      );
  });

  it("refuses those who are too late, or do not wait", () => {
    given(waitingList)
      .when(told("Join", { ...one, begins: "2025-12-31T10:00:00Z", ends: "2025-12-31T11:00:00Z" }))
      .thenRefused("over");
    given(waitingList)
      .when(told("Leave", { waiting: 1 }))
      .thenRefused("not-waiting");
  });
});
